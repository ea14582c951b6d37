#include "cli/writing.hpp"

#include "base/fields.hpp"
#include "base/log.hpp"
#include "cli/places.hpp"
#include "cli/planning.hpp"
#include "cli/settings.hpp"
#include "state/author.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace cpsctl::cli {
namespace {

/// The plan says all there is to say of it: it is blocked, waits, or is being removed already.
bool told_by_plan(plan::ItemView const& item) {
  return !plan::acts(item);
}

/// `planned`: nullptr where the item has no plan.
report::ResultRow row_of(apply::ItemResult const& item, plan::ItemView const* planned) {
  bool const same = planned != nullptr && item.action == planned->action && item.message == planned->reason &&
                    item.next == planned->next;
  return {.name = item.name,
          .part = item.part,
          .action = item.action,
          .outcome = item.outcome,
          .id = item.id,
          .changes = item.changes,
          .message = item.message,
          .next = item.next,
          .state_only = planned != nullptr && planned->state_only,
          .gives_up = planned != nullptr && planned->action == plan::Action::advance && !planned->cancels.empty(),
          .in_plan = same && told_by_plan(*planned)};
}

/// What one item's outcome says about the run.
Exit exit_of(apply::ItemResult const& item) {
  switch (item.outcome) {
    case apply::Outcome::done:
    case apply::Outcome::due:
    case apply::Outcome::under_way: return Exit::done;
    case apply::Outcome::stale:
    case apply::Outcome::blocked: return Exit::refused;
    case apply::Outcome::waiting:
    case apply::Outcome::doubt: return Exit::again;
    // Errc::internal: its turn never came.
    case apply::Outcome::skipped: return item.code == Errc::internal ? Exit::again : exit_for(item.code);
    case apply::Outcome::failed: {
      bool const out_of_time =
          item.code == Errc::timeout || item.code == Errc::cancelled || item.code == Errc::rate_limited;
      if (out_of_time) return Exit::again;
      return item.code == Errc::unauthorized ? Exit::unauthorized : Exit::failed;
    }
  }
  return Exit::bug;
}

/// One line per finished item; on a terminal also a line that counts.
class ProgressLines {
 public:
  ProgressLines(Connection const& connection, GlobalOptions const& options, World& world, plan::PlanView const& plan)
      : connection_(connection),
        world_(world),
        style_(style_for(options, world, world.err_is_terminal)),
        quiet_(options.log_level > log::Level::info),
        live_(world.err_is_terminal && options.log_format == log::Format::text),
        as_log_(options.log_format == log::Format::json),
        planned_(plan),
        left_(open_items(plan)),
        requests_left_(requests_to_apply(plan)) {
    log::over_line(live_);
  }
  ~ProgressLines() {
    log::over_line(false);
    if (shown_) world_.err << "\r\x1b[K";  // past the door: our own code
  }
  ProgressLines(ProgressLines const&) = delete;
  ProgressLines& operator=(ProgressLines const&) = delete;

  void operator()(apply::ItemResult const& item) {
    if (!item.again) forget(item.key());
    if (quiet_) return;
    if (as_log_) {
      log::info("{}: {} {}", item.name, fields::word(item.action), fields::word(item.outcome));
      return;
    }
    plan::ItemView const* const planned = planned_.find(item.key());
    if (planned != nullptr && told_by_plan(*planned)) return;  // the plan or the result says it
    if (live_) world_.err << "\r\x1b[K";                       // past the door: our own code
    report::progress_line(row_of(item, planned), style_, world_.err);
    shown_ = live_ && !left_.empty();
    if (shown_)
      world_.err << left_.size() << " left, about "  // past the door: no line, and words of ours
                 << duration_text(connection_.session->estimate(requests_left_));
    world_.err.flush();
  }

 private:
  struct Open {
    std::string account;
    std::size_t requests;
  };
  static std::map<plan::Key, Open> open_items(plan::PlanView const& plan) {
    std::map<plan::Key, Open> open;
    for (plan::ItemView const& item : plan.items)
      if (item.action != plan::Action::none && item.action != plan::Action::orphan)
        open.emplace(item.key(), Open{.account = item.account, .requests = item.steps.size()});
    return open;
  }
  void forget(plan::Key const& key) {
    auto const one = left_.find(key);
    if (one == left_.end()) return;
    if (auto const left = requests_left_.find(one->second.account); left != requests_left_.end())
      left->second -= std::min(left->second, one->second.requests);
    left_.erase(one);
  }

  Connection const& connection_;
  World& world_;
  report::Style style_;
  bool quiet_;
  bool live_;
  bool as_log_;
  plan::ByKey planned_;
  std::map<plan::Key, Open> left_;
  cps::Requests requests_left_;
  bool shown_ = false;  ///< the line that counts stands there
};

/// The realm that the state names. Errors: io; usage when there is no state.
Result<std::string> recorded_realm(state::Backend const& backend) {
  CPS_TRY(state::Contents const contents, backend.read(""));
  if (contents.exists) return contents.realm;
  return usage(fmt::format("there is no state at {}", backend.describe()),
               "name it with --state, or go to the project with -C DIR");
}

/// Says what is odd about a state, with commands that can be copied.
void warn_of(state::Contents const& contents, Settings const& settings, std::vector<std::string> const& said = {}) {
  for (std::string const& note : contents.notes)
    if (std::ranges::find(said, note) == said.end())
      log::warning("{}", report::next_step(note, {.flags = settings.flags}));
}

/// Where the state of these settings lives. Errors: usage; io when git tracks it.
Result<std::unique_ptr<state::Backend>> backend_of(Settings const& settings, World& world) {
  CPS_CHECK(check_untracked(settings.state, world.files));
  return state::Backend::at(settings.state, world.files, world.clock);
}

}  // namespace

