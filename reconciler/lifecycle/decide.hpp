#pragma once
#include "cps/changes.hpp"
#include "cps/inputs.hpp"
#include "lifecycle/next.hpp"
#include "lifecycle/owner.hpp"
#include "lifecycle/policy.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

/// From a pending change and a policy to its next step (design.md §9). Pure.
namespace cpsctl::lifecycle {

struct NotRead {};
/// CPS answered 404 although the change showed the input: it has just been taken, or the change has moved on.
struct Gone {};
using Info = std::variant<NotRead, Gone, cps::InputInfo>;

/// What the policy's source (files, a signer) has for the CSRs of an input.
struct Offer {
  std::optional<cps::Upload> upload = {};  ///< all that is wanted, or nothing
  std::string digest = {};                 ///< "sha256:…" of what would be uploaded
  WallTime expires = {};                   ///< the earliest end of a certificate
  std::vector<std::string> because = {};   ///< why there is nothing to upload, a clause each
  std::vector<std::string> next = {};      ///< what to do about it
  std::vector<std::string> notes = {};     ///< what else a person should know of the certificates
  std::vector<std::string> strays = {};    ///< those of the notes that are about certificates for none of its CSRs
  bool unknown_key = false;  ///< one was to be for a CSR, and is for none of them: CPS's history may tell for which
};

/// When a change was read last that is not read now, and when it is again; by CPS's clock.
struct Recalled {
  WallTime read = {};
  WallTime turn = {};
};

/// A pending change as CPS tells it, or as it told it last.
struct Sight {
  std::string name = {};  ///< the enrollment's
  cps::PendingChange pending = {};
  std::optional<cps::Change> change = {};  ///< nothing: it has ended since it was listed
  Info info = {};                          ///< of the input that it waits for
  std::optional<Offer> offer = {};         ///< of its certificates; nothing: the source was not asked
  std::optional<Recalled> recalled = {};   ///< nothing: it was read just now
};

/// An answer that was sent already; forgotten once the change no longer shows its input.
struct Given {
  std::string update = {};  ///< the input's
  std::string digest = {};  ///< of what was answered: answer_digest()
  int looks = 0;            ///< how often the change was read since
};

/// A change as it was read, and what is remembered of it.
struct Seen {
  std::string name = {};  ///< the enrollment's, for commands
  std::string type = {};  ///< CPS's changeType: "renewal" …
  cps::Change change = {};
  Info info = {};                              ///< of input_of(change)
  std::optional<WallTime> since = {};          ///< when it was first seen in this state, with this input
  std::optional<WallTime> staging_since = {};  ///< when it was first seen to wait for its approval
  std::optional<WallTime> live_expires = {};   ///< the earliest end of a certificate in production
  std::optional<Given> given = {};
  std::optional<Offer> offer = {};            ///< of the policy's source; nothing: it was not asked
  std::optional<Duration> signer_waits = {};  ///< it has said "later": for so long it is not asked
  /// What differs between what waits on staging and what is wanted (pending_differences()); nothing: not compared.
  std::optional<std::vector<std::string>> differences = {};
};

/// The input to deal with next: of those that are required the first, else the first; nullptr: the change does not
/// await one. Its information is what decide() asks for.
cps::Input const* input_of(cps::Change const& change);

/// What an answer to this information answers: the same text while CPS shows the same.
std::string answer_digest(cps::InputInfo const& info);

/// Was an answer to this very information sent already?
bool was_given(Seen const& seen, cps::Input const& input, cps::InputInfo const& info);

/// Only a change that awaits an input, and shows one of a known kind, is ever answered; only ours or CPS's, by the
/// manifest's policy; and never what has been answered a moment ago. `now`: the Date of CPS's answer.
Next decide(Seen const& seen, Owner owner, Policy const& policy, WallTime now);

}  // namespace cpsctl::lifecycle
