#include "apply/apply.hpp"

#include "apply/executor.hpp"
#include "apply/rounds.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/crew.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

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
        trace_(store, loop, clock, writer.session().options().timeout),
        gate_(loop, options_.parallelism),
        freed_(loop),
        executor_({.writer = writer,
                   .snapshots = snapshots_,
                   .spacing = spacing_,
                   .trace = trace_,
                   .store = store,
                   .certify = options_.certify,
                   .publishers = options_.publishers},
                  gate_, look_again(), [this] { return stopped(); }) {
    // Creates that a run before this one saw refused: their contracts go on one at a time.
    for (state::Record const& intent : store.contents().open_intents) remember(intent);
  }

  http::Task<ApplyResult> to_the_end(plan::Plan const& plan) {
    co_await tend(plan);
    co_await round(plan);
    for (;;) {
      auto const when = next_look(results_);
      if (!options_.plan_again || !when || stopped()) break;
      bool const in_time = co_await wait_until(*when);
      if (!in_time) break;
      std::set<plan::Key> items = unfinished(results_);
      auto again = co_await options_.plan_again(std::move(items));
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
    auto const saved = trace_.broken() ? Result<>(*trace_.broken()) : store_.save();
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
    executor_.tally().remember_conflict({intent.name});
  }

  bool open(std::string const& name) const {
    return std::ranges::count(store_.contents().open_intents, name, &state::Record::name) > 0;
  }

  /// That it goes on waiting is no news, unless it takes longer than was said.
  bool is_news(ItemResult const& result) {
    if (!result.again || !later_) return true;
    if (!result.expected) return false;
    auto const said = said_.find(result.key());
    return said == said_.end() || *result.expected > said->second + std::chrono::minutes(1);
  }

  bool out_of_time() const { return (options_.stop && options_.stop()) || clock_.steady() >= options_.deadline; }
  bool stopped() const { return trace_.broken().has_value() || executor_.unauthorized() || out_of_time(); }

  /// Takes away values that nobody needs, and puts back those that have gone. What a publisher cannot do now the next
  /// run tries again.
  http::Task<> tend(plan::Plan const& plan) {
    plan::Publications const& all = plan.publications;
    if (options_.publishers == nullptr || stopped()) co_return;
    std::vector<state::Publication> gone = all.shared;
    if (!all.needless.empty()) {
      auto const taken = co_await options_.publishers->withdraw(all.needless);
      gone.insert(gone.end(), taken.begin(), taken.end());
    }
    if (!gone.empty()) {
      auto const noted = co_await trace_.withdrawn(std::move(gone));
      if (!noted) co_return;  // which breaks the run
    }
    std::vector<state::Publication> needed = all.needed;
    std::erase_if(needed, [&plan](state::Publication const& one) { return is_published_by(plan, one.change); });
    if (needed.empty()) co_return;
    auto const again = co_await options_.publishers->publish(std::move(needed), manifest::DvCheck::none);
    if (auto const* const failed = std::get_if<Error>(&again.standing))
      log::warning("what is published was not looked after: {}", describe(*failed));
  }

  /// Does an item of the plan publish what this change asks for?
  static bool is_published_by(plan::Plan const& plan, std::int64_t change) {
    return std::ranges::any_of(plan.items, [change](plan::Item const& item) {
      plan::Advance const* const advance = plan::advance_of(item);
      return advance != nullptr && advance->change.id.value == change &&
             std::holds_alternative<lifecycle::Publishes>(advance->next.due);
    });
  }

  http::Task<> carry_out(plan::Item const& item) {
    // One after another of an enrollment: what is recorded of it first is there for its change.
    while (busy_.contains(item.name)) co_await freed_.wait();
    busy_.insert(item.name);
    co_await carry_alone(item);
    busy_.erase(item.name);
    freed_.notify_all();
  }

  http::Task<> carry_alone(plan::Item const& item) {
    ItemResult result = co_await executor_.carry_out(item);
    bool const undecided = later_ && result.outcome == Outcome::waiting && !result.again && open(item.name);
    if (undecided && executor_.tally().another_doubt(item.key())) result.again = clock_.wall() + look_again();
    bool const news = is_news(result);
    if (news && result.expected) said_[item.key()] = *result.expected;
    result = with_what_is_left(item, std::move(result));
    if (options_.progress && news) options_.progress(result);
    results_.insert_or_assign(item.key(), std::move(result));
  }

  http::Task<> round(plan::Plan const& plan) {
    auto const items = in_order(plan, executor_.tally());
    for (plan::Item const* item : items) results_.insert_or_assign(item->key(), untouched(*item));
    for (plan::Item const& item : plan.items)
      if (item.action() == plan::Action::none && results_.contains(item.key())) results_[item.key()] = fulfilled(item);
    auto const first_delete = std::ranges::find_if(items, [](plan::Item const* item) { return destroys(*item); });
    std::vector<plan::Item const*> const others(items.begin(), first_delete);
    std::vector<plan::Item const*> const deletes(first_delete, items.end());
    co_await all(others);
    if (may_delete(results_, deletes)) {
      co_await all(deletes);
      co_return;
    }
    if (stopped()) co_return;
    for (plan::Item const* item : deletes)
      results_[item->key()].message = "not deleted: something else of this run did not succeed";
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
    for (auto const& [key, one] : results_) result.items.push_back(one);
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
  Trace trace_;
  http::Gate gate_;
  std::set<std::string> busy_ = {};  ///< names of which an item is carried out just now
  http::Event freed_;
  Executor executor_;
  Results results_ = {};
  std::map<plan::Key, WallTime> said_ = {};  ///< when people were told to expect a create
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
