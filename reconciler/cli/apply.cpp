#include "base/log.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/command.hpp"
#include "cli/confirm.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/polls.hpp"
#include "cli/saved_plan.hpp"
#include "cli/sights.hpp"
#include "cli/waiting.hpp"
#include "plan/document.hpp"
#include "plan/saved.hpp"
#include "report/wording.hpp"
#include "state/realm.hpp"

#include <utility>

namespace cpsctl::cli {
namespace {

constexpr char const* submitted = "submitted";

struct Asked {
  std::optional<std::string> plan = {};      ///< --plan FILE
  std::optional<std::string> approved = {};  ///< the digest of what was approved
  bool yes = false;
  std::string wait = submitted;  ///< a lifecycle::Target
};

/// An empty one is left to apply, which refuses it: a variable of a pipeline that was not set.
std::string check_digest(std::string const& value) {
  bool const fits = value.size() == 64 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
  return value.empty() || fits ? "" : fmt::format("\"{}\" is not a digest: a digest has 64 hex digits", value);
}

/// May the call take a saved plan? What it is about was said when it was made; where nobody is asked, the caller must
/// say which one was approved.
Result<> check_plan_call(Asked const& asked, Options const& options, bool can_ask) {
  SelectionOptions const& selection = options.selection;
  bool const selects = !selection.labels.empty() || !selection.names.empty() || !selection.contracts.empty();
  if (!options.paths.empty() || selects)
    return usage("--plan is carried out as it is: PATHs and selection belong to cpsctl plan",
                 "make the plan with them, or leave them out");
  if (can_ask || asked.approved) return {};
  return usage("there is no terminal to ask on, and --plan does not say which plan was approved",
               fmt::format("look at cpsctl show {}, then add --approved with the digest that it prints",
                           text::printable(*asked.plan)));
}

using Looks = std::map<std::string, std::vector<plan::Advance>>;

/// The whole command; every early end is an error.
class Applying {
 public:
  Applying(Asked const& asked, Options const& options, Account& account, World& world)
      : asked_(asked), options_(options), account_(account), world_(world) {}

  Result<Exit> run() {
    bool const asks = can_ask(options_.global, world_);
    if (!asked_.yes && !asks)
      return usage("apply asks before it writes, and there is no terminal to ask on",
                   fmt::format("look at the plan first: {}; then add --yes to the same command",
                               asked_.plan ? "cpsctl show " + text::printable(*asked_.plan)
                                           : std::string("cpsctl plan, with the same PATHs and flags")));
    if (asked_.plan) {
      CPS_CHECK(check_plan_call(asked_, options_, asks));
      CPS_TRY(saved_, read_plan(*asked_.plan, world_));
      CPS_CHECK(account_.read_settings());
      CPS_CHECK(check_consent(saved_->consent, account_.settings().consent));
    } else {
      CPS_TRY(manifests_, account_.read_manifests());
    }
    if (auto const connected = account_.connect(); !connected) return of_this_plan(connected.error());
    CPS_CHECK(made_for(account_.connection()));
    CPS_CHECK(account_.open("cpsctl apply"));
    bool const again = asked_.wait != submitted;  // then they are planned with again
    plan::Inputs known = account_.inputs(again ? manifests_ : std::move(manifests_));
    if (saved_)
      plan::restrict_to(*saved_, known);
    else
      CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs inputs, see_account(std::move(known), account_, world_, {.learn_dates = true}));
    CPS_TRY(plan::Plan plan, plan::make_plan(inputs));
    CPS_CHECK(account_.note(inputs, plan));
    if (saved_) plan = plan::agreed(*saved_, std::move(plan), inputs.listings, begun(account_.contents()));
    return confirm_and_carry_out(plan, plan::view(plan), std::move(inputs.listings));
  }

 private:
  static constexpr char const* add_sandbox =
      "the plan was made in a sandbox: add --sandbox=DIR with its folder, or use its credentials";

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

