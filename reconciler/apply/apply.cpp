#include "apply/apply.hpp"

#include "apply/crew.hpp"
#include "apply/executor.hpp"

#include <algorithm>
#include <array>

namespace cpsctl::apply {
namespace {

/// The order of risk: what changes the state alone first, then what adds; the rest is only reported.
constexpr std::array order{plan::Action::blocked, plan::Action::adopt,  plan::Action::forget,  plan::Action::orphan,
                           plan::Action::update,  plan::Action::create, plan::Action::advance, plan::Action::delete_};

std::vector<plan::Item const*> in_order(plan::Plan const& plan) {
  std::vector<plan::Item const*> items;
  for (plan::Item const& item : plan.items)
    if (item.action != plan::Action::none) items.push_back(&item);
  std::ranges::stable_sort(items, {}, [](plan::Item const* item) { return std::ranges::find(order, item->action); });
  return items;
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

http::Task<Result<ApplyResult>> run(plan::Plan const& plan, cps::Writer& writer, http::Loop& loop, state::Store& store,
                                    Clock const& clock, ApplyOptions options) {
  auto const items = in_order(plan);
  Executor executor(writer, loop, store, clock);
  ApplyResult result;
  for (plan::Item const* item : items) result.items.push_back(untouched(*item));

  auto const out_of_time = [&] { return (options.stop && options.stop()) || clock.steady() >= options.deadline; };
  std::function<bool()> const stop = [&] {
    return executor.broken().has_value() || executor.unauthorized() || out_of_time();
  };
  std::function<http::Task<>(std::size_t)> const step = [&](std::size_t index) {
    return carry_out(executor, *items[index], result.items[index], options.progress);
  };
  co_await crew(loop, options.parallelism, items.size(), stop, step);

  bool const begun_all =
      std::ranges::none_of(result.items, [](auto const& i) { return i.outcome == Outcome::skipped; });
  result.stopped = !begun_all && out_of_time();
  std::ranges::sort(result.items, {}, &ItemResult::name);
  result.requests = writer.session().requests();
  result.throttles = writer.session().throttles();
  if (executor.broken()) co_return *executor.broken();
  CPS_CO_CHECK(store.save());
  co_return result;
}

}  // namespace cpsctl::apply
