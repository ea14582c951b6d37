#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/planning.hpp"
#include "cli/writing.hpp"

#include <fmt/ostream.h>

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

}  // namespace

/// cpsctl state rebuild: a lost state costs one list per contract, and no write.
Exit run_state_rebuild(Options const& options, World& world) {
  Signals signals;
  auto wanted = read_wanted(options, world);
  if (!wanted) return fail(wanted.error(), options.global, world);
  Settings const settings = wanted->settings;
  auto connection = connect(options, settings, world);
  if (!connection) return fail(connection.error(), options.global, world);
  auto writing = begin_writing("cpsctl state rebuild", connection->realm, connection->host, settings, world, &signals);
  if (!writing) return signals.exit_or(fail(writing.error(), options.global, world));

  auto const handler = signals.on_first([&] { connection->loop->post([&] { connection->session->cancel(); }); });
  plan::Inputs known = inputs_for(std::move(*wanted), *connection, writing->store->contents(), world);
  known.rebuild = true;
  cps::Reader const reader(*connection->session);
  auto inputs = connection->loop->run(read_account(reader, *connection, std::move(known)));
  if (!inputs) return signals.exit_or(fail(inputs.error(), options.global, world));
  auto const plan = plan::make_plan(*inputs);
  if (!plan) return fail(plan.error(), options.global, world);

  plan::Plan const part = state_part(*plan);
  plan::PlanView const seen = plan::view(part);
  auto const result = carry_out(part, seen, std::move(inputs->listings), {}, *connection, *writing->store, options,
                                settings, world, signals);
  return signals.exit_or(delivered(result, {.plan = seen, .title = "Rebuild"}, options, world));
}

}  // namespace cpsctl::cli
