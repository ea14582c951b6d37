#include "plan/plan.hpp"

#include "cli/account.hpp"
#include "cli/command.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/sights.hpp"
#include "plan/document.hpp"

namespace cpsctl::cli {
namespace {

/// cpsctl plan: read-only. It takes no lock, writes no state, and holds a client that cannot write.
Result<Exit> run(Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests());
    CPS_CHECK(account.connect());
    CPS_CHECK(account.look());
    plan::Inputs known = account.inputs(std::move(manifests));
    CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs const inputs, see_account(std::move(known), account, world, {}));
    CPS_TRY(plan::Plan const made, plan::make_plan(inputs));
    plan::PlanView const plan = plan::view(made);
    report::Cost const cost = account.cost_of(plan);
    Product const product{
        .text = [&](std::ostream& out, report::Style const& style) { report::plan_text(plan, cost, style, out); },
        .json = [&] { return plan::document(plan); },
        .others = forms_of(PlanDocument{.plan = plan, .cost = cost}, world)};
    bool const differs = plan.changes() || plan.summary.blocked > 0 || plan.summary.wait > 0;
    Exit exit = Exit::done;
    if (options.detailed_exitcode && plan.summary.due > 0) exit = Exit::needs_action;
    if (options.detailed_exitcode && differs) exit = Exit::changes;
    return delivered(product, exit, options.global, world);
  });
}

}  // namespace

Command plan_command() {
  return {.name = "plan",
          .what = "Show what apply would do; writes nothing",
          .examples = {{{"cpsctl plan --sandbox manifests", "to try it, without an account"},
                        {"cpsctl plan --name 'shop-*' manifests", "some of them"},
                        {"cpsctl plan --out json=plan.json manifests", "save the plan for show and apply --plan"}}},
          .document = Document::plan,
          .works = Works::asking_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            take_paths(flags, options);
            take_detailed(flags, options, "exit 2 when there are changes, 3 when only you have to act");
            take_selection(flags, options);
            take_guard_rails(flags, options);
            return run;
          }};
}

}  // namespace cpsctl::cli
