#include "apply/apply.hpp"

#include "apply/crew.hpp"
#include "apply/executor.hpp"

#include <algorithm>

namespace cpsctl::apply {
namespace {

bool changes_certificate(plan::Item const& item) {
  return std::ranges::count(item.changes, schema::Effect::certificate, &diff::Change::effect) > 0;
}

/// The order of risk: what the state alone learns, what is stored without a new certificate, what adds, what changes a
/// certificate; deletes come last, on their own.
int risk(plan::Item const& item) {
  if (item.steps.empty()) return 0;
  switch (item.action) {
    case plan::Action::create: return 2;
    case plan::Action::update:
    case plan::Action::adopt: return changes_certificate(item) ? 3 : 1;
    case plan::Action::advance: return 4;
    default: return 5;
  }
}

bool destroys(plan::Item const& item) {
  return item.action == plan::Action::delete_ && !item.steps.empty();
}

std::vector<plan::Item const*> in_order(plan::Plan const& plan) {
  std::vector<plan::Item const*> items;
  for (plan::Item const& item : plan.items)
    if (item.action != plan::Action::none && item.action != plan::Action::orphan) items.push_back(&item);
  std::ranges::stable_sort(items, {}, [](plan::Item const* item) { return risk(*item); });
  return items;
}

bool went_wrong(ItemResult const& result) {
  return result.outcome == Outcome::failed || result.outcome == Outcome::doubt || result.outcome == Outcome::stale ||
         result.outcome == Outcome::skipped;
}

http::Task<> carry_out(Executor& executor, plan::Item const& item, ItemResult& to,
                       std::function<void(ItemResult const&)> const& progress) {
  to = co_await executor.carry_out(item);
  if (progress) progress(to);
}

ItemResult untouched(plan::Item const& item) {
  return {.name = item.name,
          .action = item.action,
          .outcome = Outcome::skipped,
          .id = item.id,
          .message = "not begun",
          .next = "run cpsctl apply again"};
}

}  // namespace

http::Task<Result<ApplyResult>> run(plan::Plan const& plan, Listings listings, cps::Writer& writer, http::Loop& loop,
                                    state::Store& store, Clock const& clock, ApplyOptions options) {
  auto const items = in_order(plan);
  Snapshots snapshots(std::move(listings), writer, loop, clock, options.list_age);
  Ledger ledger(store, loop, clock, writer.session().options().timeout);
  Executor executor(writer, snapshots, ledger, store);
  ApplyResult result;
  for (plan::Item const* item : items) result.items.push_back(untouched(*item));

  auto const out_of_time = [&] { return (options.stop && options.stop()) || clock.steady() >= options.deadline; };
  std::function<bool()> const stop = [&] {
    return ledger.broken().has_value() || executor.unauthorized() || out_of_time();
  };
  std::size_t first = 0;
  std::function<http::Task<>(std::size_t)> const step = [&](std::size_t index) {
    return carry_out(executor, *items[first + index], result.items[first + index], options.progress);
  };
  auto const deletes = std::ranges::find_if(items, [](plan::Item const* item) { return destroys(*item); });
  auto const others = static_cast<std::size_t>(deletes - items.begin());
  co_await crew(loop, options.parallelism, others, stop, step);
  // Something that failed may have been meant to take the place of what is to go.
  if (others < items.size() &&
      std::ranges::none_of(result.items.begin(), result.items.begin() + std::ptrdiff_t(others), went_wrong)) {
    first = others;
    co_await crew(loop, options.parallelism, items.size() - others, stop, step);
  } else if (!stop()) {
    for (std::size_t i = others; i < items.size(); ++i)
      result.items[i].message = "not deleted: something else of this run did not succeed";
  }

  bool const begun_all =
      std::ranges::none_of(result.items, [](auto const& i) { return i.outcome == Outcome::skipped; });
  result.stopped = !begun_all && out_of_time();
  std::ranges::sort(result.items, {}, &ItemResult::name);
  result.requests = writer.session().requests();
  result.throttles = writer.session().throttles();
  if (ledger.broken()) co_return *ledger.broken();
  CPS_CO_CHECK(store.save());
  co_return result;
}

}  // namespace cpsctl::apply
