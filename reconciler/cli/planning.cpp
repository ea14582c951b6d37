#include "cli/planning.hpp"

#include "base/log.hpp"
#include "http/crew.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

using Errors = std::vector<Error>;

http::Task<> list_one(cps::Reader& reader, plan::Scope scope, std::string api_schema, plan::Inputs& inputs,
                      Errors& errors) {
  auto listing = co_await reader.list(scope.first, scope.second, std::move(api_schema));
  if (listing)
    inputs.listings.insert_or_assign(scope, std::move(*listing));
  else
    errors.push_back(std::move(listing).error().within("listing contract " + scope.second));
}

http::Task<> look_up(cps::Reader& reader, plan::Lookup lookup, plan::Inputs& inputs, Errors& errors) {
  cps::EnrollmentId const id{lookup.id};
  auto live = co_await reader.get(lookup.scope.first, id, lookup.api_schema, lookup.name);
  if (live)
    inputs.lookups.insert_or_assign(lookup.id, std::move(*live));
  else if (live.error().code == Errc::not_found)
    inputs.lookups.insert_or_assign(lookup.id, std::nullopt);
  else
    errors.push_back(std::move(live).error().within(fmt::format("looking up enrollment {}", lookup.id)));
}

/// All that went wrong is said; the first error ends the command.
Result<> outcome(Errors errors) {
  if (errors.empty()) return {};
  for (std::size_t i = 1; i < errors.size(); ++i) log::error("{}", describe(errors[i]));
  return std::move(errors.front());
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
          .consent = std::move(wanted.settings.consent),
          .settings = std::move(wanted.settings.unusual)};
}

http::Task<Result<plan::Inputs>> read_account(cps::Reader reader, Connection& connection, plan::Inputs inputs) {
  auto const to_the_end = [] { return false; };
  auto const found = plan::scopes(inputs);
  std::vector<std::pair<plan::Scope, std::string>> const scopes(found.begin(), found.end());
  Errors errors;
  auto const list_next = [&](std::size_t at) {
    return list_one(reader, scopes[at].first, scopes[at].second, inputs, errors);
  };
  co_await http::crew(*connection.loop, connection.parallelism, scopes.size(), to_the_end, list_next);
  CPS_CO_CHECK(outcome(std::exchange(errors, {})));

  // Requests are money: once it is plain that too much is gone, nobody asks for the rest (plan's mass_absence blocks).
  std::vector<plan::Lookup> lookups = plan::lookups_needed(inputs);
  while (!lookups.empty()) {
    std::vector<plan::Lookup> const round = plan::next_round(lookups, inputs);
    auto const look_up_next = [&](std::size_t at) { return look_up(reader, round[at], inputs, errors); };
    co_await http::crew(*connection.loop, connection.parallelism, round.size(), to_the_end, look_up_next);
    CPS_CO_CHECK(outcome(std::exchange(errors, {})));
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
                    .to_apply = static_cast<std::size_t>(plan.requests_to_apply),
                    .credentials = connection.credentials};
  auto const slowest = cps::slowest(settings.windows);
  if (slowest && plan.requests_to_apply > 0) {
    cps::Requests const by_account = requests_to_apply(plan);
    cost.estimate = connection.session->estimate(by_account);
    cost.limit = cps::window_text(*slowest);
    if (by_account.size() > 1 && settings.budget_group.empty())
      cost.limit += fmt::format(" for each of {} accounts", by_account.size());
  }
  return cost;
}

}  // namespace cpsctl::cli
