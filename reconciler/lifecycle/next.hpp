#pragma once
#include "base/clock.hpp"
#include "cps/inputs.hpp"
#include "lifecycle/validation.hpp"
#include "lifecycle/warnings.hpp"
#include "manifest/types.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// The next step of a pending change, as a value. Pure. What it quotes of CPS is printable; inputs, CSRs and the texts
/// of warnings are as CPS wrote them.
namespace cpsctl::lifecycle {

// policy: it answers by itself, later.
BOOST_DEFINE_ENUM_CLASS(Who, cps, ca, person, policy)

/// Nothing to do: somebody is at work.
struct Waits {
  Who who = Who::cps;
  std::string what = {};               ///< one clause: "CPS works on it (deploy-cert-to-staging)"
  std::optional<WallTime> since = {};  ///< when the change was first seen like this
  std::optional<WallTime> until = {};  ///< of the policy: when it answers
  std::string next = {};               ///< of a person: what to do, in the imperative
};

/// The input's information is to be read first; then decide again.
struct Reads {
  cps::Input input = {};
};

/// The policy acknowledges these warnings: whoever sends it says so only while these are the ones that CPS shows.
struct Acknowledges {
  cps::Input input = {};
  std::vector<Warning> entries = {};  ///< at least one
};

/// Certificates for these CSRs are to be had from the policy's source, and uploaded: all, or none, and once for each
/// appearance of the input.
struct Uploads {
  cps::Input input = {};
  manifest::CertificateSource source = {};
  std::vector<cps::Csr> csrs = {};  ///< one for each wanted algorithm, in the policy's order
};

/// The policy's publishers bring these tokens to where the CA looks; once they are seen there, CPS is told.
struct Publishes {
  cps::Input input = {};
  manifest::Validation by = {};
  std::vector<Token> tokens = {};       ///< at least one; of a name in each way that it has
  std::vector<std::string> names = {};  ///< that wait, each once
};

/// The policy approves what is on staging. The information is read again right before that: hash and fingerprint must
/// be these.
struct Approves {
  cps::Input input = {};
  std::string validation_result_hash = {};
  std::string fingerprint = {};
};

/// An answer is missing.
struct Missing {
  cps::Input input = {};
  std::string what = {};                   ///< what CPS waits for, one clause
  std::vector<std::string> because = {};   ///< why the policy does not answer it, a clause each
  std::vector<std::string> commands = {};  ///< that answer it by hand, in their order
  std::string yaml = {};                   ///< what to write under spec.lifecycle instead; empty: nothing would do
  std::vector<Warning> unanswered = {};
};

/// It does not go on by itself.
struct DeadEnd {
  cps::ChangeState state = cps::ChangeState::error;
  std::string words = {};  ///< CPS's
  std::string next = {};   ///< in the imperative
};

/// It is done; the list tells what the enrollment is now.
struct Ended {};

using Due = std::variant<Waits, Reads, Acknowledges, Uploads, Publishes, Approves, Missing, DeadEnd, Ended>;

struct Next {
  Due due = {};
  Duration look_after = {};             ///< the change's next turn to be read; zero: at once
  std::vector<std::string> notes = {};  ///< what a person should know, a sentence each
};

/// Would it send a write?
inline bool is_answer(Due const& due) {
  return std::holds_alternative<Acknowledges>(due) || std::holds_alternative<Uploads>(due) ||
         std::holds_alternative<Publishes>(due) || std::holds_alternative<Approves>(due);
}

}  // namespace cpsctl::lifecycle
