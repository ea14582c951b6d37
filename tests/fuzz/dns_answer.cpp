#include "dns/check.hpp"
#include "dns/tsig.hpp"
#include "dns/update.hpp"
#include "fuzz/fuzz.hpp"

using namespace cpsctl;

/// What a name server may send: read as an answer to a question, to an update, and as CAA records.
namespace {

void is_name(dns::Name const& name) {
  fuzz::holds(fuzz::is_printable(name.text()), "a name can be shown", name.text());
  fuzz::holds(name.lies_in(dns::Name()), "every name lies in the root", name.text());
  auto const again = dns::Name::parse(name.text());
  fuzz::holds(again && *again == name, "a name has one spelling", name.text());
}

void is_error(Error const& error) {
  fuzz::holds(fuzz::is_printable(error.message) && fuzz::is_printable(error.next), "an error is one line",
              error.message);
}

void is_read(dns::Message const& message) {
  for (auto const* const records : {&message.answers, &message.authority, &message.additional})
    for (dns::Record const& one : *records) {
      is_name(one.owner);
      if (auto const* const to = std::get_if<dns::Pointer>(&one.data)) is_name(to->to);
      static_cast<void>(dns::values_of<dns::Text>(message, one.owner));
      auto const caa = dns::values_of<dns::Caa>(message, one.owner);
      for (auto const wildcard : {dns::Wildcard::no, dns::Wildcard::yes})
        for (auto const& note : dns::judge_caa(one.owner, caa, "letsencrypt.org", wildcard).notes)
          fuzz::holds(fuzz::is_printable(note) && note.size() < 2000, "a note is one line", note);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  auto const message = dns::read_message(text);
  if (message)
    is_read(*message);
  else
    is_error(message.error());
  static_cast<void>(dns::answers(text, dns::question_message({}, 7)));
  static_cast<void>(dns::answers(dns::question_message({}, 7), text));
  dns::Rfc2136 const publisher{.server = {.address = "192.0.2.1"}, .key = {.secret = Secret("secret")}};
  auto const taken = dns::read_update_answer(text, publisher, "mac", WallTime(std::chrono::hours(1)));
  fuzz::holds(!taken, "nobody signs without the secret");
  is_error(taken.error());
  return 0;
}
