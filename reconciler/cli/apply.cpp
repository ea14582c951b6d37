#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/planning.hpp"
#include "cli/writing.hpp"
#include "manifest/saved.hpp"
#include "plan/document.hpp"
#include "plan/saved.hpp"
#include "report/wording.hpp"
#include "schema/schema.hpp"
#include "state/realm.hpp"

#include <algorithm>
#include <atomic>
#include <poll.h>

#include <fmt/ostream.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace cpsctl::cli {
namespace {

/// Asks on the terminal; anything but yes is no, and so is a signal.
bool confirmed(World& world, Signals const& signals) {
  constexpr int look_at_signals_ms = 100;
  fmt::print(world.err, "\nApply this plan? Only \"yes\" is taken as yes: ");  // past the door: no line
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

/// The whole command once there is something to work with; every early end has been said already.
class Applying {
 public:
  Applying(Options const& options, Settings settings, World& world, Signals& signals)
      : options_(options), settings_(std::move(settings)), world_(world), signals_(signals) {}

  Exit manifests(Wanted wanted) {
    return run([&wanted, this](Connection& connection, state::Contents const& contents) -> Result<plan::Inputs> {
      plan::Inputs inputs = inputs_for(std::move(wanted), connection, contents, world_);
      CPS_CHECK(check_words(inputs));
      return inputs;
    });
  }

  Exit saved(plan::PlanView plan) {
    saved_ = std::move(plan);
    return run([this](Connection& connection, state::Contents const& contents) -> Result<plan::Inputs> {
      plan::Inputs inputs = inputs_for({.settings = settings_, .loaded = {}}, connection, contents, world_);
      plan::restrict_to(*saved_, inputs);
      return inputs;
    });
  }

 private:
  static constexpr char const* add_sandbox =
      "the plan was made in a sandbox: add --sandbox=DIR with its folder, or use its credentials";

  using MakeInputs = std::function<Result<plan::Inputs>(Connection&, state::Contents const&)>;

  Exit run(MakeInputs const& make_inputs) {
    auto connection = connect(options_, settings_, world_);
    if (!connection) return failed(of_this_plan(connection.error()));
    auto const ours = made_for(*connection);
    if (!ours) return failed(ours.error());
    auto writing = begin_writing("cpsctl apply", connection->realm, connection->host, settings_, world_, &signals_);
    if (!writing) return failed(writing.error());

    auto const handler = signals_.on_first([this, &connection] {
      connection->loop->post(
          [this, &connection] { planning_ ? connection->session->cancel() : connection->session->stop_waiting(); });
    });
    auto known = make_inputs(*connection, writing->store->contents());
    if (!known) return failed(known.error());
    cps::Reader reader(*connection->session);
    auto inputs = connection->loop->run(read_account(reader, *connection, std::move(*known)));
    if (!inputs) return failed(inputs.error());
    auto plan = plan::make_plan(*inputs);
    if (!plan) return failed(plan.error());
    if (saved_) plan = plan::agreed(*saved_, std::move(*plan), begun(writing->store->contents()));
    planning_ = false;
    return confirm_and_carry_out(*plan, plan::view(*plan), std::move(inputs->listings), *connection, *writing->store);
  }

  bool made_in_sandbox() const { return saved_ && state::realm_of(saved_->realm) == state::sandbox_realm; }

  /// Who lacks credentials for a plan of a sandbox has forgotten --sandbox, most likely.
  Error of_this_plan(Error error) const {
    if (made_in_sandbox() && !options_.global.sandbox && error.code == Errc::unauthorized) error.next = add_sandbox;
    return error;
  }

  /// Is the saved plan, if there is one, about what this run talks to? Its head says so, and was read.
  Result<> made_for(Connection const& connection) const {
    if (!saved_) return {};
    std::string const realm = state::realm_of(saved_->realm);
    auto const other = [](std::string const& made, std::string const& now, std::string next) {
      return Error{.code = Errc::manifest,
                   .message = fmt::format("the plan was made for {}, this run talks to {}", made, now),
                   .next = std::move(next)};
    };
    if (realm != connection.realm)
      return other(saved_->realm, connection.realm,
                   made_in_sandbox() ? add_sandbox : "use the credentials that it was made with");
    auto const words = [](std::string const& account) {
      return account.empty() ? std::string("the API client's own account") : "account " + account;
    };
    if (saved_->account == connection.default_account) return {};
    return other(words(saved_->account), words(connection.default_account),
                 "use the credentials and the --account-key that it was made with");
  }

  /// What an earlier run has begun and not ended: its answer was lost, or its second write.
  static std::set<std::string> begun(state::Contents const& contents) {
    std::set<std::string> names;
    for (state::Record const& intent : contents.open_intents) names.insert(intent.name);
    for (auto const& [name, entry] : contents.entries)
      if (!entry.open_steps.empty()) names.insert(name);
    return names;
  }

  Exit failed(Error const& error) { return signals_.exit_or(fail(error, options_.global, world_)); }

  Result<> approved(plan::PlanView const& plan) const {
    auto const& wanted = options_.guard.approved;
    if (!wanted) return {};
    if (wanted->empty())
      return Error{.code = Errc::stale,
                   .message = "--approved names no digest: it is empty",
                   .next = "give the digest of the plan that was approved (is the variable set?)"};
    std::string const digest = plan::digest(saved_ ? *saved_ : plan);
    if (digest == *wanted) return {};
    if (!saved_ && report::quiet(plan)) {  // a run that is repeated has done it before
      log::info("nothing is left to do; the approved digest was not compared");
      return {};
    }
    return Error{.code = Errc::stale,
                 .message = fmt::format("this is not the plan that was approved: its digest is {}", digest),
                 .next = "have the plan above approved, and use the same paths and flags for both"};
  }

  /// `seen`: the view of the plan.
  Exit confirm_and_carry_out(plan::Plan const& plan, plan::PlanView const& seen, apply::Listings listings,
                             Connection& connection, state::Store& store) {
    auto const agreed = approved(seen);
    // Who is asked, or has to look again, sees it in any case.
    bool const shown = options_.global.log_level <= log::Level::info || !agreed || (seen.work() && !options_.yes);
    if (shown)
      report::plan_text(seen, cost_of(seen, connection, settings_, store.contents()),
                        style_for(options_.global, world_, world_.err_is_terminal), world_.err);
    if (!agreed) return failed(agreed.error());
    if (seen.work() && !options_.yes && !confirmed(world_, signals_))
      return failed({.code = Errc::guard_rail, .message = "not applied: the answer was not yes"});

    PlanAgain again = [&, this](std::set<std::string> names) {
      return plan_again(seen, std::move(names), connection, store);
    };
    auto const result = cli::carry_out(plan, seen, std::move(listings), std::move(again), connection, store, options_,
                                       settings_, world_, signals_);
    Exit const exit = delivered(result, {.plan = seen, .plan_shown = shown}, options_, world_);
    if (signals_.received() == 0) return exit;
    screen::line(world_.err, "Stopped by a signal; everything is saved. Go on with: {}",
                 report::next_step(saved_ ? "cpsctl apply --plan " + text::printable(*options_.plan) : "cpsctl apply",
                                   {.flags = settings_.flags}));
    return signals_.exit();
  }

  /// What is left of the plan that was agreed on; nothing is written that it did not show.
  http::Task<Result<apply::Round>> plan_again(plan::PlanView const& agreed_on, std::set<std::string> names,
                                              Connection& connection, state::Store const& store) {
    plan::PlanView const left = plan::select(agreed_on, names);
    plan::Inputs known = inputs_for({.settings = settings_, .loaded = {}}, connection, store.contents(), world_);
    plan::restrict_to(left, known);
    cps::Reader const reader(*connection.session);
    auto inputs = co_await read_account(reader, connection, std::move(known));
    if (!inputs) co_return std::move(inputs).error();
    auto fresh = plan::make_plan(*inputs);
    if (!fresh) co_return std::move(fresh).error();
    co_return apply::Round{.plan = plan::agreed(left, std::move(*fresh), names),
                           .listings = std::move(inputs->listings)};
  }

  Options const& options_;
  Settings settings_;
  World& world_;
  Signals& signals_;
  std::optional<plan::PlanView> saved_ = {};
  std::atomic<bool> planning_ = true;
};

Result<plan::PlanView> read_plan(std::string const& file, World& world) {
  auto const text = world.files.read(file, longest_plan);
  if (!text) {
    Error error = text.error();
    if (error.next.empty())
      error.next =
          fmt::format("check the path, or save a plan there: cpsctl plan --out json={}", text::printable(file));
    return error;
  }
  CPS_TRY(plan::PlanView plan, plan::read_document(*text, file));
  for (plan::ItemView& item : plan.items) {
    auto const checked = item.desired ? manifest::check_saved(*item.desired) : Result<>();
    if (!checked) return Error(checked.error()).within("reading " + file);
  }
  return plan;
}

/// May the call take a saved plan? What it is about was said when it was made; where nobody is asked, the caller must
/// say which one was approved.
Result<> check_plan_call(Options const& options, bool can_ask) {
  SelectionOptions const& selection = options.selection;
  bool const selects = !selection.labels.empty() || !selection.names.empty() || !selection.contracts.empty();
  if (!options.paths.empty() || selects)
    return Error{.code = Errc::usage,
                 .message = "--plan is carried out as it is: PATHs and selection belong to cpsctl plan",
                 .next = "make the plan with them, or leave them out"};
  if (can_ask || options.guard.approved) return {};
  return Error{.code = Errc::usage,
               .message = "there is no terminal to ask on, and --plan does not say which plan was approved",
               .next = fmt::format("look at cpsctl show {0}, then add --approved with the digest that it prints",
                                   text::printable(*options.plan))};
}

/// The flags that a consent stands for.
std::vector<std::string> flags_of(plan::Consent const& consent) {
  std::vector<std::string> flags;
  auto const names = [&flags](char const* flag, std::vector<std::string> const& each) {
    for (std::string const& name : each) flags.push_back(fmt::format("{} {}", flag, text::printable(name)));
  };
  if (consent.allow_delete) flags.emplace_back("--allow-delete");
  if (consent.allow_delete && consent.max_deletes > 0)
    flags.push_back(fmt::format("--max-deletes {}", consent.max_deletes));
  if (consent.max_changes) flags.push_back(fmt::format("--max-changes {}", *consent.max_changes));
  if (consent.max_changes_percent) flags.push_back(fmt::format("--max-changes {}%", *consent.max_changes_percent));
  names("--confirm-delete", consent.confirm_delete);
  names("--recreate", consent.recreate);
  names("--override-renewal-window", consent.override_renewal_window);
  if (consent.on_pending) flags.push_back(fmt::format("--on-pending {}", fields::word(*consent.on_pending)));
  return flags;
}

/// The part of a plan's consent that goes beyond what this run allows. A plan is a file: who can write it must not be
/// able to consent in the operator's name.
plan::Consent beyond(plan::Consent const& saved, plan::Consent const& allowed) {
  using manifest::OnPendingChange;
  auto const others = [](std::vector<std::string> names, std::vector<std::string> const& known) {
    std::erase_if(names, [&](std::string const& name) { return std::ranges::count(known, name) > 0; });
    return names;
  };
  plan::Consent more{.confirm_delete = others(saved.confirm_delete, allowed.confirm_delete),
                     .recreate = others(saved.recreate, allowed.recreate),
                     .override_renewal_window = others(saved.override_renewal_window, allowed.override_renewal_window)};
  if (saved.allow_delete && (!allowed.allow_delete || saved.max_deletes > allowed.max_deletes)) {
    more.allow_delete = true;
    more.max_deletes = saved.max_deletes;
  }
  auto const pending = saved.on_pending.value_or(OnPendingChange::refuse);
  bool const same = pending == allowed.on_pending ||
                    (pending == OnPendingChange::wait && allowed.on_pending == OnPendingChange::cancel);
  if (pending != OnPendingChange::refuse && !same) more.on_pending = pending;
  return more;
}

/// Is there a limit of changes that the plan was not held against?
bool loosens_changes(plan::Consent const& saved, plan::Consent const& allowed) {
  auto const looser = [](std::optional<std::int64_t> const& here, std::optional<std::int64_t> const& limit) {
    return limit && (!here || *here > *limit);
  };
  return looser(saved.max_changes, allowed.max_changes) ||
         looser(saved.max_changes_percent, allowed.max_changes_percent);
}

Result<> check_consent(plan::Consent const& saved, plan::Consent const& allowed) {
  if (auto const missing = flags_of(beyond(saved, allowed)); !missing.empty())
    return Error{
        .code = Errc::guard_rail,
        .message =
            fmt::format("the plan was made with consent that this call does not give: {}", fmt::join(missing, " ")),
        .next = "look at the plan with cpsctl show PLAN, then add these flags; or make the plan again without them"};
  if (!loosens_changes(saved, allowed)) return {};
  return Error{.code = Errc::guard_rail,
               .message = "the plan was made without the limit of changes that holds here (--max-changes)",
               .next = "make the plan again with it, or give --max-changes as the plan had it"};
}

}  // namespace

/// cpsctl apply: plans, or takes a saved plan; asks, carries out, saves.
Exit run_apply(Options const& options, World& world) {
  Signals signals;
  bool const can_ask = world.in_is_terminal && world.err_is_terminal && !options.global.no_input;
  if (!options.yes && !can_ask)
    return fail({.code = Errc::usage,
                 .message = "apply asks before it writes, and there is no terminal to ask on",
                 .next = fmt::format("look at the plan first: {}; then add --yes to the same command",
                                     options.plan ? "cpsctl show " + text::printable(*options.plan)
                                                  : std::string("cpsctl plan, with the same PATHs and flags"))},
                options.global, world);
  if (options.plan) {
    auto const fits = check_plan_call(options, can_ask);
    if (!fits) return fail(fits.error(), options.global, world);
    auto plan = read_plan(*options.plan, world);
    if (!plan) return fail(plan.error(), options.global, world);
    auto settings = make_settings(options, world);
    if (!settings) return fail(settings.error(), options.global, world);
    auto const covered = check_consent(plan->consent, settings->consent);
    if (!covered) return fail(covered.error(), options.global, world);
    return Applying(options, std::move(*settings), world, signals).saved(std::move(*plan));
  }
  auto wanted = read_wanted(options, world);
  if (!wanted) return fail(wanted.error(), options.global, world);
  Settings settings = wanted->settings;
  return Applying(options, std::move(settings), world, signals).manifests(std::move(*wanted));
}

/// cpsctl show: a saved plan, also a stale one.
Exit run_show(Options const& options, World& world) {
  auto const plan = read_plan(options.name, world);
  if (!plan) return fail(plan.error(), options.global, world);
  Product const product{.text =
                            [&](std::ostream& out, report::Style const& style) {
                              report::plan_text(*plan, {}, style, out);
                              if (!plan->changes()) screen::line(out, "Digest: {}", plan::digest(*plan));
                              auto const flags = flags_of(plan->consent);
                              screen::line(out, "Consent: {}",
                                           flags.empty() ? "none" : fmt::format("{}", fmt::join(flags, " ")));
                            },
                        .json = [&] { return plan::document(*plan); },
                        .md = [&] { return report::plan_markdown(*plan, {}); },
                        .junit = [&] { return report::plan_junit(*plan); }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