Result<Writing> begin_writing(std::string const& command, std::string const& realm, std::string const& host,
                              Settings const& settings, World& world, Signals const* signals) {
  std::string const run = world.random.uuid();
  Writing writing;
  CPS_TRY(writing.backend, backend_of(settings, world));
  std::string of = realm;
  if (realm.empty()) {
    CPS_TRY(of, recorded_realm(*writing.backend));
  }
  // Nobody waits for longer than the run may last.
  Duration const left = std::chrono::floor<Duration>(settings.deadline - world.clock.steady());
  Duration const at_most = std::min(settings.lock_timeout, std::max(left, Duration{}));
  state::Patience const patience{.at_most = at_most,
                                 .given_up = [signals] { return signals != nullptr && signals->received() != 0; },
                                 .begins =
                                     [&](Error const& held) {
                                       log::info("waiting up to {} for its end: {}", duration_text(at_most),
                                                 held.message);
                                     }};
  CPS_TRY(writing.lock, writing.backend->lock({.id = run, .command = command}, patience));
  CPS_TRY(writing.store,
          writing.backend->open({.realm = of, .host = host, .run = run, .by = state::author_of(world.environment)},
                                *writing.lock));
  warn_of(writing.store->contents(), settings);
  return writing;
}

Result<state::Contents> read_state(Settings const& settings, std::string const& realm, World& world,
                                   std::vector<std::string> const& said) {
  CPS_TRY(auto const backend, backend_of(settings, world));
  CPS_TRY(state::Contents contents, backend->read(realm));
  warn_of(contents, settings, said);
  return contents;
}

Error unknown_name(std::string const& name) {
  return usage(fmt::format("the state has no enrollment \"{}\"", name), "see: cpsctl state list");
}

std::function<void(apply::ItemResult const&)> progress_of(plan::PlanView const& plan, Connection const& connection,
                                                          GlobalOptions const& options, World& world) {
  return [lines = std::make_shared<ProgressLines>(connection, options, world, plan)](apply::ItemResult const& item) {
    (*lines)(item);
  };
}

namespace {

Product result_product(apply::ApplyResult const& result, Carried const& carried, World& world) {
  plan::PlanView const& plan = carried.plan;
  report::ResultFacts const facts{.title = carried.title,
                                  .realm = plan.realm,
                                  .requests = result.spent.requests,
                                  .retries = result.spent.retries,
                                  .throttles = result.spent.throttles,
                                  .waited = result.spent.waited,
                                  .stopped = result.stopped,
                                  .error = result.error};
  auto const rows = rows_of(result, plan);
  auto const text_of = [&rows](report::ResultFacts const& said) {
    return [rows, said](std::ostream& out, report::Style const& style) { report::result_text(rows, said, style, out); };
  };
  report::ResultFacts below = facts;
  below.plan_above = carried.plan_shown;
  return {.text = text_of(facts),
          .text_below_err = text_of(below),
          .json = [rows, facts] { return report::result_document(rows, facts); },
          .others = forms_of(ResultDocument{.rows = rows, .facts = facts, .plan = plan}, world)};
}

}  // namespace

std::vector<report::ResultRow> rows_of(apply::ApplyResult const& result, plan::PlanView const& plan) {
  plan::ByKey const planned(plan);
  std::vector<report::ResultRow> rows;
  rows.reserve(result.items.size());
  for (apply::ItemResult const& item : result.items) rows.push_back(row_of(item, planned.find(item.key())));
  return rows;
}

Exit exit_of(apply::ApplyResult const& result) {
  Exit worst = Exit::done;
  for (apply::ItemResult const& item : result.items) worst = worse(worst, exit_of(item));
  if (result.stopped) worst = worse(worst, Exit::again);
  return result.error ? worse(worst, exit_for(result.error->code)) : worst;
}

namespace {

/// Does work go on at CPS, whoever began it? What this run wrote ended what was pending before, or waits for it.
bool goes_on(apply::ApplyResult const& result, plan::PlanView const& plan) {
  std::set<plan::Key> written;
  std::set<std::string> due;  // a person has the next word there, not CPS
  for (apply::ItemResult const& item : result.items)
    if (item.outcome == apply::Outcome::due) due.insert(item.name);
  for (apply::ItemResult const& item : result.items) {
    if (!item.changes.empty() && !due.contains(item.name)) return true;
    if (item.outcome == apply::Outcome::done) written.insert(item.key());
  }
  return std::ranges::any_of(plan.items, [&](plan::ItemView const& item) {
    bool const sent = !item.steps.empty() && written.contains(item.key());
    return !sent && !due.contains(item.name) && !item.observed.pending.empty();
  });
}

}  // namespace

Exit delivered(apply::ApplyResult const& result, Carried const& carried, Options const& options, World& world) {
  if (result.error) say(*result.error, options.global, world);
  Exit exit = exit_of(result);
  bool const due = std::ranges::count(result.items, apply::Outcome::due, &apply::ItemResult::outcome) > 0;
  if (options.detailed_exitcode && due) exit = worse(exit, Exit::needs_action);
  if (options.detailed_exitcode && goes_on(result, carried.plan)) exit = worse(exit, Exit::changes);
  return delivered(result_product(result, carried, world), exit, options.global, world);
}

}  // namespace cpsctl::cli
