#include "base/text.hpp"
#include "cps/changes.hpp"
#include "cps/deployments.hpp"
#include "cps/inputs.hpp"
#include "fuzz/fuzz.hpp"

#include <algorithm>

using namespace cpsctl;

/// Whatever CPS says of a change: it is read, or an error of one line; no path leads away from the change; a state has
/// one fingerprint.
namespace {

template <class T>
void one_line(Result<T> const& result) {
  if (result) return;
  fuzz::holds(fuzz::is_printable(describe(result.error())), "an error is one line", describe(result.error()));
  fuzz::holds(describe(result.error()).size() < 2000, "an error is short", describe(result.error()));
  fuzz::holds(result.error().code == Errc::protocol, "what cannot be read is garbage", describe(result.error()));
}

bool is_segment(std::string_view text) {
  return !text.empty() && text.find_first_of("/.?#%\\ \t\r\n:@") == std::string_view::npos && text::is_ascii(text);
}

void check_change(std::string_view text) {
  auto const change = cps::change_from(text, {7}, {8});
  one_line(change);
  if (!change) return;
  fuzz::holds(!change->state_text.empty(), "a change has a state", text);
  for (cps::Input const& input : change->inputs)
    fuzz::holds(is_segment(input.info) && is_segment(input.update), "an input's path is one segment", text);
}

void check_inputs(std::string_view text) {
  using cps::InputKind;
  for (InputKind const kind : {InputKind::pre_verification_warnings, InputKind::domain_validation,
                               InputKind::third_party_certificate, InputKind::change_management})
    one_line(cps::input_info_from(kind, text));
  auto const read = cps::input_info_from(InputKind::change_management, text);
  auto const document = json::parse(text, "the information");
  if (!read || !document) return;
  // The same document as another writer would write it, members sorted.
  auto const again = cps::input_info_from(InputKind::change_management, json::canonical(*document));
  fuzz::holds(again && std::get<cps::PendingDeployment>(*again).fingerprint ==
                           std::get<cps::PendingDeployment>(*read).fingerprint,
              "a state has one fingerprint", text);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  check_change(text);
  check_inputs(text);
  one_line(cps::schedule_from(text));
  one_line(cps::deployments_from(text));
  one_line(cps::active_certificates_from(text));
  return 0;
}
