#include "plan/plan.hpp"

#include "cli/account.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "plan/document.hpp"

namespace cpsctl::cli {

/// cpsctl plan: read-only. It takes no lock, writes no state, and holds a client that cannot write.
Result<Exit> run_plan(Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests());
    CPS_CHECK(account.connect());
    CPS_CHECK(account.look());
    plan::Inputs known = account.inputs(std::move(manifests));
    CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs const inputs, account.ask(std::move(known)));
    CPS_TRY(plan::Plan const made, plan::make_plan(inputs));
    plan::PlanView const plan = plan::view(made);
    report::Cost const cost = account.cost_of(plan);
    Product const product{
        .text = [&](std::ostream& out, report::Style const& style) { report::plan_text(plan, cost, style, out); },
        .json = [&] { return plan::document(plan); },
        .md = [&] { return report::plan_markdown(plan, cost); },
        .junit = [&] { return report::plan_junit(plan); }};
    bool const differs = plan.changes() || plan.summary.blocked > 0 || plan.summary.wait > 0;
    Exit const exit = options.detailed_exitcode && differs ? Exit::changes : Exit::done;
    return delivered(product, exit, options.global, world);
  });
}

}  // namespace cpsctl::cli
