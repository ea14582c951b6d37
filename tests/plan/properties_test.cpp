// Histories of one enrollment: manifests change, people change it at CPS, CPS shows it in another shape, answers to
// updates are lost. Whatever happened, one apply makes the next plan empty.
#include "diff/generator.hpp"
#include "plan/document.hpp"
#include "plan/world.hpp"
#include "sandbox/normalise.hpp"
#include "sandbox/variety.hpp"

using namespace plan_test;

namespace {

constexpr char const* base_text = R"({"ra":"lets-encrypt","validationType":"dv","certificateType":"san",
  "changeManagement":false,"enableMultiStackedCertificates":false,
  "csr":{"cn":"www.example.com","sans":["a.example"],"c":"US"},
  "networkConfiguration":{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,
    "dnsNameSettings":{"cloneDnsNames":true}},
  "adminContact":{"firstName":"A"}})";

/// Fields that may change in place, those inside objects included.
void editable(schema::Field const& field, std::vector<schema::Field const*>& found) {
  if (field.read_only || field.immutable) return;
  if (field.properties.empty() && !field.pointer.empty()) found.push_back(&field);
  for (auto const& [name, property] : field.properties) editable(*property, found);
}

/// Sets the value at a pointer, or takes it away.
void put(json::Document& document, std::string const& pointer, std::optional<json::Value> value) {
  auto& pool = document.GetAllocator();
  json::Value* at = &document;
  std::string_view rest = std::string_view(pointer).substr(1);
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    std::string_view const name = rest.substr(0, slash);
    json::Value* inner = json::find(*at, name);
    if (inner == nullptr || !inner->IsObject()) {
      if (!value) return;
      json::set(*at, name, json::Value(rapidjson::kObjectType), pool);
      inner = json::find(*at, name);
    }
    at = inner;
    rest.remove_prefix(slash + 1);
  }
  if (value)
    json::set(*at, rest, std::move(*value), pool);
  else
    json::remove(*at, rest);
}

/// One enrollment, and what manifest, state and CPS have of it.
class History {
 public:
  explicit History(std::uint64_t seed) : draw_(seed), wanted_(json::parse(base_text, "base").value()) {
    editable(schema_->root(), fields_);
    show(diff::create_body(wanted_, *schema_));
    last_ = json::share(wanted_);
  }

  void step() {
    schema::Field const& field = *fields_[draw_.below(fields_.size())];
    switch (draw_.below(4)) {
      case 0:
        edit(wanted_, field);
        edited_.insert(&field);
        break;
      case 1:
        if (!field.nullable()) break;
        put(wanted_, field.pointer, std::nullopt);
        break;
      case 2: {  // somebody at CPS
        json::Document changed = json::clone(*live_);
        edit(changed, field);
        outside_ = true;
        show(changed);
        break;
      }
      default: show(*live_);  // the same in another shape
    }
  }

  plan::Plan plan() const {
    World world;
    manifest::Desired one = desired("www", "www.example.com");
    one.enrollment = json::share(wanted_);
    auto known = entry("www", 1);
    known.last_applied = last_;
    world.inputs.open_intents = intents_;
    return made(world.want(one).has({.id = {1}, .document = live_}).knows(known));
  }

  /// An update is sent and its answer lost: CPS did it, or it never arrived. Manifests are edited before anybody knows.
  void lose() {
    plan::Plan const now = plan();
    if (now.items.empty() || !now.items[0].writes()) return;
    plan::Item const& item = now.items[0];
    close(item);
    auto sent = entry("www", 1);
    sent.last_applied = item.desired->enrollment;
    auto intent = unanswered(state::WriteKind::update, "www", "2026-11-23T09:00:00Z");
    intent.sequence = ++sequence_;
    intent.known_ids = {1};
    intent.entry = std::make_shared<state::Entry const>(sent);
    intents_.push_back(intent);
    if (draw_.below(2) == 0) show(diff::update_body(*std::get<plan::Update>(item.work).target, *live_, *schema_));
  }

  /// The commit is reverted.
  void remember_manifest() { before_ = json::share(wanted_); }
  void revert() { wanted_ = json::clone(*before_); }

  bool touched_by_others() const { return outside_; }
  bool in_doubt() const { return !intents_.empty(); }

  /// Fields that some manifest named and that this one does not: what CPS still has of them.
  std::vector<std::string> left_behind() const {
    std::vector<std::string> left;
    for (schema::Field const* field : edited_) {
      json::Value const* const live = json::at(*live_, field->pointer);
      // CPS has values of its own for what is derived.
      bool const stays = field->on_remove == schema::OnRemove::release || field->derived != nullptr;
      bool const nothing = live == nullptr || live->IsNull() || (live->IsArray() && live->Empty()) ||
                           (live->IsString() && live->GetStringLength() == 0);
      if (!stays && !nothing && json::at(wanted_, field->pointer) == nullptr) left.push_back(field->pointer);
    }
    return left;
  }

