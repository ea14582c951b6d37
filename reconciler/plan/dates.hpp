#pragma once
#include "plan/plan.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

/// From when until when the certificates are valid that enrollments serve: CPS's list of enrollments does not say it,
/// and the state keeps it (design.md §9, Polls). Pure.
namespace cpsctl::plan {

/// When the certificate ends that each enrollment serves in production: the earliest of its algorithms, by the
/// enrollment's id, where the state knows it of what serves now. Errors: as schema::enrollment().
Result<std::map<std::int64_t, WallTime>> live_ends(Inputs const& inputs);

/// Whose dates are to be read.
struct DatesWanted {
  std::set<Scope> contracts = {};            ///< by one request for all of a contract: once a day
  std::vector<std::string> one_by_one = {};  ///< names in the state of which nothing is known that holds
};
/// Of what was listed, is in the state and serves in production. Errors: as schema::enrollment().
Result<DatesWanted> dates_wanted(Inputs const& inputs);

/// What CPS said of the certificates of an enrollment, which the state has under this name.
struct DatesLearned {
  std::string name = {};
  std::vector<state::Dates> dates = {};
};
/// From now on `inputs` has it. Errors: as schema::enrollment().
Result<> learn_dates(Inputs& inputs, std::vector<DatesLearned> learned);
/// The same of what the list of a contract's active certificates says; nothing where CPS has no such list.
Result<> learn_dates(Inputs& inputs, std::vector<DatesLearned> learned, Scope const& listed);

/// What does not hold any more, and was not learned anew, is not known from now on. Errors: as schema::enrollment().
Result<> forget_dates(Inputs& inputs);

/// The earliest end of those in production.
std::optional<WallTime> production_end(std::vector<state::Dates> const& dates);

/// The records of what `inputs` has learned since: of entries whose certificates are others than the state's.
std::vector<state::Record> dates_news(Inputs const& inputs, std::map<std::string, state::Entry> const& known);

}  // namespace cpsctl::plan
