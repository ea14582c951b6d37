#include "apply/apply.hpp"

#include "base/fields.hpp"
#include "cli/commands.hpp"
#include "cli/manifests.hpp"
#include "cli/output.hpp"
#include "cli/planning.hpp"
#include "report/result.hpp"
#include "state/lock.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <poll.h>

#include <fmt/ostream.h>
#include <unistd.h>

namespace cpsctl::cli {
namespace {

report::ResultRow row_of(apply::ItemResult const& item) {
  return {.name = item.name,
          .action = fields::word(item.action),
          .outcome = fields::word(item.outcome),
          .id = item.id,
          .changes = item.changes,
          .message = item.message,
          .next = item.next};
}

std::vector<report::ResultRow> rows_of(apply::ApplyResult const& result) {
  std::vector<report::ResultRow> rows;
  rows.reserve(result.items.size());
  std::ranges::transform(result.items, std::back_inserter(rows), row_of);
  return rows;
}

/// What one item's outcome says about the run.
Exit exit_of(apply::ItemResult const& item) {
  switch (item.outcome) {
    case apply::Outcome::done: return Exit::done;
    case apply::Outcome::blocked: return Exit::refused;
    case apply::Outcome::doubt:
    case apply::Outcome::skipped: return Exit::again;
    case apply::Outcome::failed: {
      bool const out_of_time = item.code == Errc::timeout || item.code == Errc::cancelled;
      if (out_of_time) return Exit::again;
      return item.code == Errc::unauthorized ? Exit::unauthorized : Exit::failed;
    }
  }
  return Exit::bug;
}

Exit exit_of(apply::ApplyResult const& result, bool detailed) {
  Exit worst = Exit::done;
  bool at_work = false;
  for (apply::ItemResult const& item : result.items) {
    worst = worse(worst, exit_of(item));
    at_work = at_work || !item.changes.empty();
  }
  if (result.stopped) worst = worse(worst, Exit::again);
  return detailed && at_work ? worse(worst, Exit::changes) : worst;
}

/// Asks on the terminal; anything but yes is no, and so is a signal.
bool confirmed(World& world, Signals const& signals) {
  constexpr int look_at_signals_ms = 100;
  fmt::print(world.err, "\nApply this plan? Only \"yes\" is taken as yes: ");
  world.err.flush();
  for (;;) {
    if (signals.received() != 0) return false;
    pollfd terminal{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&terminal, 1, look_at_signals_ms) > 0) break;
  }
  std::string answer;
  std::getline(world.in, answer);
  return answer == "yes";
}

/// One line per finished item; on a terminal also a line that counts.
class Progress {
 public:
  Progress(Connection& connection, Options const& options, World& world, std::size_t items)
      : connection_(connection),
        world_(world),
        style_(style_for(options.global, world, world.err_is_terminal)),
        quiet_(options.global.log_level > log::Level::info),
        live_(world.err_is_terminal && options.global.log_format == log::Format::text),
        as_log_(options.global.log_format == log::Format::json),
        left_(items) {}

  void operator()(apply::ItemResult const& item) {
    if (left_ > 0) --left_;
    if (quiet_) return;
    if (as_log_) {
      log::info("{}: {} {}", item.name, fields::word(item.action), fields::word(item.outcome));
      return;
    }
    if (live_) fmt::print(world_.err, "\r\x1b[K");
    report::progress_line(row_of(item), style_, world_.err);
    if (live_ && left_ > 0) {
      Duration const rest = connection_.session->governor(connection_.default_account).estimate(left_);
      fmt::print(world_.err, "{} left, about {}", left_, duration_text(rest));
    }
    world_.err.flush();
  }

 private:
  Connection& connection_;
  World& world_;
  report::Style style_;
  bool quiet_;
  bool live_;
  bool as_log_;
  std::size_t left_;
};

Product result_product(apply::ApplyResult const& result, plan::Plan const& plan) {
  report::ResultFacts const facts{
      .realm = plan.realm, .requests = result.requests, .throttles = result.throttles, .stopped = result.stopped};
  auto const rows = rows_of(result);
  return {
      .text = [rows, facts](std::ostream& out, report::Style style) { report::result_text(rows, facts, style, out); },
      .json = [rows, facts] { return report::result_document(rows, facts); },
      .md = [rows, facts, &plan] { return report::result_markdown(rows, facts, plan); },
      .junit = [rows, &plan] { return report::result_junit(rows, plan); }};
}

/// The whole command once there is something to work with; every early end has been said already.
class Applying {
 public:
  Applying(Options const& options, Settings const& settings, World& world, Signals& signals)
      : options_(options), settings_(settings), world_(world), signals_(signals) {}

