#include "cli/planning.hpp"

#include "base/log.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// Requests of one phase, all under way at once; the client's pool and the governor decide how many really are.
struct Reading {
  http::Event progress;
  std::size_t left = 0;
  std::vector<Error> errors = {};

  void one_less() {
    --left;
    progress.notify_all();
  }
};

http::Task<> list_one(cps::Reader& reader, plan::Scope scope, std::string api_schema, plan::Inputs& inputs,
                      Reading& reading) {
  auto listing = co_await reader.list(scope.first, scope.second, std::move(api_schema));
  if (listing)
    inputs.listings.insert_or_assign(scope, std::move(*listing));
  else
    reading.errors.push_back(std::move(listing).error().within("listing contract " + scope.second));
  reading.one_less();
}

http::Task<> look_up(cps::Reader& reader, plan::Lookup lookup, plan::Inputs& inputs, Reading& reading) {
  cps::EnrollmentId const id{lookup.id};
  auto live = co_await reader.get(lookup.scope.first, id, lookup.api_schema, lookup.name);
  if (live) {
    inputs.lookups.insert_or_assign(lookup.id, std::move(*live));
  } else if (live.error().code == Errc::not_found) {
    inputs.lookups.insert_or_assign(lookup.id, std::nullopt);
  } else {
    reading.errors.push_back(std::move(live).error().within(fmt::format("looking up enrollment {}", lookup.id)));
  }
  reading.one_less();
}

/// All that went wrong is said; the first error ends the command.
Result<> outcome(Reading& reading) {
  if (reading.errors.empty()) return {};
  for (std::size_t i = 1; i < reading.errors.size(); ++i) log::error("{}", describe(reading.errors[i]));
  return std::move(reading.errors.front());
}

}  // namespace

plan::Inputs inputs_for(Wanted wanted, Connection const& connection, state::Contents const& contents, World& world) {
  return {.desired = std::move(wanted.loaded.desired),
          .paths = std::move(wanted.loaded.paths),
          .entries = contents.entries,
          .open_intents = contents.open_intents,
          .default_account = connection.default_account,
          .realm = connection.realm,
          .serial = contents.serial,
          .now = world.clock.wall(),
          .settle = wanted.settings.settle,
          .selection = std::move(wanted.settings.selection),
          .consent = std::move(wanted.settings.consent)};
}

http::Task<Result<plan::Inputs>> read_account(cps::Reader reader, Connection& connection, plan::Inputs inputs) {
  auto const scopes = plan::scopes(inputs);
  Reading listing{.progress = http::Event(*connection.loop), .left = scopes.size()};
  for (auto const& [scope, api_schema] : scopes)
    connection.loop->spawn(list_one(reader, scope, api_schema, inputs, listing));
  while (listing.left > 0) co_await listing.progress.wait();
  CPS_CO_CHECK(outcome(listing));

  // Requests are money: once it is plain that too much is gone, nobody asks for the rest (plan's mass_absence blocks).
  std::vector<plan::Lookup> lookups = plan::lookups_needed(inputs);
  while (!lookups.empty()) {
    std::vector<plan::Lookup> const round = plan::next_round(lookups, inputs);
    Reading looking{.progress = http::Event(*connection.loop), .left = round.size()};
    for (plan::Lookup const& lookup : round) connection.loop->spawn(look_up(reader, lookup, inputs, looking));
    while (looking.left > 0) co_await looking.progress.wait();
    CPS_CO_CHECK(outcome(looking));
  }
  co_return inputs;
}

cps::Requests requests_to_apply(plan::Plan const& plan) {
  cps::Requests requests;
  for (plan::Item const& item : plan.items)
    if (!item.steps.empty()) requests[item.account] += item.steps.size();
  return requests;
}

report::Cost cost_of(plan::Plan const& plan, Connection& connection, Settings const& settings) {
  report::Cost cost{.used = connection.session->requests(),
                    .to_apply = static_cast<std::size_t>(plan.requests_to_apply)};
  auto const slowest = cps::slowest(settings.windows);
  if (slowest && plan.requests_to_apply > 0) {
    cost.estimate = connection.session->estimate(requests_to_apply(plan));
    cost.limit = cps::window_text(*slowest);
  }
  return cost;
}

}  // namespace cpsctl::cli
