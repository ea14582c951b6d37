#include "cps/throttle.hpp"
#include "fuzz/fuzz.hpp"

#include <algorithm>

using namespace cpsctl;

/// Lines "Name: value", then an empty line and a body: whatever they say, a pause is positive and bounded.
namespace {

http::Response response_of(std::string_view text) {
  http::Response response{.status = 429};
  while (!text.empty()) {
    std::string_view const line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) break;
    std::size_t const colon = std::min(line.find(':'), line.size());
    response.headers.push_back({.name = std::string(line.substr(0, colon)),
                                .value = std::string(line.substr(std::min(colon + 1, line.size())))});
  }
  response.body = text;
  return response;
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  http::Response const response = response_of(fuzz::text(bytes, size));
  WallTime const now = parse_timestamp("2026-11-23T10:00:00Z").value();
  auto const wait = cps::advertised_wait(response, now);
  fuzz::holds(!wait || (*wait > Duration(0) && *wait <= cps::longest_pause), "a wait is positive and bounded");
  for (double const jitter : {0.0, 0.999}) {
    Duration const pause = cps::pause_after(wait, jitter);
    fuzz::holds(pause >= wait.value_or(cps::usual_pause), "a pause is not shorter than told");
    fuzz::holds(pause <= cps::longest_pause * 11 / 10, "a pause is bounded");
  }
  return 0;
}
