#include "hooks/answer.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::hooks {
namespace {

Failed bad(std::string reason, std::string next = "let it answer as cpsctl help hooks says") {
  return {.cause = Cause::answer, .reason = std::move(reason), .next = std::move(next)};
}

Outcome later(json::Value const& answer) {
  Later later;
  json::Value const* const reference = json::find(answer, "reference");
  if (!json::absent(reference)) {
    if (!reference->IsString()) return bad("the reference in its answer is not a text");
    later.reference = json::view(*reference);
    if (later.reference.size() > longest_reference)
      return bad(fmt::format("the reference in its answer is longer than {} bytes", longest_reference));
    if (later.reference != text::printable(later.reference))
      return bad("the reference in its answer has control characters");
  }
  json::Value const* const after = json::find(answer, "retryAfter");
  if (json::absent(after)) return later;
  auto const duration = parse_duration(json::text_or(after, ""));
  if (!duration)
    return bad("the retryAfter in its answer is not a duration", "let it write a number and a unit: 90s, 50m, 2h, 30d");
  later.retry_after = std::min(*duration, longest_retry_after);
  return later;
}

}  // namespace

Outcome read_answer(int exit, std::string_view text, std::string_view request, Repeats repeats) {
  bool const nothing = text::trimmed(text).empty();
  auto answer = json::parse(nothing ? "{}" : text, "its answer");
  if (!answer) return bad(text::excerpt(answer.error().message, 300));
  if (!answer->IsObject()) return bad("its answer is not a JSON object");
  json::Value const* const repeated = json::find(static_cast<json::Value const&>(*answer), "request");
  bool const silent = exit == exit_later && answer->ObjectEmpty();  // it says no more than that it is not yet done
  if (json::absent(repeated)) {
    if (repeats == Repeats::must && !silent) return bad("its answer does not say which request it answers");
  } else if (!repeated->IsString() || json::view(*repeated) != request) {
    return bad("it answers another request than it was asked");
  }
  if (exit == exit_later) return later(*answer);
  return Done{.document = json::share(*answer)};
}

}  // namespace cpsctl::hooks
