#include "plan/document.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

constexpr char const* kind = "Plan";
constexpr std::string_view major = "1.";

/// What a reader wants in addition to the plan's own members: field names as in a manifest, null for an id that is not
/// there.
void decorate(json::Value& plan, json::Pool& pool) {
  for (json::Value& item : json::find(plan, "items")->GetArray()) {
    json::Value& id = *json::find(item, "id");
    if (id.GetInt64() == 0) id.SetNull();
    for (json::Value& change : json::find(item, "changes")->GetArray()) {
      std::string const field = json::dotted(json::view(*json::find(change, "pointer")));
      json::set(change, "field", json::string(field, pool), pool);
    }
  }
}

/// Takes off what decorate() put on. False: a field's name is not that of its pointer, which alone counts.
bool undecorate(json::Value& items) {
  for (json::Value& item : items.GetArray()) {
    if (!item.IsObject()) continue;
    if (json::Value* const id = json::find(item, "id"); id != nullptr && id->IsNull()) id->SetInt64(0);
    json::Value const* const changes = json::find(&std::as_const(item), "changes");
    if (changes == nullptr || !changes->IsArray()) continue;
    for (json::Value const& change : changes->GetArray()) {
      auto const field = json::text_or(json::find(change, "field"), "");
      if (!field.empty() && field != json::dotted(json::text_or(json::find(change, "pointer"), ""))) return false;
    }
  }
  return true;
}

json::Document undigested(PlanView const& plan) {
  json::Document document = fields::document(plan);
  json::Pool& pool = document.GetAllocator();
  json::set(document, "format_version", json::string(plan.format, pool), pool);
  json::set(document, "kind", json::string(kind, pool), pool);
  decorate(document, pool);
  return document;
}

Error bad_plan(std::string const& what, std::string problem, std::string next) {
  return Error{.code = Errc::manifest, .message = what + " " + std::move(problem), .next = std::move(next)};
}

/// Does what the item wants fit what it shows? Nothing if it does.
std::string_view contradiction(manifest::Desired const& desired, ItemView const& item,
                               std::string const& usual_account) {
  if (desired.name != item.name || desired.contract != item.contract) return "wants another enrollment than it names";
  if ((desired.account_key.empty() ? usual_account : desired.account_key) != item.account)
    return "is in another account than it wants";
  auto const schema = schema::enrollment(desired.api_schema);
  if (!schema) return "is wanted in an unknown API version";
  if (desired.enrollment && common_name(*desired.enrollment, **schema) != item.common_name)
    return "wants another common name than it shows";
  return {};
}

/// Does the item say one thing? Nothing if it does.
std::string_view contradiction(ItemView const& item, std::string const& usual_account) {
  bool const acts = plan::acts(item);
  bool const can_act = item.action != Action::none && item.action != Action::blocked && item.action != Action::orphan;
  if (acts && !can_act) return "acts, but its action does not";
  if (acts == item.fingerprint.empty()) return acts ? "has no fingerprint" : "has a fingerprint, but does not act";
  if (!item.api_schema.empty() && !schema::enrollment(item.api_schema)) return "is read in an unknown API version";
  bool const needs_wish = item.action == Action::create || item.action == Action::update ||
                          item.action == Action::adopt || item.action == Action::advance;
  if (acts && needs_wish && !item.desired) return "does not say what it wants";
  if (!item.desired) return {};
  return acts ? contradiction(*item.desired, item, usual_account) : "wants something, but does not act";
}

/// Items, summary and fingerprints fit together; who only reads one of them is not told a story. Errors: manifest.
Result<> check_whole(PlanView const& plan, std::string const& what, std::string const& again) {
  Summary counted;
  for (ItemView const& item : plan.items) {
    count(item, counted);
    if (auto const problem = contradiction(item, plan.account); !problem.empty())
      return bad_plan(what, fmt::format("contradicts itself: {} {}", text::excerpt(item.name, 60), problem), again);
  }
  if (std::ranges::adjacent_find(plan.items, std::ranges::greater_equal(), &ItemView::key) != plan.items.end())
    return bad_plan(what, "contradicts itself: its items are not in the order of their names", again);
  // What is unchanged and has no note is counted alone.
  bool const counts_unlisted = plan.summary.unchanged >= counted.unchanged && plan.summary.left_out >= 0;
  counted.unchanged = plan.summary.unchanged;
  counted.left_out = plan.summary.left_out;
  if (counts_unlisted && counted == plan.summary) return {};
  return bad_plan(what, "contradicts itself: its summary does not count its items", again);
}

}  // namespace

