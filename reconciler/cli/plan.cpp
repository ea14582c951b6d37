#include "plan/plan.hpp"

#include "cli/commands.hpp"
#include "cli/manifests.hpp"
#include "cli/output.hpp"
#include "cli/planning.hpp"
#include "cli/writing.hpp"
#include "plan/document.hpp"

namespace cpsctl::cli {

/// cpsctl plan: read-only. It takes no lock, writes no state, and holds a client that cannot write.
Exit run_plan(Options const& options, World& world) {
  Signals signals;
  auto wanted = read_wanted(options, world);
  if (!wanted) return fail(wanted.error(), options.global, world);
  Settings const settings = wanted->settings;

  auto connection = connect(options, settings, world);
  if (!connection) return fail(connection.error(), options.global, world);
  auto const contents = read_state(settings, connection->realm, world);
  if (!contents) return fail(contents.error(), options.global, world);

  auto const handler = signals.on_first([&] { connection->loop->post([&] { connection->session->cancel(); }); });
  auto const plan = [&]() -> Result<plan::PlanView> {
    cps::Reader const reader(*connection->session);
    plan::Inputs known = inputs_for(std::move(*wanted), *connection, *contents, world);
    CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs const inputs, connection->loop->run(read_account(reader, *connection, std::move(known))));
    CPS_TRY(plan::Plan const made, plan::make_plan(inputs));
    return plan::view(made);
  }();
  if (!plan) {
    Exit const exit = fail(plan.error(), options.global, world);
    return signals.received() != 0 ? signals.exit() : exit;
  }
  report::Cost const cost = cost_of(*plan, *connection, settings, *contents);
  Product const product{
      .text = [&](std::ostream& out, report::Style const& style) { report::plan_text(*plan, cost, style, out); },
      .json = [&] { return plan::document(*plan); },
      .md = [&] { return report::plan_markdown(*plan, cost); },
      .junit = [&] { return report::plan_junit(*plan); }};
  bool const differs = plan->changes() || plan->summary.blocked > 0 || plan->summary.wait > 0;
  Exit const exit = options.detailed_exitcode && differs ? Exit::changes : Exit::done;
  return delivered(product, exit, options.global, world);
}

}  // namespace cpsctl::cli
