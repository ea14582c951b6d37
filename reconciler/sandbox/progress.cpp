#include "sandbox/progress.hpp"

#include "sandbox/normalise.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cpsctl::sandbox {
namespace {

using std::chrono::days;

std::optional<WallTime> time_of(std::string const& text) {
  if (text.empty()) return std::nullopt;
  auto const time = parse_timestamp(text);
  return time ? std::optional<WallTime>(*time) : std::nullopt;
}

/// The members of a document that tell of a deployed certificate.
void show_deployed(json::Document& document, Enrollment const& enrollment, std::optional<WallTime> issued) {
  auto& pool = document.GetAllocator();
  for (char const* const slots : {"assignedSlots", "stagingSlots", "productionSlots"}) {
    json::Value list(rapidjson::kArrayType);
    list.PushBack(json::Value(enrollment.id), pool);
    json::set(document, slots, std::move(list), pool);
  }
  if (!issued) return;
  auto const renewal = renewal_time(json::text_or(json::find(document, "validationType"), ""), *issued);
  json::set(document, "autoRenewalStartTime", renewal ? json::string(timestamp(*renewal), pool) : json::Value(), pool);
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

Progress::Progress(Behaviour const& behaviour, Store& store) : behaviour_(behaviour), store_(store) {
  for (Enrollment const* const enrollment : store_.all()) watch(*enrollment);
}

std::optional<WallTime> Progress::due(Change const& change) const {
  auto const begun = time_of(change.created);
  if (!behaviour_.complete_after || !begun) return std::nullopt;
  if (behaviour_.inputs == Inputs::wait && waits_for_input(change)) return std::nullopt;
  WallTime const ready = *begun + *behaviour_.complete_after;
  auto const not_before = time_of(change.not_before);
  return not_before ? std::max(ready, *not_before) : ready;
}

void Progress::watch(Enrollment const& enrollment) {
  for (Change const& change : enrollment.changes)
    if (auto const at = due(change)) agenda_.emplace(*at, enrollment.id);
}

Result<> Progress::advance(WallTime now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    std::int64_t const id = agenda_.begin()->second;
    agenda_.erase(agenda_.begin());
    Enrollment const* const enrollment = store_.find(id);
    if (enrollment == nullptr) continue;
    // A copy: settling replaces what the store holds.
    std::vector<Change> const changes = enrollment->changes;
    for (Change const& change : changes) {
      auto const at = due(change);
      Enrollment const* const live = store_.find(id);
      if (live != nullptr && at && *at <= now) CPS_CHECK(settle(*live, change, *at));
    }
  }
  return {};
}

Result<> Progress::settle(Enrollment const& enrollment, Change const& change, WallTime at) {
  auto const not_after = time_of(change.not_after);
  bool const expired = not_after && at > *not_after;
  bool const removal = change.status == removal_status;
  if (expired ? !removal && !enrollment.deployed : removal) return store_.remove(enrollment);

  CPS_TRY(json::Document document, json::parse(enrollment.document, "a stored enrollment"));
  Enrollment next = enrollment;
  std::erase_if(next.changes, [&](Change const& other) { return other.id == change.id; });
  if (!expired) {
    next.deployed = true;
    bool const issues = change.issues || !enrollment.deployed;
    if (issues)
      next.expires = timestamp(std::chrono::floor<std::chrono::seconds>(at - behaviour_.certificate_age) +
                               lifetime(json::text_or(json::find(document, "validationType"), "")));
    show_deployed(document, next, issues ? std::optional<WallTime>(at - behaviour_.certificate_age) : std::nullopt);
  }
  set_pending(document, next.id, next.changes);
  next.document = json::compact(document);
  return store_.put(std::move(next));
}

}  // namespace cpsctl::sandbox
