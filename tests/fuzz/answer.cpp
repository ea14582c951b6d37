#include "http/answer.hpp"

#include "fuzz/fuzz.hpp"

using namespace cpsctl;

/// An HTTP answer means the same in whatever pieces it arrives, and stays within its bounds.
namespace {

constexpr std::size_t most = 4096;

struct Read {
  bool good = false;
  bool complete = false;
  http::Response response = {};
  std::string error = {};
};

Read read(std::vector<std::string_view> const& pieces, bool bodiless) {
  http::Answer answer({.from = "cps.example", .bodiless = bodiless, .max_body = most});
  Read result;
  for (std::string_view const piece : pieces) {
    // What follows a complete answer is the next one's.
    if (answer.complete()) break;
    auto const fed = answer.feed(piece);
    if (fed) continue;
    result.error = describe(fed.error());
    return result;
  }
  if (!answer.complete()) {
    auto const ended = answer.end_of_stream();
    if (!ended) result.error = describe(ended.error());
    if (!ended) return result;
  }
  result.good = true;
  result.complete = answer.complete();
  if (result.complete) result.response = answer.take();
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text = fuzz::text(bytes, size - 1);
  bool const bodiless = bytes[size - 1] == 'H';
  Read const whole = read({text}, bodiless);
  Read const cut = read(fuzz::pieces(text), bodiless);
  fuzz::holds(whole.good == cut.good, "pieces make no difference", whole.error + " / " + cut.error);
  fuzz::holds(fuzz::is_printable(whole.error), "an error is one line", whole.error);
  if (!whole.good) return 0;
  fuzz::holds(whole.complete && cut.complete, "an answer that ended well is complete");
  fuzz::holds(whole.response.status == cut.response.status && whole.response.body == cut.response.body,
              "the answer is the same");
  fuzz::holds(whole.response.status >= 200 && whole.response.status <= 999, "the status is a final one");
  fuzz::holds(whole.response.body.size() <= most, "the body keeps its bound");
  return 0;
}
