#include "cps/changes.hpp"

#include "base/text.hpp"
#include "cps/reading.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

/// cps-api.md §4.3: the type is not the path's last segment, though old servers wrote that.
struct Words {
  InputKind kind;
  std::string_view type;
  std::string_view info;
  std::string_view update;
};
constexpr std::array words{
    Words{InputKind::pre_verification_warnings, "pre-verification-warnings-acknowledgement",
          "pre-verification-warnings", "pre-verification-warnings-ack"},
    Words{InputKind::domain_validation, "lets-encrypt-challenges", "lets-encrypt-challenges",
          "lets-encrypt-challenges-completed"},
    Words{InputKind::third_party_certificate, "third-party-certificate", "third-party-csr",
          "third-party-cert-and-trust-chain"},
    Words{InputKind::post_verification_warnings, "post-verification-warnings-acknowledgement",
          "post-verification-warnings", "post-verification-warnings-ack"},
    Words{InputKind::change_management, "change-management", "change-management-info", "change-management-ack"},
};

constexpr std::size_t most_inputs = 100;
constexpr std::size_t longest_segment = 128;

// The wire's shapes.
struct WireInput {
  std::string type = {};
  bool required_to_proceed = false;
  std::string info = {};
  std::string update = {};
};
BOOST_DESCRIBE_STRUCT(WireInput, (), (type, required_to_proceed, info, update))

struct WireStatus {
  std::string status = {};
  std::string state = {};
  std::string description = {};
  std::optional<ChangeError> error = {};
  Schedule deployment_schedule = {};
};
BOOST_DESCRIBE_STRUCT(WireStatus, (), (status, state, description, error, deployment_schedule))

struct WireChange {
  WireStatus status_info = {};
  std::vector<WireInput> allowed_input = {};
};
BOOST_DESCRIBE_STRUCT(WireChange, (), (status_info, allowed_input))

/// "awaiting-input" -> awaiting_input.
std::optional<ChangeState> known_state(std::string_view text) {
  std::string name(text);
  std::ranges::replace(name, '-', '_');
  if (name == "new") return ChangeState::new_;
  ChangeState state{};
  if (!boost::describe::enum_from_string(name.c_str(), state)) return std::nullopt;
  return state == ChangeState::new_ ? std::nullopt : std::optional(state);
}

/// One segment that means itself in a path, whatever stands around it.
bool is_segment(std::string_view text) {
  return !text.empty() && text.size() <= longest_segment && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// The last segment of a path that the server gave; it is followed only below the change's own inputs.
Result<std::string> segment(std::string_view path, Change const& change, std::string_view side) {
  std::string const below =
      fmt::format("/cps/v2/enrollments/{}/changes/{}/input/{}/", change.enrollment.value, change.id.value, side);
  if (path.starts_with(below) && is_segment(path.substr(below.size()))) return std::string(path.substr(below.size()));
  return unreadable(fmt::format("change {} with an input whose {} path is not below {}: \"{}\"", change.id.value, side,
                                below, text::excerpt(path, 200)));
}

}  // namespace

std::optional<InputKind> input_kind(std::string_view update, std::string_view type) {
  auto const by_path = std::ranges::find(words, update, &Words::update);
  if (by_path != words.end()) return by_path->kind;
  auto const by_type = std::ranges::find_if(
      words, [&](Words const& one) { return type == one.type || type == one.info || type == one.update; });
  return by_type == words.end() ? std::nullopt : std::optional(by_type->kind);
}

Result<Change> change_from(std::string_view text, EnrollmentId enrollment, ChangeId id) {
  std::string const what = fmt::format("change {}", id.value);
  CPS_TRY(WireChange wire, read_text_as<WireChange>(text, what));
  WireStatus& status = wire.status_info;
  if (status.state.empty()) return unreadable(what + " without a statusInfo.state");
  if (wire.allowed_input.size() > most_inputs) return unreadable(what + " with far too many inputs");
  Change change{.enrollment = enrollment,
                .id = id,
                .state = known_state(status.state),
                .state_text = std::move(status.state),
                .status = std::move(status.status),
                .description = std::move(status.description),
                .error = std::move(status.error),
                .schedule = std::move(status.deployment_schedule)};
  for (WireInput& input : wire.allowed_input) {
    CPS_TRY(auto info, segment(input.info, change, "info"));
    CPS_TRY(auto update, segment(input.update, change, "update"));
    auto const kind = input_kind(update, input.type);
    change.inputs.push_back({.type = std::move(input.type),
                             .required = input.required_to_proceed,
                             .kind = kind,
                             .info = std::move(info),
                             .update = std::move(update)});
  }
  return change;
}

Result<Schedule> schedule_from(std::string_view text) {
  return read_text_as<Schedule>(text, "a deployment schedule");
}

}  // namespace cpsctl::cps
