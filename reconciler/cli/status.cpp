#include "report/status.hpp"

#include "base/log.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/change_rows.hpp"
#include "cli/command.hpp"
#include "cli/dates.hpp"
#include "cli/histories.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/polls.hpp"
#include "cli/status_rows.hpp"
#include "plan/dates.hpp"
#include "plan/turns.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

namespace cpsctl::cli {
namespace {

using report::Condition;

/// Of --watch without an INTERVAL.
constexpr char const* as_turns_come = "auto";

struct Asked {
  std::vector<std::string> names = {};  ///< globs like those of --name
  bool unmanaged = false;
  std::optional<Duration> expiring = {};
  std::string watch = {};  ///< empty: it looks once

  /// How often CPS is asked; nothing: as the changes' turns come. Errors: usage.
  Result<std::optional<Duration>> every() const {
    if (watch.empty() || watch == as_turns_come) return std::optional<Duration>();
    auto const interval = parse_duration(watch);
    if (interval && *interval > Duration()) return std::optional(*interval);
    return usage(fmt::format("--watch={} is no time between two looks", text::printable(watch)),
                 "write it as in --watch=30s, or leave it out");
  }
};

/// The manifests by name.
using Wanted = std::map<std::string, manifest::Desired const*>;

Wanted wanted(plan::Inputs const& inputs) {
  Wanted all;
  for (manifest::Desired const& one : inputs.desired) all.emplace(one.name, &one);
  return all;
}

manifest::Desired const* find(Wanted const& wanted, std::string const& name) {
  auto const found = wanted.find(name);
  return found == wanted.end() ? nullptr : found->second;
}

/// The time by CPS's clock, as its lists say it.
WallTime time_of(plan::Inputs const& inputs) {
  std::optional<WallTime> latest;
  for (auto const& [scope, listing] : inputs.listings)
    if (listing.answered && (!latest || *listing.answered > *latest)) latest = listing.answered;
  return latest.value_or(inputs.now);
}

/// A change of a row, as its own condition and the others say it.
void conclude(report::StatusRow& row) {
  report::settle_condition(row);
  for (report::ChangeRow const& change : row.changes) {
    bool const yours = change.who == lifecycle::Who::person;
    if (row.condition == Condition::waits_for_input && yours) row.since = change.since;
    if (row.condition == Condition::in_progress || row.condition == Condition::being_deleted)
      row.since = change.since.empty() ? change.begun : change.since;
    if (!row.since.empty()) return;
  }
}

/// When the certificate ends that the enrollment serves, if its row says so.
std::optional<WallTime> end_of(report::Status const& status, std::string const& name) {
  auto const row = std::ranges::lower_bound(status.enrollments, name, {}, &report::StatusRow::name);
  if (row == status.enrollments.end() || row->name != name) return std::nullopt;
  auto const ends = parse_timestamp(row->expires);
  return ends ? std::optional(*ends) : std::nullopt;
}

/// What one look at CPS gave.
struct Sight {
  report::Status status = {};
  bool pending = false;      ///< a change of what is shown is pending
  bool all = true;           ///< every change was looked at
  Exit unread = Exit::done;  ///< of what could not be read
};

/// Looks at CPS once, or again and again; what is remembered between two looks is here.
class Looks {
 public:
  Looks(Asked const& asked, Account& account, World& world) : asked_(asked), account_(account), world_(world) {}

  /// Errors: as read_manifests() and connect().
  Result<> begin() {
    CPS_TRY(std::optional<Duration> const every, asked_.every());
    CPS_TRY(manifests_, account_.read_manifests(Account::Manifests::if_any));
    CPS_CHECK(account_.connect());
    polls_.emplace(cps::slowest(account_.settings().windows), every);
    return {};
  }

