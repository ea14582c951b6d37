#include "cli/one_change.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/confirm.hpp"
#include "cli/ids.hpp"
#include "cps/change_api.hpp"
#include "lifecycle/owner.hpp"
#include "lifecycle/shown.hpp"
#include "plan/by_hand.hpp"
#include "plan/identity.hpp"
#include "plan/resolve.hpp"
#include "plan/watch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

state::Entry const* entry_of(state::Contents const& contents, std::string const& name) {
  auto const entry = contents.entries.find(name);
  return entry == contents.entries.end() ? nullptr : &entry->second;
}

state::Entry const* entry_of(state::Contents const& contents, std::int64_t id) {
  for (auto const& [name, entry] : contents.entries)
    if (entry.id == id) return &entry;
  return nullptr;
}

/// Whom the command is about, as far as state and call say.
struct Target {
  std::string name = {};
  std::string account = {};
  std::string contract = {};
  std::string api_schema = {};
  std::int64_t id = 0;
  state::Entry const* entry = nullptr;
};

Result<Target> target_of(WhichOne const& which, Account& account) {
  state::Contents const& contents = account.contents();
  Target target{.account = account.connection().default_account, .api_schema = account.settings().api_schema};
  if (which.id) {
    CPS_TRY(target.id, enrollment_id("--id", *which.id, {}));
    target.entry = entry_of(contents, target.id);
  } else {
    target.entry = entry_of(contents, which.name);
    if (target.entry == nullptr) return unknown_name(which.name);
  }
  target.name = target.entry != nullptr ? target.entry->name : fmt::format("enrollment-{}", target.id);
  if (target.entry == nullptr) return target;
  target.id = target.entry->id;
  target.account = target.entry->account;
  target.contract = target.entry->contract;
  if (!target.entry->api_schema.empty()) target.api_schema = target.entry->api_schema;
  return target;
}

http::Task<Result<std::vector<lifecycle::Sight>>> read_changes(cps::ChangeReader reader, Target const& target,
                                                               std::vector<cps::PendingChange> pending) {
  std::vector<lifecycle::Sight> sights;
  for (cps::PendingChange const& change : pending) {
    cps::ChangeRef const ref{
        .subject = target.name, .account_key = target.account, .enrollment = {target.id}, .change = change.id};
    auto read = co_await reader.change(ref);
    if (!read && read.error().code != Errc::not_found) co_return read.error();
    if (!read) continue;
    lifecycle::Sight sight{.name = target.name, .pending = change, .change = std::move(*read)};
    cps::Input const* const input = lifecycle::input_of(*sight.change);
    if (input != nullptr && input->kind) {
      auto info = co_await reader.info(ref, *input);
      if (!info && info.error().code != Errc::not_found) co_return info.error();
      if (info)
        sight.info = std::move(*info);
      else
        sight.info = lifecycle::Gone();
    }
    sights.push_back(std::move(sight));
  }
  co_return sights;
}

http::Task<Result<cps::Live>> read_enrollment(cps::Reader reader, Target const& target) {
  cps::EnrollmentId const id{target.id};
  auto live = co_await reader.get(target.account, id, target.api_schema, target.name);
  co_return live;
}

/// What became of that which was sent before, and whose own answer never came: it is said, and recorded. Errors: io,
/// locked; timeout, when CPS may still take it, so that nothing is sent twice.
Result<> settle(plan::LookedAt const& seen, Account& account, WallTime now) {
  plan::ByHand settled = plan::settle_by_hand(seen, account.contents().open_intents, now);
  for (state::Record const& one : settled.closed)
    log::info("{}: {} that was sent before, and got no reply, was {}", seen.name, plan::noun(one.step),
              one.phase == state::Phase::done ? "done" : "not done");
  CPS_CHECK(account.record(std::move(settled.closed)));
  if (!settled.open) return {};
  return Error{.code = Errc::timeout,
               .message = fmt::format("{} was sent to {} at {} and got no reply: CPS may still take it",
                                      plan::noun(settled.open->step), seen.name, settled.open->at),
               .next = settled.settled_by ? fmt::format("run it again after {}", timestamp(*settled.settled_by))
                                          : std::string("run it again in a few minutes")};
}

}  // namespace

Result<> check_call(WhichOne const& which, std::string const& command, GlobalOptions const& options,
                    World const& world) {
  if (which.name.empty() == !which.id)
    return usage(which.id ? "a NAME and --id say the same twice" : "which enrollment?",
                 fmt::format("give its name, as in {} NAME, or its id at CPS, as in {} --id 10001", command, command));
  if (which.yes || can_ask(options, world)) return {};
  return usage(fmt::format("{} asks before it writes, and there is no terminal to ask on", command),
               "look at it first with cpsctl status; then add --yes");
}

