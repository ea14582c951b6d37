#pragma once
#include "cli/connection.hpp"
#include "cli/manifests.hpp"
#include "cps/api.hpp"
#include "manifest/types.hpp"
#include "plan/plan.hpp"
#include "plan/view.hpp"
#include "state/store.hpp"

#include <set>
#include <string>
#include <vector>

namespace cpsctl::cli {

/// Does each word of the call mean something that manifests or state know? A name that is mistyped must not look like
/// nothing to do. `contracts_at_cps`: a contract may be known to CPS alone. Errors: usage, with what is near.
Result<> check_words(plan::Inputs const& inputs, bool contracts_at_cps = false);

/// Lists every contract once, and looks up what the lists lack. The reader is all it holds of CPS.
http::Task<Result<plan::Inputs>> read_account(cps::Reader reader, Connection const& connection, plan::Inputs inputs);

/// Has these contracts of the account listed, also where nothing of them is managed yet.
void list_too(std::vector<std::string> const& contracts, std::string const& account, plan::Inputs& inputs);

/// The enrollments that the state or a manifest knows.
std::set<std::int64_t> managed_ids(plan::Inputs const& inputs, plan::Plan const& plan);

/// What carrying a plan out takes.
cps::Requests requests_to_apply(plan::PlanView const& plan);

}  // namespace cpsctl::cli
