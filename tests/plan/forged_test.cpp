// Saved plans that somebody has rewritten: what their reader was shown is what is carried out, or nothing is.
#include "base/text.hpp"
#include "plan/document.hpp"
#include "plan/saved.hpp"
#include "plan/world.hpp"

using namespace plan_test;

namespace {

constexpr char const* switch_key = "1-5C0YLB:1-8BYUX";

/// One enrollment of each kind that acts: created, changed, deleted, taken over, recorded.
World every_action() {
  World world;
  world.want(desired("adopted", "adopted.example.com")).has(live(4, "adopted.example.com"));
  world.want(desired("created", "created.example.com"));
  world.want(desired("updated", "www.example.com")).has(different(1)).knows(entry("updated", 1));
  auto gone = entry("deleted", 2, "deleted.example.com");
  gone.lifecycle = json::share(json::parse(R"({"deletion":"delete"})", "policy").value());
  world.has(live(2, "deleted.example.com")).knows(gone);
  auto labelled = desired("labelled", "labelled.example.com");
  labelled.labels = {{"team", "web"}};
  world.want(labelled).has(live(3, "labelled.example.com")).knows(entry("labelled", 3, "labelled.example.com"));
  world.inputs.consent.allow_delete = true;
  world.inputs.consent.max_deletes = 9;
  std::ranges::sort(world.inputs.desired, {}, &manifest::Desired::name);
  return world;
}

/// The document with a digest that fits, as somebody who means harm would write it.
std::string sealed(json::Document const& document) {
  json::Document forged = json::clone(document);
  json::Pool& pool = forged.GetAllocator();
  json::set(forged, "digest", json::string(plan::digest(forged), pool), pool);
  return json::compact(forged);
}

json::Value& item_of(json::Document& document, std::string_view name) {
  for (json::Value& item : json::find(document, "items")->GetArray())
    if (json::text_or(json::find(&std::as_const(item), "name"), "") == name) return item;
  throw std::out_of_range("no such item");
}

/// Makes another value of `value`, of the same type; false where it has none.
bool vary(json::Value& value, json::Pool& pool) {
  if (value.IsBool()) return value.SetBool(!value.GetBool()), true;
  if (value.IsInt64()) return value.SetInt64(value.GetInt64() + 1), true;
  if (value.IsString()) return value = json::string(std::string(json::view(value)) + "x", pool), true;
  return false;
}

/// Calls `look` with each value of `value` that stands alone, by its pointer.
void leaves(json::Value const& value, std::string const& pointer, std::function<void(std::string const&)> const& look) {
  if (value.IsObject())
    for (auto const& member : value.GetObject())
      leaves(member.value, json::child(pointer, json::view(member.name)), look);
  else if (value.IsArray())
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) leaves(value[i], json::child(pointer, i), look);
  else
    look(pointer);
}

/// What comes of an item when the saved plan is carried out in the same world.
plan::Item carried_out(plan::PlanView const& saved, std::string const& name, World world) {
  plan::restrict_to(saved, world.inputs);
  for (auto const& [place, version] : plan::scopes(world.inputs))  // CPS has nothing where nobody expects it
    world.inputs.listings.try_emplace(place, cps::Listing{.contract = place.second, .api_schema = version});
  plan::Plan const agreed = plan::agreed(saved, made(world), world.inputs.listings);
  return *std::ranges::find(agreed.items, name, &plan::Item::name);
}

bool has_moved(plan::Item const& item) {
  return item.held() != nullptr && item.held()->why == plan::Held::Why::moved;
}

}  // namespace

TEST_CASE("a saved plan is read back, and every item is what it was") {
  World const world = every_action();
  plan::PlanView const plan = planned(world);
  REQUIRE(plan.summary.create == 1);
  REQUIRE(plan.summary.update == 1);
  REQUIRE(plan.summary.record == 1);
  REQUIRE(plan.summary.delete_ == 1);
  REQUIRE(plan.summary.adopt == 1);
  auto const saved = plan::read_document(json::compact(plan::document(plan)), "it");
  REQUIRE(saved.has_value());
  for (plan::ItemView const& item : plan.items) {
    CAPTURE(item.name);
    CHECK(plan::acts(item));
    CHECK(carried_out(*saved, item.name, world).acts());
  }
}