Result<OneEnrollment> look_at_one(WhichOne const& which, std::string const& command, Account& account, WallTime now) {
  CPS_CHECK(account.read_settings());
  CPS_CHECK(account.connect());
  CPS_CHECK(account.open(command));
  return read_one(which, account, now);
}

Result<OneEnrollment> read_one(WhichOne const& which, Account& account, WallTime now) {
  CPS_TRY(Target const target, target_of(which, account));
  Connection& connection = account.connection();
  cps::Reader const reader(*connection.session);
  auto found = connection.loop->run(read_enrollment(reader, target));
  plan::LookedAt seen{.name = target.name, .managed = target.entry != nullptr};
  // It is gone, and all that was asked of it is over. What the state holds is for a plan to tell.
  if (!found && found.error().code == Errc::not_found && !seen.managed) CPS_CHECK(settle(seen, account, now));
  if (!found) return found.error();
  cps::Live live = std::move(*found);
  OneEnrollment one{.managed = seen.managed};
  if (target.entry != nullptr) one.ours = target.entry->changes;
  CPS_TRY(one.item, as_shown(target.name, {target.account, target.contract}, std::move(live)));
  cps::ChangeReader const changes(*connection.session);
  CPS_TRY(one.sights, connection.loop->run(read_changes(changes, target, one.item.live.pending)));
  seen.pending = one.item.live.pending;
  seen.sights = one.sights;
  CPS_CHECK(settle(seen, account, now));
  if (one.sights.empty())
    return Error{.code = Errc::guard_rail,
                 .message = fmt::format("{} has no pending change", target.name),
                 .next = fmt::format("look at it with cpsctl status {}", target.name)};
  return one;
}

Result<plan::Item> as_shown(std::string name, plan::Scope const& scope, cps::Live live) {
  CPS_TRY(auto const schema, schema::enrollment(live.api_schema));
  plan::Item item{.name = std::move(name),
                  .wanted = plan::Action::advance,
                  .contract = scope.second,
                  .account = scope.first,
                  .id = live.id.value,
                  .api_schema = live.api_schema,
                  .common_name = plan::common_name(*live.document, *schema),
                  .validation_type = plan::kind_of(*live.document, *schema),
                  .production = plan::in_production(*live.document, *schema),
                  .deployed = plan::is_deployed(*live.document, *schema)};
  item.live = std::move(live);
  return item;
}

plan::Item answering(OneEnrollment const& one, lifecycle::Sight const& sight, lifecycle::Due due) {
  plan::Item item = one.item;
  plan::Advance advance{.change = sight.pending,
                        .seen = *sight.change,
                        .owner = lifecycle::owner_of(sight.pending, one.ours, lifecycle::Managed::as_wanted)};
  advance.next.due = std::move(due);
  item.reason = fmt::format("{}: {}", plan::named({sight.pending}), text::printable(advance.seen.status));
  if (auto const* const info = std::get_if<cps::InputInfo>(&sight.info)) {
    advance.digest = lifecycle::answer_digest(*info);
    item.notes = lifecycle::shown(*info);
  }
  if (sight.offer) {
    advance.upload = sight.offer->upload;
    item.notes.insert(item.notes.end(), sight.offer->notes.begin(), sight.offer->notes.end());
  }
  item.work = std::move(advance);
  return item;
}

Result<Exit> carry_by_hand(std::vector<plan::Item> items, std::string const& title, WhichOne const& which,
                           Account& account, Options const& options, World& world) {
  plan::Plan plan{.realm = account.connection().realm, .account = account.connection().default_account};
  plan.items = std::move(items);
  for (plan::Item const& item : plan.items) plan::count(item, plan.summary);
  plan::PlanView const seen = plan::view(plan);
  report::by_hand_text(seen, account.cost_of(seen), style_for(options.global, world, world.err_is_terminal), world.err);
  if (!which.yes && !confirmed(world, account.signals(), fmt::format("{} this?", title)))
    return Error{.code = Errc::guard_rail, .message = "not sent: the answer was not yes"};
  auto const result = account.carry_out(plan, seen, {}, {});
  return delivered(result, {.plan = seen, .title = title, .plan_shown = true}, options, world);
}

}  // namespace cpsctl::cli
