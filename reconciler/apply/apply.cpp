#include "apply/apply.hpp"

#include "apply/executor.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/crew.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

/// The order of risk: what the state alone learns, what is stored without a new certificate, what adds, what changes a
/// certificate; deletes come last, on their own.
int risk(plan::Item const& item) {
  if (item.steps.empty()) return 0;
  switch (item.action) {
    case plan::Action::create: return 2;
    case plan::Action::update:
    case plan::Action::adopt: return plan::issues_certificate(item) ? 3 : 1;
    case plan::Action::advance: return 4;
    default: return 5;
  }
}

bool destroys(plan::Item const& item) {
  return item.action == plan::Action::delete_ && !item.steps.empty();
}

/// Of one risk, what CPS has refused comes behind what it has not: nobody is kept waiting by one that never succeeds.
/// Accounts take turns: each has a request limit of its own, and all of them are used at once.
std::vector<plan::Item const*> in_order(plan::Plan const& plan, Executor const& executor) {
  struct Placed {
    int risk;
    int refusals;
    std::size_t of_account;  ///< place among the account's items of this risk and these refusals
    plan::Item const* item;
  };
  std::vector<Placed> placed;
  std::map<std::tuple<std::string_view, int, int>, std::size_t> counts;
  for (plan::Item const& item : plan.items) {
    if (item.action == plan::Action::none || item.action == plan::Action::orphan) continue;
    Placed one{.risk = risk(item), .refusals = executor.refusals(item.name), .of_account = 0, .item = &item};
    one.of_account = counts[{item.account, one.risk, one.refusals}]++;
    placed.push_back(one);
  }
  std::ranges::stable_sort(placed, {},
                           [](Placed const& one) { return std::tuple(one.risk, one.refusals, one.of_account); });
  std::vector<plan::Item const*> items;
  std::ranges::transform(placed, std::back_inserter(items), &Placed::item);
  return items;
}

/// What the plan itself had blocked is no obstacle: nobody meant to do it in this run.
bool went_wrong(ItemResult const& result) {
  bool const unfinished = result.outcome == Outcome::waiting && result.action != plan::Action::blocked;
  return result.outcome == Outcome::failed || result.outcome == Outcome::doubt || result.outcome == Outcome::stale ||
         result.outcome == Outcome::skipped || unfinished || result.again.has_value();
}

bool out_of_luck(ItemResult const& result) {
  return result.outcome == Outcome::failed || result.outcome == Outcome::stale;
}

ItemResult untouched(plan::Item const& item) {
  return {.name = item.name,
          .action = item.action,
          .outcome = Outcome::skipped,
          .id = item.id,
          .message = "not begun",
          .next = "run cpsctl apply again"};
}

/// One run: the plan, then in rounds what could not be decided yet.
class Run {
 public:
  Run(cps::Writer& writer, http::Loop& loop, state::Store& store, Clock const& clock, ApplyOptions options,
      Listings listings)
      : writer_(writer),
        loop_(loop),
        store_(store),
        clock_(clock),
        options_(std::move(options)),
        snapshots_(std::move(listings), writer, loop, clock, options_.list_age),
        spacing_(options_.create_spacing),
        journal_(store, loop, clock, writer.session().options().timeout),
        gate_(loop, options_.parallelism),
        executor_(writer, snapshots_, spacing_, journal_, gate_, store, look_again(), [this] { return stopped(); }) {
    // Creates that a run before this one saw refused: their contracts go on one at a time.
    for (state::Record const& intent : store.contents().open_intents) remember(intent);
  }

  http::Task<ApplyResult> to_the_end(plan::Plan const& plan) {
    co_await round(plan);
    for (;;) {
      auto const when = next_look();
      if (!options_.plan_again || !when || stopped()) break;
      bool const in_time = co_await wait_until(*when);
      if (!in_time) break;
      std::set<std::string> names = unfinished();
      auto again = co_await options_.plan_again(std::move(names));
      if (!again) {
        // What is open stays open, and the next run begins with it.
        error_ = std::move(again).error().within("looking again at what is in doubt");
        break;
      }
      snapshots_.replace(std::move(again->listings));
      spacing_.clear_lines();
      later_ = true;
      co_await round(again->plan);
    }
    auto const saved = journal_.broken() ? Result<>(*journal_.broken()) : store_.save();
    if (!saved) error_ = saved.error();
    co_return summed_up();
  }

 private:
  Duration look_again() const {
    return std::max<Duration>(std::min(options_.settle, options_.list_age), std::chrono::seconds(1));
  }

  void remember(state::Record const& intent) {
    auto const met = parse_timestamp(intent.ends_by);
    if (intent.reason.empty() || !met || !intent.entry) return;
    spacing_.conflict({intent.entry->account, intent.entry->contract}, *met);
    executor_.remember_refusal(intent.name);
  }

  bool open(std::string const& name) const {
    return std::ranges::count(store_.contents().open_intents, name, &state::Record::name) > 0;
  }

  /// That it goes on waiting is no news, unless it takes longer than was said.
  bool is_news(ItemResult const& result) {
    if (!result.again || !later_) return true;
    if (!result.expected) return false;
    auto const said = said_.find(result.name);
    return said == said_.end() || *result.expected > said->second + std::chrono::minutes(1);
  }

  bool out_of_time() const { return (options_.stop && options_.stop()) || clock_.steady() >= options_.deadline; }
  bool stopped() const { return journal_.broken().has_value() || executor_.unauthorized() || out_of_time(); }