  /// One list per contract, and what the changes and the dates need.
  Result<Sight> look() {
    CPS_CHECK(account_.look());
    plan::Inputs known = account_.inputs(manifests_);
    CPS_CHECK(check_words(known, asked_.unmanaged));
    // What a contract holds can be asked before anything of it is managed.
    if (asked_.unmanaged) list_too(known.selection.contracts, account_.connection().default_account, known);
    if (asked_.unmanaged && plan::scopes(known).empty())
      return usage("no contract is known here: there are neither manifests nor a state",
                   "name one: cpsctl status --unmanaged --contract ID");
    polls_->listed(plan::scopes(known).size(), now());
    CPS_TRY(plan::Inputs inputs, account_.ask(std::move(known)));
    CPS_TRY(inputs.live_ends, plan::live_ends(inputs));
    CPS_TRY(plan::Plan const plan, plan::make_plan(inputs));
    plan::PlanView const seen = plan::view(plan);
    Lives const lives(inputs);
    Sight sight{.status = {.now = time_of(inputs)}};
    auto& rows = sight.status.enrollments;
    if (asked_.unmanaged) {
      CPS_TRY(rows, unmanaged_rows(inputs, plan));
    } else {
      CPS_TRY(rows, managed_rows(inputs, seen, lives));
    }
    if (!asked_.unmanaged) {
      CPS_CHECK(read_dates(inputs, lives, sight));
      CPS_CHECK(read_changes(inputs, seen, lives, sight));
    }
    if (asked_.expiring) report::keep_expiring(*asked_.expiring, sight.status);
    sight.pending = std::ranges::any_of(rows, [&](report::StatusRow const& row) {
      cps::Live const* const live = lives.find(row.account, row.id);
      return live != nullptr && !live->pending.empty();
    });
    return sight;
  }

  SteadyTime next() const { return polls_->next(now()); }

 private:
  SteadyTime now() const { return world_.clock.steady(); }
  static bool named(plan::Inputs const& inputs) { return !inputs.selection.names.empty(); }

  /// Says once that something cannot be read.
  Exit failed(Error const& error, std::string const& what) {
    if (unread_.insert(what).second) log::error("{}: {}", what, describe(error));
    return exit_for(error.code);
  }

  /// When the certificates in production end: the state knows it, else those of named enrollments are read, unless they
  /// are known from an earlier look at the same changes.
  Result<> read_dates(plan::Inputs const& inputs, Lives const& lives, Sight& sight) {
    for (report::StatusRow& row : sight.status.enrollments)
      if (auto const end = inputs.live_ends.find(row.id); row.production && end != inputs.live_ends.end())
        row.expires = timestamp(end->second);
    if (!named(inputs)) return {};
    std::vector<Served> missing;
    for (report::StatusRow const& row : sight.status.enrollments) {
      cps::Live const* const live = row.production ? lives.find(row.account, row.id) : nullptr;
      if (live != nullptr && row.expires.empty() && !ends_.contains(key_of(row, *live)))
        missing.push_back({.name = row.name, .account = row.account, .enrollment = {row.id}});
    }
    CPS_TRY(auto const all, read_served(std::move(missing), account_.connection()));
    for (Served const& one : all) {
      if (one.failure)
        sight.unread = worse(sight.unread, failed(*one.failure, fmt::format("the certificate of {}", one.name)));
      cps::Live const* const live = lives.find(one.account, one.enrollment.value);
      if (!one.failure)
        ends_[{one.account, one.enrollment.value, plan::ids_of(live->pending)}] = plan::production_end(one.dates);
    }
    for (report::StatusRow& row : sight.status.enrollments) {
      cps::Live const* const live = row.production ? lives.find(row.account, row.id) : nullptr;
      if (live == nullptr) continue;
      auto const known = ends_.find(key_of(row, *live));
      if (known != ends_.end() && known->second) row.expires = timestamp(*known->second);
    }
    return {};
  }

  /// Requests are shared: of many pending changes a quarter of what CPS allows is spent on, unless they are named.
  std::size_t looks_allowed(plan::Inputs const& inputs) const {
    if (looked_) return polls_->room(now());
    auto const slowest = cps::slowest(account_.settings().windows);
    if (!slowest || named(inputs)) return std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(std::max(1, slowest->requests / 4));
  }