  Result<> approved(plan::PlanView const& plan) const {
    auto const& wanted = asked_.approved;
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
  Result<Exit> confirm_and_carry_out(plan::Plan const& plan, plan::PlanView const& seen, apply::Listings listings) {
    auto const agreed = approved(seen);
    // Who is asked, or has to look again, sees it in any case.
    bool const shown = options_.global.log_level <= log::Level::info || !agreed || (seen.work() && !asked_.yes);
    if (shown)
      report::plan_text(seen, account_.cost_of(seen), style_for(options_.global, world_, world_.err_is_terminal),
                        world_.err);
    CPS_CHECK(agreed);
    if (seen.work() && !asked_.yes && !confirmed(world_, account_.signals(), "Apply this plan?"))
      return Error{.code = Errc::guard_rail, .message = "not applied: the answer was not yes"};

    PlanAgain again = [&, this](std::set<plan::Key> items) { return plan_again(seen, std::move(items)); };
    auto result = account_.carry_out(plan, seen, std::move(listings), std::move(again));
    Exit const waited = wait(plan, seen, result);
    result.spent = account_.connection().session->counters();
    Exit const carried = delivered(result, {.plan = seen, .plan_shown = shown}, options_, world_);
    Exit const exit = worse(carried, waited);
    if (account_.signals().received() == 0) return exit;
    screen::line(world_.err, "Stopped by a signal; everything is saved. Go on with: {}",
                 report::next_step(saved_ ? "cpsctl apply --plan " + text::printable(*asked_.plan) : "cpsctl apply",
                                   {.flags = account_.settings().flags}));
    return account_.signals().exit();
  }

  /// Waits for the target of --wait: looks again as the changes' turns come, and answers by what was agreed on. The
  /// lock is held only while something may be written. Adds to `result`.
  Exit wait(plan::Plan const& plan, plan::PlanView const& agreed_on, apply::ApplyResult& result) {
    auto const target = fields::enumerator<lifecycle::Target>(asked_.wait);
    if (!target || *target == lifecycle::Target::submitted || result.stopped || result.error) return Exit::done;
    Waiting waiting(*target, result, saved_ ? Looks() : plan.looks);
    while (!waiting.names().empty()) {
      if (account_.settings().deadline - world_.clock.steady() <= waiting.pause()) {
        screen::line(world_.err, "Out of time: waiting for {}. Everything is saved; run it again.", waiting.words());
        waiting.out_of_time(account_.contents().entries, result);
        return worse(waiting.exit(), Exit::again);
      }
      poll_failed_ = false;
      auto const looked = look_again(agreed_on, waiting, result);
      if (!looked && goes_on(looked.error())) {
        waiting.unanswered();
        continue;
      }
      if (!looked) result.error = looked.error();
      if (!looked || result.error) return Exit::done;
      if (!*looked) return Exit::again;
      if (!poll_failed_ && std::exchange(unanswered_, false)) log::info("CPS answers again");
      if (waiting.over()) return waiting.exit();
      log::info("waiting for {}; CPS is asked again in {}", waiting.words(), duration_text(waiting.pause()));
    }
    return Exit::done;
  }

  /// A poll that failed, or a change in it that could not be read, does not end the wait, unless somebody has to mend
  /// something first. It is said once.
  bool goes_on(Error const& error) {
    bool const passing = passes(error) || error.code == Errc::locked;
    if (!passing || account_.signals().received() != 0) return false;
    poll_failed_ = true;
    if (!std::exchange(unanswered_, true))
      log::warning("{}; the wait goes on, and CPS is asked again", describe(error));
    return true;
  }

  /// False: a signal came first.
  Result<bool> look_again(plan::PlanView const& agreed_on, Waiting& waiting, apply::ApplyResult& result) {
    CPS_CHECK(account_.rest());
    if (!account_.pause(world_.clock.steady() + waiting.pause())) return false;
    CPS_CHECK(account_.open("cpsctl apply"));
    plan::Inputs known = account_.inputs(manifests_);
    if (saved_) plan::restrict_to(agreed_on, known);
    known.only = waiting.names();
    Seeing const seeing{.learn_dates = true, .leave_out = [this](Error const& error) { return goes_on(error); }};
    CPS_TRY(plan::Inputs inputs, see_account(std::move(known), account_, world_, seeing));
    CPS_TRY(plan::Plan fresh, plan::make_plan(inputs));
    CPS_CHECK(account_.note(inputs, fresh));
    waiting.look(inputs, fresh.looks);
    for (plan::Item const& item : fresh.items)
      if (item.wanted == plan::Action::advance && !item.acts()) waiting.due(item, result);
    // The manifests of this run are what was agreed on, unless that is a saved plan.
    plan::Plan plan =
        saved_ ? plan::agreed(agreed_on, std::move(fresh), inputs.listings, waiting.names()) : std::move(fresh);
    std::erase_if(plan.items,
                  [](plan::Item const& item) { return !item.acts() || item.wanted != plan::Action::advance; });
    if (plan.items.empty() && plan.publications.quiet()) return true;
    plan::PlanView const seen = plan::view(plan);
    auto answered = account_.carry_out(plan, seen, std::move(inputs.listings), {});
    waiting.answered(std::move(answered), result);
    return true;
  }

  /// What is left of the plan that was agreed on; nothing is written that it did not show.
  http::Task<Result<apply::Round>> plan_again(plan::PlanView const& agreed_on, std::set<plan::Key> items) {
    plan::PlanView const left = plan::select(agreed_on, items);
    std::set<std::string> begun;
    for (plan::Key const& item : items) begun.insert(item.name);
    plan::Inputs known = account_.inputs({});
    plan::restrict_to(left, known);
    cps::Reader const reader(*account_.connection().session);
    CPS_CO_TRY(plan::Inputs inputs, co_await read_account(reader, account_.connection(), std::move(known)));
    CPS_CO_TRY(plan::Plan fresh, plan::make_plan(inputs));
    plan::Plan plan = plan::agreed(left, std::move(fresh), inputs.listings, begun);
    co_return apply::Round{.plan = std::move(plan), .listings = std::move(inputs.listings)};
  }

  Asked const& asked_;
  Options const& options_;
  Account& account_;
  World& world_;
  manifest::Loaded manifests_ = {};  ///< none with a saved plan, which has its own
  std::optional<plan::PlanView> saved_ = {};
  bool poll_failed_ = false;  ///< the last one of a wait, or a part of it
  bool unanswered_ = false;   ///< that was said
};

/// cpsctl apply: plans, or takes a saved plan; asks, carries out, saves.
Result<Exit> run(Asked const& asked, Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) { return Applying(asked, options, account, world).run(); });
}

}  // namespace

Command apply_command() {
  return {.name = "apply",
          .what = "Make CPS match the manifests, or carry out a saved plan",
          .examples = {{{"cpsctl apply --sandbox --yes manifests", "to try it, without an account"},
                        {"cpsctl apply --yes --max-changes 20% manifests", "refuse to change more than usual"},
                        {"cpsctl apply --yes --deadline 50m manifests", "end in time, with everything saved"}}},
          .document = Document::result,
          .works = Works::changing_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            take_paths(flags, options);
            flags.add({"--plan", "carry out this plan, saved with plan --out json=FILE", "FILE", Names::files},
                      asked->plan);
            take_detailed(flags, options, "exit 2 while CPS works on a change");
            take_selection(flags, options);
            take_guard_rails(flags, options);
            flags.under("Guard rails")
                .add({"--approved", "go on only if the plan has this digest", "DIGEST"}, asked->approved,
                     {check_digest});
            flags.add({"-y,--yes", "do not ask"}, asked->yes);
            flags.add({"--wait", "how far: submitted (default), validated, issued or deployed", "TARGET"}, asked->wait,
                      one_of({"submitted", "validated", "issued", "deployed"}));
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