TEST_CASE("property: whatever value of an item is another one, the item is refused, or it is not a plan any more") {
  World const world = every_action();
  json::Document const honest = plan::document(planned(world));
  int refused = 0, stale = 0;
  for (std::string const name : {"adopted", "created", "deleted", "labelled", "updated"}) {
    json::Document reading = json::clone(honest);
    leaves(item_of(reading, name), "", [&](std::string const& pointer) {
      CAPTURE(name);
      CAPTURE(pointer);
      json::Document forged = json::clone(honest);
      json::Value& item = item_of(forged, name);
      auto* const value = const_cast<json::Value*>(json::at(item, pointer));
      if (!vary(*value, forged.GetAllocator())) return;
      auto const saved = plan::read_document(sealed(forged), "it");
      refused += saved ? 0 : 1;
      if (!saved) return;
      std::string const its_name(json::text_or(json::find(&std::as_const(item), "name"), ""));
      plan::Item const now = carried_out(*saved, its_name, world);
      CHECK_FALSE(now.acts());
      stale += has_moved(now) ? 1 : 0;
    });
  }
  MESSAGE(refused << " refused, " << stale << " stale");
  CHECK(refused > 20);
  CHECK(stale > 50);
}

TEST_CASE("a plan that does not fit together is refused before anything of it is believed") {
  struct Case {
    char const* item;
    char const* pointer;
    char const* value;
    char const* message;
  };
  Case const cases[] = {
      {"created", "/action", R"("none")", "created acts, but its action does not"},
      {"deleted", "/action", R"("orphan")", "deleted acts, but its action does not"},
      {"updated", "/action", R"("blocked")", "updated acts, but its action does not"},
      {"created", "/fingerprint", R"("")", "created has no fingerprint"},
      {"created", "/steps", "[]", "created has a fingerprint, but does not act"},
      {"created", "/desired", "null", "created does not say what it wants"},
      {"labelled", "/desired", "null", "labelled does not say what it wants"},
      {"created", "/desired/name", R"("other")", "created wants another enrollment than it names"},
      {"created", "/desired/contract", R"("1-OTHER")", "created wants another enrollment than it names"},
      {"created", "/desired/accountKey", R"("1-5C0YLB:1-8BYUX")", "created is in another account than it wants"},
      {"created", "/account", R"("1-5C0YLB:1-8BYUX")", "created is in another account than it wants"},
      {"created", "/commonName", R"("nice.example.com")", "created wants another common name than it shows"},
      {"created", "/apiSchema", R"("v11+json\r\nX-Evil: 1")", "created is read in an unknown API version"},
      {"created", "/desired/apiSchema", R"("v999")", "created is wanted in an unknown API version"},
      {"updated", "/changes/0/field", R"("techContact.phone")", "a change names another field than it points to"},
      {"created", "/name", R"("zzz")", "not in the order of their names"},
  };
  json::Document const honest = plan::document(planned(every_action()));
  for (Case const& one : cases) {
    CAPTURE(one.item);
    CAPTURE(one.pointer);
    CAPTURE(one.value);
    json::Document forged = json::clone(honest);
    json::Pool& pool = forged.GetAllocator();
    std::string_view const pointer = one.pointer;
    auto const slash = pointer.rfind('/');
    json::Value& item = item_of(forged, one.item);
    auto* const around = const_cast<json::Value*>(json::at(item, pointer.substr(0, slash)));
    REQUIRE(around != nullptr);
    REQUIRE(json::find(*around, pointer.substr(slash + 1)) != nullptr);
    json::set(*around, pointer.substr(slash + 1), json::parse_into(pool, one.value, "value").value(), pool);
    if (pointer == "/name") json::set(*json::find(item, "desired"), "name", json::string("zzz", pool), pool);
    auto const saved = plan::read_document(sealed(forged), "plan.json");
    REQUIRE_FALSE(saved.has_value());
    CHECK(saved.error().code == Errc::manifest);
    CHECK_MESSAGE(saved.error().message.find(one.message) != std::string::npos, saved.error().message);
    CHECK_FALSE(saved.error().next.empty());
  }
}

TEST_CASE("a plan's summary counts its items") {
  json::Document const honest = plan::document(planned(every_action()));
  for (char const* const member :
       {"create", "update", "adopt", "delete", "orphan", "forget", "blocked", "advance", "due", "record", "wait"}) {
    CAPTURE(member);
    json::Document forged = json::clone(honest);
    json::Value& count = *json::find(*json::find(forged, "summary"), member);
    count.SetInt64(count.GetInt64() + 1);
    CHECK_FALSE(plan::read_document(sealed(forged), "it").has_value());
    count.SetInt64(-1);
    CHECK_FALSE(plan::read_document(sealed(forged), "it").has_value());
  }
  json::Document more = json::clone(honest);
  json::find(*json::find(more, "summary"), "unchanged")->SetInt64(200);  // those have no item
  CHECK(plan::read_document(sealed(more), "it").has_value());
}