  Exit run(manifest::Loaded loaded) {
    auto connection = connect(options_, settings_, world_);
    if (!connection) return failed(connection.error());
    std::string const run_id = world_.random.uuid();
    auto const folder = world_.files.make_folders(std::filesystem::path(settings_.state).parent_path());
    if (!folder) return failed(folder.error());
    auto const lock = state::Lock::take(settings_.state, state::own_lease(run_id, "cpsctl apply", world_.clock),
                                        settings_.lock_timeout, world_.clock);
    if (!lock) return failed(lock.error());
    auto const store = state::Store::open(settings_.state, connection->realm, run_id, world_.files);
    if (!store) return failed(store.error());
    for (std::string const& note : (*store)->contents().notes) log::warning("{}", note);

    auto const handler = signals_.on_first([this, &connection] {
      connection->loop->post(
          [this, &connection] { planning_ ? connection->session->cancel() : connection->session->stop_waiting(); });
    });
    auto const plan = connection->loop->run(read_and_plan(cps::Reader(*connection->session), *connection,
                                                          std::move(loaded), (*store)->contents(), settings_, world_));
    if (!plan) return failed(plan.error());
    planning_ = false;
    return carry_out(*plan, *connection, **store);
  }

 private:
  Exit failed(Error const& error) {
    Exit const exit = fail(error, options_.global, world_);
    return signals_.received() != 0 ? signals_.exit() : exit;
  }

  Exit carry_out(plan::Plan const& plan, Connection& connection, state::Store& store) {
    report::plan_text(plan, cost_of(plan, connection, settings_),
                      style_for(options_.global, world_, world_.err_is_terminal), world_.err);
    if (plan.work() && !options_.yes && !confirmed(world_, signals_))
      return failed(
          {.code = Errc::guard_rail, .message = "not applied: the answer was not yes", .next = "run it again"});

    cps::Writer writer(*connection.session);
    std::size_t const open = static_cast<std::size_t>(
        std::ranges::count_if(plan.items, [](plan::Item const& item) { return item.action != plan::Action::none; }));
    Progress progress(connection, options_, world_, open);
    auto const result =
        connection.loop->run(apply::run(plan, writer, *connection.loop, store, world_.clock,
                                        {.parallelism = settings_.parallelism,
                                         .deadline = settings_.deadline,
                                         .stop = [this] { return signals_.received() != 0; },
                                         .progress = [&progress](apply::ItemResult const& item) { progress(item); }}));
    if (!result) return failed(result.error());
    Exit const exit =
        delivered(result_product(*result, plan), exit_of(*result, options_.detailed_exitcode), options_.global, world_);
    if (signals_.received() == 0) return exit;
    fmt::print(world_.err, "Stopped by a signal; everything is saved. Go on with: cpsctl apply\n");
    return signals_.exit();
  }

  Options const& options_;
  Settings const& settings_;
  World& world_;
  Signals& signals_;
  std::atomic<bool> planning_ = true;
};

}  // namespace

/// cpsctl apply: plans, asks, carries out, saves.
Exit run_apply(Options const& options, World& world) {
  Signals signals;
  bool const can_ask = world.in_is_terminal && world.err_is_terminal && !options.global.no_input;
  if (!options.yes && !can_ask)
    return fail({.code = Errc::usage,
                 .message = "apply asks before it writes, and there is no terminal to ask on",
                 .next = "look at cpsctl plan, then run cpsctl apply --yes"},
                options.global, world);
  auto wanted = read_wanted(options, world);
  if (!wanted) return fail(wanted.error(), options.global, world);
  return Applying(options, wanted->settings, world, signals).run(std::move(wanted->loaded));
}

}  // namespace cpsctl::cli
