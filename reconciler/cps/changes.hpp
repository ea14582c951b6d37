#pragma once
#include "cps/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// CPS's change: what carries out a write or a renewal, and what it waits for (cps-api.md §4.1 to §4.3). No sockets
/// here.
namespace cpsctl::cps {

/// CPS's `state`: "new", "running", "awaiting-input" …
BOOST_DEFINE_ENUM_CLASS(ChangeState, new_, running, awaiting_input, suspended, error, cancelled, completed)

/// What a change may wait for. The words of the wire are in changes.cpp, and nowhere else.
BOOST_DEFINE_ENUM_CLASS(InputKind, pre_verification_warnings, domain_validation, third_party_certificate,
                        post_verification_warnings, change_management)

/// One element of allowedInput[]. `info` and `update` are the last segments of its paths: they lie below this very
/// change's input/info/ and input/update/, or the change is not read at all.
struct Input {
  std::string type = {};               ///< CPS's word
  bool required = false;               ///< requiredToProceed
  std::optional<InputKind> kind = {};  ///< by `update`, else by `type`; nothing: of no kind that is known
  std::string info = {};
  std::string update = {};
  bool operator==(Input const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Input, (), (type, required, kind, info, update))

struct ChangeError {
  std::string code = {};
  std::string description = {};
  std::string timestamp = {};  ///< as CPS wrote it
};
BOOST_DESCRIBE_STRUCT(ChangeError, (), (code, description, timestamp))

/// deploymentSchedule: texts as CPS wrote them; empty: none.
struct Schedule {
  std::string not_before = {};
  std::string not_after = {};
};
BOOST_DESCRIBE_STRUCT(Schedule, (), (not_before, not_after))

/// change.v2. `status` is for people: its words may change, nothing is decided by it.
struct Change {
  EnrollmentId enrollment = {};
  ChangeId id = {};
  std::optional<ChangeState> state = {};  ///< nothing: a state that is not known
  std::string state_text = {};
  std::string status = {};
  std::string description = {};
  std::optional<ChangeError> error = {};
  Schedule schedule = {};
  std::vector<Input> inputs = {};         ///< in CPS's order
  std::optional<WallTime> answered = {};  ///< the answer's Date: what policies count by
};

/// Reads a change.v2 document. Errors: protocol, naming the field; also when a path of an input leads elsewhere.
Result<Change> change_from(std::string_view text, EnrollmentId enrollment, ChangeId id);

/// deployment-schedule.v1. Errors: protocol.
Result<Schedule> schedule_from(std::string_view text);

/// Kind of an input by the last segment of its `update` path, else by its type.
std::optional<InputKind> input_kind(std::string_view update, std::string_view type);

}  // namespace cpsctl::cps