TEST_CASE("a digest covers what a person approves, and not what CPS moves by itself") {
  World world = every_action();
  auto const digest = [&] { return plan::digest(planned(world)); };
  std::string const approved = digest();
  auto& enrollments = world.inputs.listings.at(scope).enrollments;
  SUBCASE("the state has learned something") {
    world.inputs.serial = 99;
  }
  SUBCASE("something that nothing is done with is in progress") {
    enrollments.push_back(live(70, "idle.example.com"));
    enrollments.back().pending = {{.id = {71}, .type = "renewal"}};
    world.want(desired("idle", "idle.example.com")).knows(entry("idle", 70, "idle.example.com"));
    REQUIRE(planned(world).summary.unchanged == 1);
    std::string const with_it = digest();
    enrollments.back().pending.clear();
    CHECK(digest() == with_it);
    return;
  }
  SUBCASE("another create beside it is something else to approve") {
    world.want(desired("more", "more.example.com"));
    CHECK(digest() != approved);
    return;
  }
  CHECK(digest() == approved);
}

TEST_CASE("a plan of format 1.0 is read, and keeps the digest that was approved") {
  json::Document old = plan::document(planned(every_action()));
  json::Pool& pool = old.GetAllocator();
  json::set(old, "format_version", json::string("1.0", pool), pool);
  for (json::Value& item : json::find(old, "items")->GetArray()) json::remove(item, "observed");
  json::Document whole = json::clone(old);
  json::remove(whole, "digest");
  json::remove(whole, "requestsToApply");
  std::string const approved = text::sha256_hex(json::canonical(whole));
  json::set(old, "digest", json::string(approved, pool), pool);
  auto const saved = plan::read_document(json::compact(old), "it");
  REQUIRE(saved.has_value());
  CHECK(plan::digest(*saved) == approved);
  json::set(old, "serial", json::Value(99), pool);
  CHECK_FALSE(plan::read_document(json::compact(old), "it").has_value());
}

TEST_CASE("what names no account is in the plan's: another default is another plan") {
  World world = every_action();
  world.inputs.default_account = switch_key;
  world.inputs.listings[{switch_key, contract}] = world.inputs.listings.at(scope);
  plan::PlanView const plan = planned(world);
  CHECK(plan.account == switch_key);
  auto const saved = plan::read_document(json::compact(plan::document(plan)), "it");
  REQUIRE(saved.has_value());
  json::Document forged = plan::document(plan);
  json::set(forged, "account", json::string("", forged.GetAllocator()), forged.GetAllocator());
  CHECK_FALSE(plan::read_document(sealed(forged), "it").has_value());
}

TEST_CASE("a saved delete of what the state has lost meanwhile is done only if CPS has lost it, too") {
  World world = every_action();
  plan::PlanView const saved = planned(world);
  std::int64_t const id = world.inputs.entries.at("deleted").id;
  world.inputs.entries.erase("deleted");
  plan::Item const still_there = carried_out(saved, "deleted", world);
  CHECK(has_moved(still_there));
  CHECK(still_there.reason.find("CPS still has enrollment") != std::string::npos);
  for (auto& [place, listing] : world.inputs.listings)
    std::erase_if(listing.enrollments, [&](cps::Live const& live) { return live.id.value == id; });
  CHECK(carried_out(saved, "deleted", world).reason == "already in this state");
}

TEST_CASE("the settings that are shown are those of the run, not those that a file tells") {
  World world = every_action();
  plan::PlanView saved = planned(world);
  saved.settings = {"everything as usual"};
  world.inputs.settings = {"settle 1 s"};
  plan::restrict_to(saved, world.inputs);
  CHECK(plan::agreed(saved, made(world), world.inputs.listings).settings == std::vector<std::string>{"settle 1 s"});
}

TEST_CASE("in the rounds of a run the story of what has begun may grow, and nothing else") {
  World const world = every_action();
  plan::PlanView const saved = planned(world);
  plan::Plan fresh = made(world);
  auto& now = *std::ranges::find(fresh.items, "created", &plan::Item::name);
  auto const agreed = [&](std::set<std::string> const& begun) {
    plan::Plan const plan = plan::agreed(saved, fresh, {}, begun);
    return *std::ranges::find(plan.items, "created", &plan::Item::name);
  };
  now.reason = "a create was sent and refused";
  CHECK(has_moved(agreed({})));
  CHECK_FALSE(has_moved(agreed({"created"})));
  CHECK(agreed({"created"}).reason == now.reason);
  now.notes = {"and now for something else"};
  CHECK(has_moved(agreed({"created"})));
}

TEST_CASE("saved: a part of a plan is its items, not all that there is of their enrollments") {
  plan::PlanView plan;
  for (plan::Action const action : {plan::Action::update, plan::Action::advance})
    plan.items.push_back({.name = "www", .action = action});
  plan::PlanView const part = plan::select(plan, {{"www", plan::Part::change}});
  REQUIRE(part.items.size() == 1);
  CHECK(part.items[0].action == plan::Action::advance);
  CHECK(plan::select(plan, {{"other"}}).items.empty());
}
