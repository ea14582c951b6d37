#pragma once
#include "cli/connection.hpp"
#include "cps/api.hpp"
#include "manifest/types.hpp"
#include "plan/plan.hpp"
#include "state/store.hpp"

namespace cpsctl::cli {

/// Lists every contract once, looks up what the lists lack, and plans. The reader is all it holds of CPS.
http::Task<Result<plan::Plan>> read_and_plan(cps::Reader reader, Connection& connection, manifest::Loaded loaded,
                                             state::Contents const& contents, Settings const& settings, World& world);

/// The plan's footer: requests used, requests to come, and what they take under the limits.
report::Cost cost_of(plan::Plan const& plan, Connection& connection, Settings const& settings);

}  // namespace cpsctl::cli