  /// Of the named ones whose changes were read just now; again once a change has moved on.
  Result<> read_histories_of(std::vector<ChangeSight> const& sights, plan::Inputs const& inputs, Sight& sight) {
    if (!named(inputs)) return {};
    std::map<Key, std::string> seen;
    std::vector<History> asked;
    for (ChangeSight const& one : sights) {
      if (!one.change) continue;
      Key const key(one.pending.account, one.pending.enrollment.value);
      if (!seen.contains(key))
        asked.push_back({.name = one.pending.name, .account = key.first, .enrollment = one.pending.enrollment});
      seen[key] += fmt::format("{} {} {}\n", one.pending.change.id.value, one.change->state_text, one.change->status);
    }
    std::erase_if(asked, [&](History const& one) {
      Key const key(one.account, one.enrollment.value);
      auto const known = histories_.find(key);
      return known != histories_.end() && known->second.seen == seen[key];
    });
    CPS_TRY(auto read, cli::read_histories(std::move(asked), account_.connection()));
    for (History& one : read) {
      Key const key(one.account, one.enrollment.value);
      if (one.failure)
        sight.unread = worse(sight.unread, failed(*one.failure, fmt::format("the history of {}", one.name)));
      else
        histories_[key] = {.seen = seen[key], .changes = std::move(one.changes)};
    }
    return {};
  }

  std::vector<PendingChange> turns(plan::Inputs const& inputs, std::vector<PendingChange> const& pending,
                                   Sight& sight) {
    std::size_t const allowed = looks_allowed(inputs);
    std::vector<PendingChange> due = polls_->due(pending, now(), allowed);
    sight.all = polls_->all_read();
    if (!sight.all && !looked_)
      log::info("{} of {} are looked at; name enrollments to see theirs", allowed,
                text::counted(pending.size(), "pending change"));
    looked_ = true;
    return due;
  }

  /// At the first look: those whose turn it is not, as the state has them. They cost nothing.
  std::vector<ChangeSight> recall(plan::Inputs const& inputs, std::vector<PendingChange> const& pending) {
    std::vector<ChangeSight> known;
    for (PendingChange const& one : pending) {
      auto const sight = looked_ ? std::nullopt : plan::recall(inputs, one.name, one.change);
      if (!sight) continue;
      polls_->next_turn(one, sight->recalled->turn - *sight->change->answered, now());
      known.push_back({.pending = one, .change = sight->change, .info = sight->info, .recalled = sight->recalled});
    }
    return known;
  }

  /// What the state has of it.
  static Remembered first_seen(plan::Inputs const& inputs, PendingChange const& change) {
    auto const& watches = inputs.entries.at(change.name).watches;
    auto const watch = std::ranges::find(watches, change.change.id.value, &state::Watch::change);
    Remembered remembered;
    if (auto const since = parse_timestamp(watch->since)) remembered.since = *since;
    if (auto const staging = parse_timestamp(watch->staging_since)) remembered.seen = *staging;
    return remembered;
  }

  /// Reads the pending changes of the rows whose turn it is, and tells what is due.
  Result<> read_changes(plan::Inputs const& inputs, plan::PlanView const& plan, Lives const& lives, Sight& sight) {
    CPS_TRY(std::vector<PendingChange> const pending, pending_changes(inputs, plan, lives));
    std::vector<ChangeSight> sights = recall(inputs, pending);
    CPS_TRY(auto read, look_at(turns(inputs, pending, sight), account_.connection()));
    std::ranges::move(read, std::back_inserter(sights));
    CPS_CHECK(read_histories_of(sights, inputs, sight));
    plan::ByKey const planned(plan);
    Wanted const manifests = wanted(inputs);
    Begun const begun = begun_of(account_.contents().history);
    for (ChangeSight const& one : sights) {
      PendingChange const& change = one.pending;
      bool const dated = one.change && one.change->answered;
      WallTime const answered = dated ? *one.change->answered : sight.status.now;
      Remembered const remembered = one.recalled ? first_seen(inputs, change) : polls_->looked(one, answered);
      auto const history = histories_.find({change.account, change.enrollment.value});
      auto const when = begun.find({change.enrollment.value, change.change.id.value});
      ToldChange told = tell_change(one, {.desired = find(manifests, change.name),
                                          .planned = planned.find({.name = change.name}),
                                          .live = lives.find(change.account, change.enrollment.value),
                                          .files = world_.files,
                                          .folder = account_.settings().project.folder,
                                          .asked = answered,
                                          .begun = when == begun.end() ? std::string() : when->second,
                                          .since = remembered.since,
                                          .staging_since = remembered.seen,
                                          .live_expires = end_of(sight.status, change.name),
                                          .history = history == histories_.end() ? nullptr : &history->second.changes});
      std::string const what = fmt::format("change {} of {}", change.change.id.value, change.name);
      if (!one.failure) unread_.erase(what);
      if (one.recalled)
        told.row.notes.push_back(report::as_of(one.recalled->read, one.recalled->turn));
      else
        polls_->next_turn(change, told.look_after, now());
      told_[{change.account, change.change.id.value}] = {
          .row = std::move(told.row), .unread = one.failure ? failed(*one.failure, what) : Exit::done};
    }
    show(pending, manifests, sight);
    return {};
  }