std::string digest(json::Value const& document) {
  json::Document approved = json::clone(document);
  json::remove(approved, "digest");
  json::remove(approved, "requestsToApply");
  std::string_view const version = json::text_or(json::find(document, "format_version"), "");
  bool const whole = version == "1.0";
  bool const with_advances = whole || version == "1.1";
  if (!whole) json::remove(approved, "serial");
  json::Value* const items = json::find(approved, "items");
  if (items == nullptr || !items->IsArray()) return text::sha256_hex(json::canonical(approved));
  for (json::Value& item : items->GetArray()) {
    if (!item.IsObject()) continue;
    json::remove(item, "observed");
    if (!whole) json::remove(item, "notes");
    // Inputs appear after a plan was read: what is approved are the answers to them.
    bool const advances = json::text_or(json::find(item, "action"), "") == fields::word(Action::advance);
    if (advances && !with_advances)
      for (char const* moved : {"steps", "reason", "next", "apiSchema", "production"}) json::remove(item, moved);
  }
  if (json::Value* const summary = json::find(approved, "summary"); summary != nullptr && !with_advances)
    for (char const* moved : {"advance", "due", "unchanged"}) json::remove(*summary, moved);
  // Nothing is done about them: what is unchanged, and a change that waits for somebody else.
  auto const is_none = [with_advances](json::Value const& item) {
    if (!item.IsObject()) return false;
    std::string_view const action = json::text_or(json::find(item, "action"), "");
    json::Value const* const seal = json::find(item, "fingerprint");
    bool const idle = action == fields::word(Action::advance) && json::text_or(seal, "").empty();
    return action == fields::word(Action::none) || (idle && !with_advances);
  };
  if (!whole && !items->Empty()) items->Erase(std::remove_if(items->Begin(), items->End(), is_none), items->End());
  return text::sha256_hex(json::canonical(approved));
}

json::Document document(PlanView const& plan) {
  json::Document document = undigested(plan);
  auto& pool = document.GetAllocator();
  json::set(document, "digest", json::string(digest(document), pool), pool);
  return document;
}

std::string digest(PlanView const& plan) {
  return digest(undigested(plan));
}

Result<PlanView> read_document(std::string_view text, std::string const& what) {
  std::string const again = "make it again with cpsctl plan --out json=FILE";
  auto parsed = json::parse(text, "it");
  if (!parsed) return bad_plan(what, "is not a plan: " + parsed.error().message, again);
  json::Document document = std::move(*parsed);
  if (json::text_or(json::find(document, "kind"), "") != kind) return bad_plan(what, "is not a plan", again);
  std::string_view const version = json::text_or(json::find(document, "format_version"), "");
  if (!version.starts_with(major))
    return bad_plan(what, fmt::format("has format {}, this cpsctl knows {}x", version, major),
                    "use the cpsctl that made it");
  if (json::text_or(json::find(document, "digest"), "") != digest(document))
    return bad_plan(what, "was changed after it was made: its digest does not fit", again);
  json::Value* const items = json::find(document, "items");
  if (items == nullptr || !items->IsArray()) return bad_plan(what, "has no items", again);
  if (!undecorate(*items))
    return bad_plan(what, "contradicts itself: a change names another field than it points to", again);
  PlanView plan{.format = std::string(version)};
  if (!fields::from_json(document, plan)) return bad_plan(what, "has a member of the wrong type", again);
  CPS_CHECK(check_whole(plan, what, again));
  return plan;
}

}  // namespace cpsctl::plan
