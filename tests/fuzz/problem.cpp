#include "cps/problem.hpp"

#include "fuzz/fuzz.hpp"

using namespace cpsctl;

/// Any body of an error gives an error of one line, and whether CPS may have acted hangs on the status alone.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const body = fuzz::text(bytes, size);
  for (int const status : {302, 400, 401, 403, 404, 409, 429, 500, 503}) {
    cps::Problem const problem = cps::parse_problem(status, body);
    fuzz::holds(fuzz::is_printable(problem.text), "the start of a foreign body is printable", problem.text);
    http::Response const response{.status = status, .body = std::string(body)};
    Error const error = cps::to_error(response, "POST /enrollments", WallTime(std::chrono::hours(500'000)));
    std::string const words = describe(error) + error.next;
    fuzz::holds(fuzz::is_printable(words), "an error is one line", words);
    fuzz::holds(words.size() < 8192, "an error is short", words);
    bool const refused = status >= 400 && status < 500;
    fuzz::holds((error.reached == Reached::no) == refused, "4xx: not done; everything else: nobody knows", words);
    bool const limit = status == 429 || (status == 400 && cps::is_burst_block(problem));
    fuzz::holds((error.code == Errc::rate_limited) == limit, "429 and the burst block are the request limit", words);
  }
  return 0;
}