  /// What is known of the changes, and what follows from it.
  void show(std::vector<PendingChange> const& pending, Wanted const& manifests, Sight& sight) const {
    std::vector<report::StatusRow>& rows = sight.status.enrollments;
    for (PendingChange const& change : pending) {
      auto const told = told_.find({change.account, change.change.id.value});
      auto const row = std::ranges::lower_bound(rows, change.name, {}, &report::StatusRow::name);
      if (told == told_.end() || row == rows.end() || row->name != change.name) continue;
      std::erase(row->notes, plan::pending_note(change.change));
      row->changes.push_back(told->second.row);
      sight.unread = worse(sight.unread, told->second.unread);
    }
    for (report::StatusRow& row : rows) {
      conclude(row);
      manifest::Desired const* const desired = find(manifests, row.name);
      if (desired == nullptr || desired->lifecycle.hold.empty()) continue;
      std::string const hold = "on hold: " + desired->lifecycle.hold;
      bool const said = std::ranges::any_of(row.changes, [&hold](report::ChangeRow const& change) {
        return change.what.find(hold) != std::string::npos;
      });
      if (!said && std::ranges::count(row.notes, hold) == 0 && row.reason != hold) row.notes.push_back(hold);
    }
  }

  struct Told {
    report::ChangeRow row = {};
    Exit unread = Exit::done;
  };
  using Key = std::pair<std::string, std::int64_t>;  ///< account, enrollment
  struct Past {
    std::string seen = {};  ///< how its pending changes were then
    std::vector<cps::HistoryChange> changes = {};
  };
  using Dated = std::tuple<std::string, std::int64_t, std::vector<std::int64_t>>;  ///< account, enrollment, changes
  static Dated key_of(report::StatusRow const& row, cps::Live const& live) {
    return {row.account, row.id, plan::ids_of(live.pending)};
  }

  Asked const& asked_;
  Account& account_;
  World& world_;
  manifest::Loaded manifests_ = {};
  std::optional<Polls> polls_ = {};
  bool looked_ = false;
  std::map<std::pair<std::string, std::int64_t>, Told> told_ = {};  ///< by account and change
  std::map<Dated, std::optional<WallTime>> ends_ = {};
  std::map<Key, Past> histories_ = {};
  std::set<std::string> unread_ = {};  ///< what was said to be so
};

/// With --detailed-exitcode: CPS is at work, or may be (`all`: every change was looked at), or somebody else has to be.
Exit detailed_exit(Sight const& sight) {
  bool works = !sight.all;
  bool due = false;
  for (report::StatusRow const& row : sight.status.enrollments)
    for (report::ChangeRow const& change : row.changes) {
      if (!change.who) continue;
      bool const other = *change.who == lifecycle::Who::person || *change.who == lifecycle::Who::ca;
      (other ? due : works) = true;
    }
  if (works || (!due && sight.pending)) return Exit::changes;
  return due ? Exit::needs_action : Exit::done;
}

Product product_of(report::Status const& status, World& world) {
  return {.text = [&](std::ostream& out, report::Style const& style) { report::status_text(status, style, out); },
          .json = [&] { return report::status_document(status); },
          .others = forms_of(StatusDocument{.status = status}, world)};
}

Exit shown(Sight const& sight, Options const& options, World& world) {
  // A table has no place for it.
  std::string const unknown = report::unknown_words(sight.status);
  if (options.global.output == Format::csv && !unknown.empty()) log::warning("{}", unknown);
  Exit const fine = options.detailed_exitcode ? detailed_exit(sight) : Exit::done;
  return delivered(product_of(sight.status, world), worse(fine, sight.unread), options.global, world);
}

/// Shows what is new until nothing is pending.
class Watching {
 public:
  Watching(Options const& options, Account& account, World& world)
      : options_(options),
        account_(account),
        world_(world),
        redraws_(world.out_is_terminal && options.global.output == Format::text &&
                 world.environment("TERM").value_or("") != "dumb") {}

