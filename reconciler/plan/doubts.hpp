#pragma once
#include "plan/identity.hpp"
#include "plan/plan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What became of a create whose answer never came (design: never twice). Pure, and conservative: only a list that can
/// be trusted disproves it.
namespace cpsctl::plan {

struct Verdict {
  enum class Kind : std::uint8_t {
    proven,     ///< `live` is what it made
    disproven,  ///< the list is late enough, and nothing is there: it may be sent again
    open,       ///< not yet known, until `until`
    ambiguous   ///< several could be it: `candidates`
  };
  Kind kind = Kind::open;
  cps::Live const* live = nullptr;
  std::vector<std::int64_t> candidates = {};
  std::optional<WallTime> until = {};
};

/// The attempt ended at the latest when the intent says (ends_by), since a killed process does not tell; from then on
/// the list may lag by `settle`. A create that met a 409 (its intent has a reason) is judged likewise: an earlier
/// arrival of the same request may have been the one that CPS took. `owned` says which ids belong to entries of the
/// state.
Verdict judge_create(state::Record const& intent, cps::Listing const& listing, Index const& index,
                     std::function<bool(std::int64_t)> const& owned, Inputs const& inputs);

/// Of two creates of one name the less certain verdict holds for both; two proofs that differ are no proof.
Verdict less_certain(Verdict left, Verdict right);

}  // namespace cpsctl::plan
