#include "lifecycle/by_hand.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::lifecycle {
namespace {

Error refused(std::string message, std::string next) {
  return Error{.code = Errc::guard_rail, .message = std::move(message), .next = std::move(next)};
}

/// The input that the change waits for, with what CPS says of it. Errors: it waits for none.
struct Asked {
  cps::Input const* input = nullptr;
  cps::InputInfo const* info = nullptr;
};
Result<Asked> asked(Seen const& seen) {
  std::string const status = fmt::format("cpsctl status {}", seen.name);
  cps::Input const* const input = input_of(seen.change);
  if (input == nullptr)
    return refused(fmt::format("change {} asks for nothing now: CPS has it as {} ({})", seen.change.id.value,
                               text::excerpt(seen.change.state_text, 60), text::excerpt(seen.change.status, 100)),
                   "look at who has to act: " + status);
  if (!input->kind)
    return refused(fmt::format("change {} waits for an input that cpsctl does not know: {}", seen.change.id.value,
                               text::excerpt(input->type, 100)),
                   "answer it in Akamai Control Center");
  auto const* const info = std::get_if<cps::InputInfo>(&seen.info);
  if (info == nullptr)
    return refused(fmt::format("change {} has moved on just now", seen.change.id.value), "look again: " + status);
  return Asked{.input = input, .info = info};
}

Result<Due> approve(Seen const& seen, cps::Input const& input, cps::PendingDeployment const& pending,
                    std::string const& fingerprint) {
  std::string const ack = fmt::format("cpsctl ack {} --fingerprint {}", seen.name, pending.fingerprint);
  if (!pending.errors.empty())
    return refused(fmt::format("CPS's validation failed: {}", text::excerpt(pending.errors.front().message, 300)),
                   fmt::format("mend what it names; then cpsctl cancel {}", seen.name));
  if (fingerprint.empty())
    return refused("an approval names what it approves: the fingerprint of what is on staging",
                   fmt::format("test what is on staging, then: {}", ack));
  if (fingerprint != pending.fingerprint)
    return refused(fmt::format("what is on staging is not what {} was approved for: it is {}",
                               text::excerpt(fingerprint, 80), pending.fingerprint),
                   fmt::format("look at it again with cpsctl status {}, then: {}", seen.name, ack));
  return Approves{
      .input = input, .validation_result_hash = pending.validation_result_hash, .fingerprint = pending.fingerprint};
}

}  // namespace

Result<Due> acknowledged(Seen const& seen, std::string const& fingerprint) {
  CPS_TRY(Asked const what, asked(seen));
  if (auto const* const pending = std::get_if<cps::PendingDeployment>(what.info))
    return approve(seen, *what.input, *pending, fingerprint);
  if (std::holds_alternative<cps::Csrs>(*what.info))
    return refused(
        fmt::format("change {} waits for a signed certificate, not for an acknowledgement", seen.change.id.value),
        fmt::format("cpsctl csr {0}, have it signed, then cpsctl upload {0} FILE", seen.name));
  if (!fingerprint.empty())
    return refused(
        fmt::format("change {} does not wait for an approval: --fingerprint says nothing here", seen.change.id.value),
        fmt::format("look at it with cpsctl status {}, and leave --fingerprint out", seen.name));
  Acknowledges made{.input = *what.input};
  if (auto const* const warnings = std::get_if<cps::WarningsText>(what.info))
    made.entries = read_warnings(warnings->warnings);
  return made;
}

Result<Due> uploaded(Seen const& seen) {
  CPS_TRY(Asked const what, asked(seen));
  auto const* const csrs = std::get_if<cps::Csrs>(what.info);
  if (csrs == nullptr)
    return refused(fmt::format("change {} does not wait for a signed certificate", seen.change.id.value),
                   fmt::format("look at what it waits for: cpsctl status {}", seen.name));
  if (!seen.offer || !seen.offer->upload) {
    std::string const why = seen.offer ? fmt::format("{}", fmt::join(seen.offer->because, "; ")) : "nothing was given";
    std::string const next = seen.offer ? fmt::format("{}", fmt::join(seen.offer->next, "; ")) : std::string();
    return refused("nothing is uploaded: " + why,
                   next.empty()
                       ? fmt::format("have the CSR of change {} signed: cpsctl csr {}", seen.change.id.value, seen.name)
                       : next);
  }
  return Uploads{.input = *what.input, .csrs = csrs->csrs};
}

}  // namespace cpsctl::lifecycle
