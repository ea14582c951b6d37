#include "cli/account.hpp"
#include "cli/command.hpp"

namespace cpsctl::cli {
namespace {

/// Only what the state has to learn; what would be written to CPS is another run's.
plan::Plan state_part(plan::Plan plan) {
  for (plan::Item& item : plan.items) {
    if (!item.writes()) continue;
    item.wanted = plan::Action::none;
    item.work = plan::Nothing();
  }
  return plan;
}

/// cpsctl state rebuild: a lost state costs one list per contract, and no write.
Result<Exit> run(Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests());
    CPS_CHECK(account.connect());
    CPS_CHECK(account.open("cpsctl state rebuild"));
    plan::Inputs known = account.inputs(std::move(manifests));
    known.rebuild = true;
    CPS_TRY(plan::Inputs inputs, account.ask(std::move(known)));
    CPS_TRY(plan::Plan plan, plan::make_plan(inputs));
    plan::Plan const part = state_part(std::move(plan));
    plan::PlanView const seen = plan::view(part);
    auto const result = account.carry_out(part, seen, std::move(inputs.listings));
    return account.signals().exit_or(delivered(result, {.plan = seen, .title = "Rebuild"}, options, world));
  });
}

}  // namespace

Command state_rebuild_command() {
  return {.name = "state rebuild",
          .what = "Rebuild the state from CPS; writes nothing to CPS",
          .examples = {{{"cpsctl state rebuild", "of the project's manifests"},
                        {"cpsctl state rebuild manifests", "of a folder"},
                        {"cpsctl state rebuild --sandbox manifests", "from the sandbox"}}},
          .works = Works::changing_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            flags.add({"PATH", "files or folders (default: the project's manifests)", "", Names::files}, options.paths);
            return run;
          }};
}

}  // namespace cpsctl::cli
