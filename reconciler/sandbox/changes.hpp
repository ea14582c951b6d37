#pragma once
#include "base/clock.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/steps.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// Changes: what CPS does to an enrollment over time.
namespace cpsctl::sandbox {

/// Why a change will not go on.
struct ChangeError {
  std::string code = {};
  std::string description = {};
  std::string timestamp = {};  ///< RFC 3339
};
BOOST_DESCRIBE_STRUCT(ChangeError, (), (code, description, timestamp))

/// What a look for the tokens of a name has found. `ready`: the token, but the name's turn is another look's.
BOOST_DEFINE_ENUM_CLASS(Found, nothing, other, ready, token)

/// What is known of a name that is to be validated, where tokens are looked for.
struct NameProof {
  std::string name = {};
  std::string since = {};      ///< its present tokens were requested then, RFC 3339
  std::string validated = {};  ///< RFC 3339; empty: it is not
  std::int64_t lapses = 0;     ///< so often it was, and lapsed
  Found found = Found::nothing;
};
BOOST_DESCRIBE_STRUCT(NameProof, (), (name, since, validated, lapses, found))

/// A pending change as the sandbox keeps it.
struct Change {
  std::int64_t id = 0;
  std::string type = {};        ///< new-certificate | modify-certificate | modify-san | renewal
  std::string status = {};      ///< of the step that it is at
  std::string created = {};     ///< RFC 3339
  std::string not_before = {};  ///< RFC 3339; empty: none
  std::string not_after = {};
  Work work = Work::certificate;
  std::string validation = {};     ///< dv, ov, ev, third-party: with `work`, the path that it is on
  std::string since = {};          ///< when the step began, RFC 3339
  std::string warned_before = {};  ///< the pre-verification warnings, a line each; empty: none
  std::string warned_after = {};   ///< the post-verification warnings
  bool approval = false;           ///< stops before production
  /// The step's input has been given and stays visible; so many reads of the change until it goes on.
  std::optional<int> reads_left = {};
  std::optional<ChangeError> error = {};
  std::vector<NameProof> proofs = {};  ///< of names that were looked for
  std::string looked = {};             ///< when that was last, RFC 3339; empty: not yet
  bool look_asked = false;             ///< acknowledged since then
};
BOOST_DESCRIBE_STRUCT(Change, (),
                      (id, type, status, created, not_before, not_after, work, validation, since, warned_before,
                       warned_after, approval, reads_left, error, proofs, looked, look_asked))

Step const& step_of(Change const& change);

/// The next step at which this change stops; null after the last.
Step const* step_after(Change const& change);

/// The input that the change waits for now; nothing when it was given, or when the change has failed.
std::optional<Input> awaited(Change const& change);

/// The `change` entity, version 1 or 2 (cps-api.md §4.1), as JSON text.
std::string change_body(std::int64_t enrollment, Change const& change, Validation validation);
/// The same of one that has ended. `status`: completed | cancelled.
std::string ended_change_body(std::string_view status);

std::string enrollment_path(std::int64_t enrollment);
std::string change_path(std::int64_t enrollment, std::int64_t change);

}  // namespace cpsctl::sandbox