  Result<Exit> run(Looks& looks) {
    CPS_TRY(Sight sight, looks.look());
    if (redraws_) draw(sight.status);
    if (!redraws_ && sight.pending) log::info("watching {}", report::summary(sight.status));
    while (sight.pending && account_.signals().received() == 0) {
      SteadyTime const next = looks.next();
      if (next >= account_.settings().deadline) return ended(sight, Exit::again);
      if (!account_.pause(next)) break;
      auto again = looks.look();
      if (account_.signals().received() != 0) break;
      if (!again) {
        if (!passes(again.error())) return again.error();
        log::warning("{}; it is asked again", describe(again.error()));
        continue;
      }
      tell(sight.status, again->status);
      sight = std::move(*again);
    }
    return account_.signals().exit_or(ended(sight, Exit::done));
  }

 private:
  void tell(report::Status const& before, report::Status const& after) {
    std::vector<std::string> const lines = report::news(before, after);
    if (lines.empty()) return;
    if (redraws_) return draw(after);
    for (std::string const& line : lines) log::info("{}", line);
  }

  void clear() {
    world_.out << "\x1b[H\x1b[2J";  // past the door: our own code
  }

  void draw(report::Status const& status) {
    clear();
    report::status_text(status, style_for(options_.global, world_, true), world_.out);
    screen::line(world_.out, "Shown again when something is new; Ctrl-C ends it.");
    world_.out.flush();
  }

  Exit ended(Sight const& sight, Exit exit) {
    if (redraws_) clear();
    return worse(exit, shown(sight, options_, world_));
  }

  Options const& options_;
  Account& account_;
  World& world_;
  bool redraws_;
};

/// cpsctl status: one list per contract; for a pending change one request more, and one for what it waits for.
Result<Exit> run(Asked const& asked, Options options, World& world) {
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    Looks looks(asked, account, world);
    CPS_CHECK(looks.begin());
    if (!asked.watch.empty()) return Watching(options, account, world).run(looks);
    CPS_TRY(Sight const sight, looks.look());
    return shown(sight, options, world);
  });
}

}  // namespace

Command status_command() {
  return {
      .name = "status",
      .what = "Show what CPS has of each enrollment",
      .examples = {{{"cpsctl status shop-example-com", "one, with the end of its certificate"},
                    {"cpsctl status '*' --expiring 30d", "what ends soon"},
                    {"cpsctl status --watch", "what is new, until nothing is pending"}}},
      .document = Document::status,
      .works = Works::asking_cps,
      .takes = [](Flags& flags, Options& options) -> Run {
        auto const asked = std::make_shared<Asked>();
        flags.add({"NAME", "manifest names (default: all)", "", Names::enrollments}, asked->names);
        take_selection(flags, options);
        take_detailed(flags, options, "exit 2 while CPS works on a change, 3 when others must act");
        flags.add({"--unmanaged", "list enrollments in neither the state nor a manifest"}, asked->unmanaged);
        flags.add({"--expiring", "only what ends in production within this time, or has ended"}, asked->expiring);
        flags.maybe({"--watch", "show what is new until nothing is pending", "INTERVAL"}, asked->watch, as_turns_come);
        flags.exclude("--unmanaged", "--watch");
        flags.exclude("--unmanaged", "--expiring");
        return with(asked, run);
      }};
}

}  // namespace cpsctl::cli