  http::Task<> carry_out(plan::Item const& item) {
    ItemResult result = co_await executor_.carry_out(item);
    if (later_ && result.outcome == Outcome::waiting && !result.again && open(item.name))
      result.again = clock_.wall() + look_again();
    bool const news = is_news(result);
    if (news && result.expected) said_[item.name] = *result.expected;
    if (result.outcome == Outcome::done && item.state_only && !item.open_steps.empty()) {
      // Which of its changes the lost answer named is not known, so none may be cancelled for the second write.
      result.outcome = Outcome::waiting;
      result.message =
          fmt::format("created as {}; {} is still to be written", item.id, json::dotted(json::common(item.open_steps)));
      result.next =
          item.live.pending.empty() ? "run cpsctl apply again" : "run cpsctl apply again once its change has ended";
    }
    if (result.outcome == Outcome::done && item.state_only && item.proven != 0 && !item.changes.empty()) {
      result.outcome = Outcome::waiting;
      result.message = fmt::format("recorded as {}; the manifest was edited since it was sent", item.id);
      result.next = "run cpsctl apply again: it brings what was edited";
    }
    if (options_.progress && news) options_.progress(result);
    results_.insert_or_assign(item.name, std::move(result));
  }

  http::Task<> round(plan::Plan const& plan) {
    auto const items = in_order(plan, executor_);
    for (plan::Item const* item : items) results_.insert_or_assign(item->name, untouched(*item));
    for (plan::Item const& item : plan.items)
      if (item.action == plan::Action::none && results_.contains(item.name)) results_[item.name] = fulfilled(item);
    auto const first_delete = std::ranges::find_if(items, [](plan::Item const* item) { return destroys(*item); });
    std::vector<plan::Item const*> const others(items.begin(), first_delete);
    std::vector<plan::Item const*> const deletes(first_delete, items.end());
    co_await all(others);
    // Something that failed, or is not done yet, may have been meant to take the place of what is to go.
    std::set<std::string> going;
    for (plan::Item const* item : deletes) going.insert(item->name);
    auto const of_others = [&](auto const& one) { return !going.contains(one.first); };
    bool const clean =
        std::ranges::none_of(results_, [&](auto const& one) { return of_others(one) && went_wrong(one.second); });
    if (clean) {
      co_await all(deletes);
      co_return;
    }
    if (stopped()) co_return;
    for (plan::Item const* item : deletes)
      results_[item->name].message = "not deleted: something else of this run did not succeed";
  }

  http::Task<> all(std::vector<plan::Item const*> const& items) {
    std::function<bool()> const stop = [this] { return stopped(); };
    std::function<http::Task<>(std::size_t)> const step = [this, &items](std::size_t index) {
      return carry_out(*items[index]);
    };
    // While the result of one is written down the request of another may be under way; one at a time stays one.
    std::size_t const hands = options_.parallelism > 1 ? 2 * options_.parallelism : 1;
    co_await http::crew(loop_, hands, items.size(), stop, step);
  }

  static ItemResult fulfilled(plan::Item const& item) {
    ItemResult result = result_of(item, Outcome::done);
    result.message = item.reason;
    return result;
  }

  std::optional<WallTime> next_look() const {
    std::optional<WallTime> first;
    for (auto const& [name, result] : results_)
      if (result.again) first = std::min(first.value_or(*result.again), *result.again);
    return first;
  }

  /// Who is looked at again: what is not decided, and the deletes that wait for it.
  std::set<std::string> unfinished() const {
    bool const deletes = std::ranges::none_of(results_, [](auto const& one) { return out_of_luck(one.second); });
    std::set<std::string> names;
    for (auto const& [name, result] : results_) {
      bool const held = result.outcome == Outcome::skipped && result.action == plan::Action::delete_;
      if (result.again || (deletes && held)) names.insert(name);
    }
    return names;
  }

  /// False when there is no time for it, or somebody ends the run.
  http::Task<bool> wait_until(WallTime when) {
    Duration const wait = std::max<Duration>(std::chrono::ceil<Duration>(when - clock_.wall()), Duration{});
    if (options_.deadline - clock_.steady() <= wait) co_return false;
    auto const open = std::ranges::count_if(results_, [](auto const& one) { return one.second.again.has_value(); });
    if (wait > Duration{})
      log::info("waiting for {}: CPS's list is looked at again at {}, in {}",
                text::counted(static_cast<std::size_t>(open), "enrollment"), timestamp(when), duration_text(wait));
    bool const slept = co_await loop_.sleep_until(clock_.steady() + wait);
    co_return slept && !stopped();
  }

  ApplyResult summed_up() const {
    ApplyResult result{.spent = writer_.session().counters(), .error = error_};
    for (auto const& [name, one] : results_) result.items.push_back(one);
    bool const begun_all =
        std::ranges::none_of(result.items, [](auto const& one) { return one.outcome == Outcome::skipped; });
    result.stopped = !begun_all && out_of_time();
    return result;
  }

  cps::Writer& writer_;
  http::Loop& loop_;
  state::Store& store_;
  Clock const& clock_;
  ApplyOptions options_;
  Snapshots snapshots_;
  Spacing spacing_;
  Journal journal_;
  http::Gate gate_;
  Executor executor_;
  std::map<std::string, ItemResult> results_ = {};
  std::map<std::string, WallTime> said_ = {};  ///< when people were told to expect a create
  std::optional<Error> error_ = {};
  bool later_ = false;  ///< the first round is over
};

}  // namespace

http::Task<ApplyResult> run(plan::Plan const& plan, Listings listings, cps::Writer& writer, http::Loop& loop,
                            state::Store& store, Clock const& clock, ApplyOptions options) {
  Run run(writer, loop, store, clock, std::move(options), std::move(listings));
  auto result = co_await run.to_the_end(plan);
  co_return result;
}

}  // namespace cpsctl::apply
