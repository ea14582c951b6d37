#include "plan/obstacles.hpp"

#include "lifecycle/pending.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

/// Of what CPS has: a field that cannot be changed, or more names than it allows.
std::optional<Obstacle> impossible(Situation const& situation, Item const& item) {
  auto const immutable = std::ranges::find(item.changes, schema::Effect::immutable, &diff::Change::effect);
  if (immutable != item.changes.end())
    return Obstacle{
        .reason = json::dotted(immutable->pointer) + " cannot be changed in place",
        .next = "set it back, or create a second enrollment under another name and move traffic there first"};
  if (auto obstacle = refused(*item.desired, item.changes, false)) return obstacle;
  bool const sets = std::ranges::any_of(item.changes, [](diff::Change const& one) { return !one.added.empty(); });
  if (!sets) return std::nullopt;
  schema::Schema const& schema = situation.schema_of(*item.desired);
  auto const names = too_many_names(*item.desired->enrollment, *item.live.document, schema);
  if (!names) return std::nullopt;
  return Obstacle{.reason = fmt::format("it would have {} {}, and CPS allows this enrollment {}", names->wanted,
                                        names->what, names->allowed),
                  .next = "split it into several enrollments, or ask Akamai for more"};
}

/// With a date, a deployment to production waits for a person, too, and CPS does not deploy by itself.
bool waits_for_approval(Item const& item, schema::Schema const& schema) {
  manifest::Desired const& desired = *item.desired;
  manifest::Lifecycle const& policy = desired.lifecycle;
  bool const by_hand = policy.promotion.mode == manifest::PromotionMode::manual && !policy.allow_expiry;
  return desired.deploy.not_before && by_hand && item.production &&
         is_change_managed(*desired.enrollment, *item.live.document, schema);
}

}  // namespace

bool is_among(cps::PendingChange const& change, std::vector<std::int64_t> const& ids) {
  return std::ranges::count(ids, change.id.value) > 0;
}

std::optional<Obstacle> refused(manifest::Desired const& desired, std::vector<diff::Change> const& changes,
                                bool creates) {
  for (manifest::Refusal const& refusal : desired.refusals) {
    bool const sent = creates || std::ranges::any_of(changes, [&](diff::Change const& change) {
                        return json::overlap(change.pointer, refusal.pointer);
                      });
    if (sent) return Obstacle{.reason = refusal.message, .next = refusal.hint};
  }
  return std::nullopt;
}

std::optional<Obstacle> too_late(manifest::Desired const& desired, WallTime now) {
  auto const& last = desired.deploy.not_after;
  if (!last || std::chrono::sys_days(*last) >= std::chrono::sys_days(day_of(now))) return std::nullopt;
  return Obstacle{
      .reason = fmt::format("spec.deploy.notAfter {} is past: the change would expire before it is carried out",
                            day_text(*last)),
      .next = "set a later day, or leave it out"};
}

Result<bool> hangs_on_live_end(Item const& item) {
  bool const sends = std::holds_alternative<Reschedule>(item.work) ||
                     (std::holds_alternative<Update>(item.work) && issues_certificate(item.changes));
  if (!sends) return false;
  CPS_TRY(auto const schema, schema::enrollment(item.desired->api_schema));
  return waits_for_approval(item, *schema);
}

std::optional<Obstacle> bad_dates(Situation const& situation, Item const& item) {
  Inputs const& inputs = situation.inputs();
  if (auto obstacle = too_late(*item.desired, inputs.now)) return obstacle;
  auto const end = inputs.live_ends.find(item.id);
  if (end == inputs.live_ends.end() || !waits_for_approval(item, situation.schema_of(*item.desired)))
    return std::nullopt;
  Day const first = *item.desired->deploy.not_before;
  if (!lifecycle::may_expire(first, end->second)) return std::nullopt;
  return Obstacle{
      .reason = fmt::format("spec.deploy.notBefore {} is later than seven days before the live certificate ends ({}), "
                            "and promotion is manual: CPS would not deploy without an approval, and it may expire",
                            day_text(first), timestamp(end->second)),
      .next =
          "set an earlier day, or spec.lifecycle.promotion; or accept the risk with spec.lifecycle.allowExpiry: "
          "true"};
}

std::variant<GivenUp, Obstacle> make_room(Item const& item, manifest::OnPendingChange policy,
                                          std::vector<std::int64_t> const& ours, std::string const& realm) {
  std::vector<cps::PendingChange> const& pending = item.live.pending;
  if (pending.empty()) return GivenUp();
  switch (policy) {
    case manifest::OnPendingChange::cancel: {
      bool const all_ours =
          std::ranges::all_of(pending, [&](cps::PendingChange const& change) { return is_among(change, ours); });
      if (!item.deployed && !all_ours && item.wanted != Action::delete_)
        return Obstacle{
            .reason = fmt::format("waits for {} to end: cancelling it would remove the enrollment", named(pending)),
            .next = "run again once it has ended",
            .why = Held::Why::waits};
      std::vector<cps::PendingChange> newest_first(pending.rbegin(), pending.rend());
      // An enrollment that was never deployed goes with its first change: only a write may cancel that.
      if (!item.deployed && all_ours) return GivenUp{.by_write = std::move(newest_first)};
      return GivenUp{.by_id = std::move(newest_first)};
    }
    case manifest::OnPendingChange::wait:
      return Obstacle{.reason = fmt::format("waits for {} to end", named(pending)),
                      .next = "run again once it has ended; or give that change up with --on-pending cancel",
                      .why = Held::Why::waits};
    case manifest::OnPendingChange::refuse: break;
  }
  return Obstacle{
      .reason = fmt::format("{} pending at CPS", named(pending) + (pending.size() == 1 ? " is" : " are")),
      .next = fmt::format("wait until it has ended{}; or consent with --on-pending wait or --on-pending cancel, or "
                          "spec.lifecycle.onPendingChange",
                          realm == state::sandbox_realm ? " (in a sandbox: --complete-after 0s)" : "")};
}

void put(Situation const& situation, Item& item, json::Ref target, manifest::OnPendingChange policy,
         std::vector<std::int64_t> const& ours) {
  Inputs const& inputs = situation.inputs();
  if (auto obstacle = impossible(situation, item)) return hold(item, std::move(*obstacle));
  if (issues_certificate(item.changes))
    if (auto obstacle = bad_dates(situation, item)) return hold(item, std::move(*obstacle));
  auto room = make_room(item, policy, ours, inputs.realm);
  if (auto* const obstacle = std::get_if<Obstacle>(&room)) return hold(item, std::move(*obstacle));

  auto const renewal = renewal_start(*item.live.document, situation.schema_of(*item.desired));
  bool const inside = renewal && *renewal <= inputs.now;
  bool const accepted = std::ranges::count(inputs.consent.override_renewal_window, item.name) > 0;
  if (inside && !accepted)
    return hold(
        item, {.reason = fmt::format("it is in its renewal window since {}: CPS refuses changes", timestamp(*renewal)),
               .next = fmt::format("wait for the renewal, or accept the risk that the certificate expires: "
                                   "--override-renewal-window {}",
                                   item.name)});
  item.work = Update{
      .target = std::move(target), .gives_up = std::move(std::get<GivenUp>(room)), .inside_renewal_window = inside};
}

}  // namespace cpsctl::plan
