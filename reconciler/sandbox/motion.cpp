#include "sandbox/motion.hpp"

#include "base/json.hpp"
#include "sandbox/normalise.hpp"

#include <algorithm>

namespace cpsctl::sandbox {
namespace {

using std::chrono::days;

constexpr std::size_t longest_history = 50;

std::optional<WallTime> time_of(std::string const& text) {
  if (text.empty()) return std::nullopt;
  auto const time = parse_timestamp(text);
  return time ? std::optional<WallTime>(*time) : std::nullopt;
}

bool paced(Behaviour const& behaviour) {
  return behaviour.pace == Pace::usual || behaviour.complete_after.has_value();
}

/// When the step ends if a whole change is given one time: the lasting step takes it all. If that one waited for a
/// person instead, what comes after it is not over sooner.
std::optional<WallTime> together(Change const& change, Step const& step, WallTime begun, Behaviour const& behaviour) {
  bool const person = step.mover == Mover::person;
  if (person && (behaviour.inputs == Inputs::wait || !behaviour.complete_after)) return std::nullopt;
  bool const last = step_after(change) == nullptr;
  if (!step.lasting && !last) return begun;
  if (!behaviour.complete_after) return step.lasting ? std::nullopt : std::optional(begun);
  auto const created = time_of(change.created);
  return std::max(begun, created.value_or(begun) + *behaviour.complete_after);
}

std::optional<WallTime> own_end(Change const& change, Step const& step, WallTime begun, Behaviour const& behaviour) {
  if (step.input == Input::challenges && behaviour.tokens == Tokens::checked) return std::nullopt;
  if (behaviour.pace == Pace::together) return together(change, step, begun, behaviour);
  if (step.mover == Mover::person && behaviour.inputs == Inputs::wait) return std::nullopt;
  return begun + step.usual;
}

/// The members of a document that tell of a deployed certificate.
void show_deployed(json::Document& document, Enrollment const& enrollment, Order const* order) {
  auto& pool = document.GetAllocator();
  for (char const* const slots : {"assignedSlots", "stagingSlots", "productionSlots"}) {
    json::Value list(rapidjson::kArrayType);
    list.PushBack(json::Value(enrollment.id), pool);
    json::set(document, slots, std::move(list), pool);
  }
  auto const issued = order == nullptr ? std::nullopt : time_of(order->issued);
  if (!issued) return;
  auto const renewal = renewal_time(json::text_or(json::find(document, "validationType"), ""), *issued);
  json::set(document, "autoRenewalStartTime", renewal ? json::string(timestamp(*renewal), pool) : json::Value(), pool);
}

void issue(Enrollment& enrollment, Change const& change, WallTime at, Behaviour const& behaviour) {
  Order* const order = order_of(enrollment, change.id);
  if (order == nullptr || !order->issued.empty()) return;  // an upload has brought its own
  auto const issued = std::chrono::floor<std::chrono::seconds>(at - behaviour.certificate_age);
  order->issued = timestamp(issued);
  order->expires = timestamp(issued + lifetime(change.validation));
}

/// What a network serves once this change has reached it.
Deployed served(Change const& change, std::optional<Deployed> const& before, json::Document const& document) {
  Deployed next{.order = change.id};
  if (change.work == Work::network && before) next.order = before->order;
  if (json::Value const* const network = json::find(document, "networkConfiguration"))
    next.network = json::compact(*network);
  return next;
}

/// Forgets the oldest of the history, and orders that nothing speaks of any more.
void shorten(Enrollment& enrollment) {
  auto& history = enrollment.history;
  if (history.size() > longest_history) history.erase(history.begin());
  std::erase_if(enrollment.orders, [&](Order const& order) {
    auto const serves = [&](std::optional<Deployed> const& network) {
      return network && network->order == order.change;
    };
    return !serves(enrollment.staging) && !serves(enrollment.production) &&
           std::ranges::find(history, order.change, &PastChange::id) == history.end() &&
           std::ranges::find(enrollment.changes, order.change, &Change::id) == enrollment.changes.end();
  });
}

Change* change_of(Enrollment& enrollment, std::int64_t id) {
  auto const found = std::ranges::find(enrollment.changes, id, &Change::id);
  return found == enrollment.changes.end() ? nullptr : &*found;
}

/// A change whose last day has passed ends without having been carried out.
Fate expire(Enrollment& enrollment, Change const& change, WallTime at) {
  Work const work = change.work;
  retire(enrollment, change.id, "cancelled", at);
  return enrollment.deployed || work == Work::removal ? Fate::moved : Fate::gone;
}

/// The pending changes and everything that a deployment shows, written into the document.
Result<> redraw(Enrollment& enrollment, Order const* brought) {
  CPS_TRY(json::Document document, json::parse(enrollment.document, "a stored enrollment"));
  if (brought != nullptr || enrollment.deployed) show_deployed(document, enrollment, brought);
  set_pending(document, enrollment.id, enrollment.changes);
  enrollment.document = json::compact(document);
  return {};
}

Result<> deploy(Enrollment& enrollment, Change const& change, Brings where) {
  CPS_TRY(json::Document const document, json::parse(enrollment.document, "a stored enrollment"));
  if (where == Brings::staging) {
    enrollment.staging = served(change, enrollment.staging, document);
    return {};
  }
  enrollment.production = served(change, enrollment.production, document);
  enrollment.deployed = true;
  Order const* const order = change.work == Work::certificate ? order_of(enrollment, change.id) : nullptr;
  if (order != nullptr) enrollment.expires = order->expires;
  return redraw(enrollment, order);
}

}  // namespace

std::chrono::days lifetime(std::string_view validation_type) {
  return days(validation_type == "dv" ? 90 : 365);
}

std::optional<WallTime> renewal_time(std::string_view validation_type, WallTime issued) {
  auto const end = std::chrono::floor<std::chrono::seconds>(issued) + lifetime(validation_type);
  if (validation_type == "dv") return end - days(20);
  if (validation_type == "ov") return end - days(60);
  if (validation_type == "ev") return end - days(90);
  return std::nullopt;
}

void begin(Change& change, Behaviour const& behaviour, WallTime now) {
  change.status.clear();
  change.since = timestamp(now);
  // A step that takes no time is not stored: it would cost a write of its own, and nobody can see it.
  do {
    change.status = step_after(change)->status;
  } while (behaviour.pace == Pace::together && !step_of(change).lasting && !step_of(change).input &&
           step_after(change) != nullptr);
}

std::optional<WallTime> approval_deadline(Enrollment const& enrollment, Change const& change) {
  auto const ends = time_of(enrollment.expires);
  if (!enrollment.deployed || !ends || !change.not_before.empty()) return std::nullopt;
  return *ends - days(7);
}

std::optional<WallTime> due(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour) {
  auto const begun = time_of(change.since);
  if (!begun) return std::nullopt;
  Step const& step = step_of(change);
  std::optional<WallTime> end;
  if (!change.error && !change.reads_left) end = own_end(change, step, *begun, behaviour);
  if (step.input == Input::approval && !end && !change.error && paced(behaviour))
    if (auto const deadline = approval_deadline(enrollment, change)) end = std::max(*begun, *deadline);
  if (end && step.scheduled)
    if (auto const not_before = time_of(change.not_before)) end = std::max(*end, *not_before);
  auto const not_after = time_of(change.not_after);
  if (!not_after || !paced(behaviour)) return end;
  WallTime const too_late = *not_after + Duration(1);
  return end ? std::min(*end, too_late) : too_late;
}

bool too_far(Change const& change, WallTime now) {
  Brings const brings = step_of(change).brings;
  if (change.error || (brings != Brings::production && brings != Brings::end)) return false;
  auto const date = change.work == Work::removal ? std::nullopt : time_of(change.not_before);
  return !date || *date <= now;
}

void retire(Enrollment& enrollment, std::int64_t id, std::string_view status, WallTime at) {
  Change const* const change = change_of(enrollment, id);
  if (change == nullptr) return;
  enrollment.history.push_back({.id = id,
                                .type = change->type,
                                .work = change->work,
                                .status = std::string(status),
                                .created = change->created,
                                .ended = timestamp(at)});
  std::erase_if(enrollment.changes, [id](Change const& other) { return other.id == id; });
  shorten(enrollment);
}

Result<Fate> leave_step(Enrollment& enrollment, std::int64_t id, Behaviour const& behaviour, WallTime at) {
  Change* const change = change_of(enrollment, id);
  if (change == nullptr) return Fate::same;
  Step const& step = step_of(*change);
  switch (step.brings) {
    case Brings::nothing: break;
    case Brings::certificate: issue(enrollment, *change, at, behaviour); break;
    case Brings::staging:
    case Brings::production: CPS_CHECK(deploy(enrollment, *change, step.brings)); break;
    case Brings::end:
      if (change->work == Work::removal) return Fate::gone;
      retire(enrollment, id, "completed", at);
      CPS_CHECK(redraw(enrollment, nullptr));
      return Fate::moved;
  }
  Step const* const next = step_after(*change);
  change->status = next->status;  // the last step of each path ends above
  change->since = timestamp(at);
  change->reads_left.reset();
  return Fate::moved;
}

Result<Fate> carry_on(Enrollment& enrollment, Behaviour const& behaviour, WallTime now) {
  Fate fate = Fate::same;
  for (std::size_t i = 0; i < enrollment.changes.size();) {
    Change const change = enrollment.changes[i];
    auto const when = due(enrollment, change, behaviour);
    if (!when || *when > now) {
      ++i;
      continue;
    }
    auto const not_after = time_of(change.not_after);
    if (not_after && *when > *not_after) {
      if (expire(enrollment, change, *when) == Fate::gone) return Fate::gone;
      CPS_CHECK(redraw(enrollment, nullptr));
    } else {
      CPS_TRY(Fate const step, leave_step(enrollment, change.id, behaviour, *when));
      if (step == Fate::gone) return step;
    }
    fate = Fate::moved;
  }
  return fate;
}

}  // namespace cpsctl::sandbox