  /// What apply does with a plan.
  void apply(plan::Plan const& plan) {
    for (plan::Item const& item : plan.items) {
      close(item);
      if (item.writes()) show(diff::update_body(*std::get<plan::Update>(item.work).target, *live_, *schema_));
      if (item.acts()) last_ = item.desired->enrollment;
    }
  }

 private:
  /// What was proven is what was applied last; what was not done is forgotten.
  void close(plan::Item const& item) {
    auto const is_done = [&](state::Record const& intent) {
      return std::ranges::count(item.closes.done, intent.sequence) > 0;
    };
    for (state::Record const& intent : intents_)
      if (is_done(intent)) last_ = intent.entry->last_applied;
    std::erase_if(intents_, [&](state::Record const& intent) {
      return is_done(intent) || std::ranges::count(item.closes.not_done, intent.sequence) > 0;
    });
  }
  void edit(json::Document& document, schema::Field const& field) {
    put(document, field.pointer, draw_.value(field, 60, document.GetAllocator()));
    // What CPS refuses cannot happen: a list of one's own names needs names.
    put(document, "/networkConfiguration/dnsNameSettings/cloneDnsNames", json::Value(true));
  }
  void show(json::Value const& body) {
    json::Document document = sandbox::normalised(body, schema_->root(), 1);
    sandbox::vary(document, schema_->root(), draw_.below(1000));
    live_ = json::share(document);
  }

  Generator draw_;
  std::shared_ptr<schema::Schema const> schema_ = schema::enrollment("v11").value();
  std::vector<schema::Field const*> fields_ = {};
  json::Document wanted_;
  json::Ref last_ = {};
  json::Ref live_ = {};
  std::vector<state::Record> intents_ = {};
  std::int64_t sequence_ = 0;
  json::Ref before_ = {};
  std::set<schema::Field const*> edited_ = {};
  bool outside_ = false;
};

bool acts(plan::Plan const& plan) {
  return std::ranges::any_of(plan.items, &plan::Item::acts);
}

}  // namespace

TEST_CASE("property: whatever happened to manifest and enrollment, one apply makes the next plan empty") {
  int histories = 0, writes = 0, records = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 4; ++i) history.step();
      plan::Plan const plan = history.plan();
      REQUIRE(plan.summary.blocked == 0);
      bool const sends = std::ranges::any_of(plan.items, &plan::Item::writes);
      writes += sends ? 1 : 0;
      records += acts(plan) && !sends ? 1 : 0;
      history.apply(plan);
      plan::Plan const next = history.plan();
      INFO(json::pretty(plan::document(plan::view(next))));
      REQUIRE_FALSE(acts(next));
      ++histories;
    }
  }
  MESSAGE(histories << " histories: " << writes << " writes, " << records << " records");
  CHECK(writes > 1000);
  CHECK(records > 100);
}

TEST_CASE(
    "property: manifests are edited while updates are in doubt: one apply ends the doubt, and nothing is left behind") {
  int doubts = 0, watched = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int round = 0; round < 3; ++round) {
      history.remember_manifest();
      for (int i = 0; i < 6; ++i) {
        history.step();
        if (i % 2 == 0) history.lose();
      }
      if (seed % 2 == 0) history.revert();
      doubts += history.in_doubt() ? 1 : 0;
      plan::Plan const plan = history.plan();
      REQUIRE(plan.summary.blocked == 0);
      history.apply(plan);
      CHECK_FALSE(history.in_doubt());
      plan::Plan const next = history.plan();
      INFO(json::pretty(plan::document(plan::view(next))));
      REQUIRE_FALSE(acts(next));
      if (history.touched_by_others()) continue;
      ++watched;
      CHECK(history.left_behind() == std::vector<std::string>());
    }
  }
  MESSAGE(doubts << " plans with a write in doubt, " << watched << " of them with nobody else");
  CHECK(doubts > 1000);
  CHECK(watched > 300);
}

TEST_CASE("property: a plan document is read back as it was written") {
  int items = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 6; ++i) history.step();
    plan::Plan const plan = history.plan();
    std::string const text = json::compact(plan::document(plan::view(plan)));
    auto const again = plan::read_document(text, "it");
    REQUIRE(again.has_value());
    CHECK(json::compact(plan::document(*again)) == text);
    items += static_cast<int>(plan.items.size());
  }
  MESSAGE(items << " items");
}
