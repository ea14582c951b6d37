#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "hooks/complaints.hpp"
#include "hooks/sign.hpp"

using namespace cpsctl;

/// What a program writes, as its answer and as its complaints. The first byte says how it ended.
namespace {

constexpr char const* request = "0f";

void answers(int exit, std::string_view text, hooks::Repeats repeats) {
  hooks::Outcome const outcome = hooks::read_answer(exit, text, request, repeats);
  bool const later = std::holds_alternative<hooks::Later>(outcome);
  bool const done = std::holds_alternative<hooks::Done>(outcome);
  fuzz::holds(!later || exit == hooks::exit_later, "what is done is not asked for again");
  fuzz::holds(!done || exit == hooks::exit_done, "what is not done gives nothing");
  if (later) {
    auto const& one = std::get<hooks::Later>(outcome);
    fuzz::holds(fuzz::is_printable(one.reference) && one.reference.size() <= hooks::longest_reference, "a reference",
                one.reference);
    fuzz::holds(!one.retry_after || *one.retry_after <= hooks::longest_retry_after, "a time that comes");
  }
  hooks::SignOutcome const made = hooks::signed_by("ca", outcome);
  if (auto const* const failed = std::get_if<hooks::Failed>(&made))
    fuzz::holds(fuzz::is_printable(failed->reason) && failed->reason.size() < 1000, "a reason is one line",
                failed->reason);
  if (auto const* const certificates = std::get_if<hooks::Signed>(&made)) {
    fuzz::holds(repeats == hooks::Repeats::may || text.find("request") != std::string_view::npos ||
                    text.find("\\u") != std::string_view::npos,
                "an answer says to what");
    fuzz::holds(!certificates->sources.empty(), "who has signed gives something");
  }
}

void complains(std::string_view text) {
  std::vector<Secret> secrets;
  secrets.emplace_back("a-secret-of-the-hook");
  hooks::Mask const mask(secrets);
  hooks::Complaints complaints(mask, [](std::string const& line) {
    fuzz::holds(fuzz::is_printable(line) && line.size() <= hooks::Complaints::longest_line + 3, "a line", line);
    fuzz::holds(line.find("a-secret-of-the-hook") == std::string::npos, "no secret", line);
  });
  for (std::string_view const piece : fuzz::pieces(text)) complaints.take(piece);
  complaints.end();
  fuzz::holds(fuzz::is_printable(complaints.last()) && complaints.last().size() < 2000, "what it said last is one line",
              complaints.last());
  fuzz::holds(!text::invalid_utf8(complaints.last()), "it can be kept", complaints.last());
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  if (size == 0) return 0;
  int const exit = bytes[0] % 2 == 0 ? hooks::exit_done : hooks::exit_later;
  std::string_view const text = fuzz::text(bytes + 1, size - 1);
  answers(exit, text, hooks::Repeats::must);
  answers(exit, text, hooks::Repeats::may);
  complains(text);
  return 0;
}
