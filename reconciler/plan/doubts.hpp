#pragma once
#include "plan/identity.hpp"
#include "plan/plan.hpp"

#include <functional>
#include <optional>
#include <vector>

/// What became of a write whose answer never came (design: never twice, never lost). Pure, and conservative: only what
/// can be trusted proves that it happened, or that it did not.
namespace cpsctl::plan {

struct Fate {
  enum class Kind : std::uint8_t {
    done,       ///< of a create: `live` is what it made
    not_done,   ///< proven: a create may be sent again
    not_shown,  ///< the attempt is over and the list, which may lag, does not show it. An update or a delete may be
                ///< sent again after a look at the enrollment itself; of a create that was refused somebody else's
                ///< enrollments (`candidates`) are listed, and nothing that could be its own
    open,       ///< not known yet; until `until`, if that can be said
    ambiguous   ///< of a create: `candidates` could be it, and none is known to be
  };
  Kind kind = Kind::open;
  cps::Live const* live = nullptr;
  std::vector<cps::Live const*> candidates = {};
  std::vector<std::int64_t> under_way = {};  ///< of an open delete: changes that may carry it out
  std::optional<WallTime> until = {};
};

/// What CPS shows of what a write was about.
struct Seen {
  WallTime listed = {};                          ///< when the list began
  Duration settle = {};                          ///< how long a list may lag
  std::vector<cps::Live const*> same_name = {};  ///< create: the enrollments with its common name
  std::function<bool(std::int64_t)> owned = {};  ///< create: ids that belong to entries of the state
  cps::Live const* live = nullptr;               ///< update, delete: the enrollment; null: a 404 proved that it is gone
  std::int64_t id = 0;          ///< update, delete: the enrollment that the state means by the name now
  json::Ref last_applied = {};  ///< update: what was applied before it, if that is known
};

/// The attempt ended at the latest when the intent says (ends_by), since a killed process does not tell; from then on
/// the list may lag by `settle`. A create that met a 409 (its intent has a reason) is judged likewise: an earlier
/// arrival of the same request may have been the one that CPS took. A pending change never proves a delete: it is the
/// 404 that does (cps-api.md 4.6: CPS gives a removal no type of its own).
Fate what_became_of(state::Record const& intent, Seen const& seen);

/// Of two creates of one name the less certain fate holds for both; two proofs that differ are no proof.
Fate less_certain(Fate left, Fate right);

/// `applied` with what else `sent` names and `live` shows: a write in doubt may have brought that, so it counts as
/// managed from then on.
json::Ref also_applied(json::Ref const& applied, json::Value const& sent, json::Value const& live,
                       schema::Schema const& schema);

}  // namespace cpsctl::plan
