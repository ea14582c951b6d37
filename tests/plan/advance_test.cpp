// Pending changes in plans: what each waits for, who acts, and what is approved with it.
#include "plan/document.hpp"
#include "plan/pending.hpp"
#include "plan/saved.hpp"

using namespace plan_test;

namespace {

/// The only item of its kind; nothing if the plan has none.
std::optional<plan::ItemView> advance_in(World const& world) {
  auto const view = planned(world);
  auto const found = std::ranges::find(view.items, plan::Action::advance, &plan::ItemView::action);
  return found == view.items.end() ? std::nullopt : std::optional(*found);
}

bool notes(plan::ItemView const& item, std::string const& words) {
  return std::ranges::any_of(item.notes,
                             [&](std::string const& note) { return note.find(words) != std::string::npos; });
}

lifecycle::Offer offer() {
  return {.upload = cps::Upload{.certificates = {{.key_algorithm = "RSA", .certificate = "PEM"}}},
          .digest = "sha256:u",
          .notes = {"it lives for longer than is allowed"}};
}

manifest::Lifecycle from_files() {
  return {.certificate = {.files = {"certs/www.pem"}}};
}

}  // namespace

TEST_CASE("advance: an item says what the change waits for, who acts, and what is sent") {
  lifecycle::Sight certificate = wants_certificate();
  certificate.offer = offer();
  lifecycle::Sight lacking = wants_certificate();
  lacking.offer = lifecycle::Offer{.because = {"certs/www.pem is not there yet"}};
  lifecycle::Sight stuck = working("error", cps::ChangeState::error);
  stuck.change->error = cps::ChangeError{.code = "42", .description = "the CA says no"};
  lifecycle::Sight unknown = warned();
  unknown.change->inputs.front().kind.reset();
  manifest::Lifecycle held = allowing();
  held.hold = "the fair";
  struct Case {
    char const* title;
    lifecycle::Sight sight;
    manifest::Lifecycle lifecycle;
    char const* reason;
    std::size_t steps;
    char const* note;
  };
  Case const cases[] = {
      {"warnings that are allowed", warned(), allowing(),
       "waits for the acknowledgement of warnings; the policy gives it (1 warning)", 1, "DNS_NAME_NOT_CNAMED (low)"},
      {"warnings that are not",
       warned(),
       {},
       "waits for the acknowledgement of warnings · you to act",
       0,
       "DNS_NAME_NOT_CNAMED is not answered"},
      {"a hold", warned(), held, "the enrollment is on hold: the fair · you to act", 0, "DNS_NAME_NOT_CNAMED"},
      {"a certificate at hand", certificate, from_files(), "the files of the manifest have it", 1,
       "it lives for longer"},
      {"one that is not there", lacking, from_files(), "waits for the certificate for its CSR · you to act", 0,
       "certs/www.pem is not there yet"},
      {"staging", staged(), {}, "waits for the approval of what is on staging · you to act", 0, "promotion is manual"},
      {"a dead end", stuck, {}, "does not go on by itself: the CA says no (42) · you to act", 0, ""},
      {"an input of a kind that nobody knows", unknown, allowing(), "an input that cpsctl does not know", 0, ""}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const item = advance_in(sees(c.sight, c.lifecycle));
      REQUIRE(item);
      INFO(item->reason);
      CHECK(item->reason.starts_with("change 10 (new-certificate), ours: "));
      CHECK(item->reason.find(c.reason) != std::string::npos);
      CHECK(item->steps.size() == c.steps);
      CHECK(plan::acts(*item) == (c.steps == 1));
      CHECK(item->fingerprint.empty() == (c.steps == 0));
      CHECK((item->next.empty() == (c.steps == 1) || std::string(c.title) == "a hold"));
      CHECK((*c.note == '\0' || notes(*item, c.note)));
    }
  }
}

TEST_CASE("advance: where CPS or its CA is at work there is no item, and the enrollment's note says so") {
  World world = sees(working());
  CHECK_FALSE(advance_in(world));
  expect(world,
         "www none 1 [change 10 (new-certificate), ours: CPS works on it (at-work), since 2026-11-23T12:00:00Z]\n"
         "1 unchanged");
  world.inputs.sights.at(pending_change) = ended();
  expect(world, "www none 1 [change 10 (new-certificate), ours: it is done]\n1 unchanged");
  world.inputs.sights.clear();
  expect(world, "www none 1 [in progress at CPS: change 10 (new-certificate)]\n1 unchanged");
}

TEST_CASE("advance: whose change it is decides who may answer it") {
  struct Case {
    char const* title;
    std::vector<std::int64_t> ours;
    std::vector<std::int64_t> removal;
    char const* type;
    char const* owner;
    bool answered;
  };
  Case const cases[] = {{"our write", {10}, {}, "modify-san", "ours", true},
                        {"CPS's renewal", {}, {}, "renewal", "CPS's own", true},
                        {"somebody else's", {}, {}, "modify-san", "another party's", false},
                        {"somebody else's, beside ours", {11}, {}, "modify-san", "another party's", false},
                        {"our removal", {}, {10}, "remove", "ours", false}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      lifecycle::Sight sight = warned();
      sight.pending.type = c.type;
      World world = sees(sight, allowing());
      world.inputs.entries.at("www").changes = c.ours;
      world.inputs.entries.at("www").removal = c.removal;
      auto const item = advance_in(world);
      REQUIRE(item);
      INFO(item->reason);
      CHECK(item->reason.find(std::string("), ") + c.owner + ": ") != std::string::npos);
      CHECK(plan::acts(*item) == c.answered);
    }
  }
}

TEST_CASE("advance: without a manifest nothing is answered by policy") {
  World world = sees(warned(), allowing());
  world.inputs.desired.clear();
  auto const item = advance_in(world);
  REQUIRE(item);
  CHECK_FALSE(plan::acts(*item));
  CHECK(notes(*item, "no manifest wants the enrollment any more"));
}

TEST_CASE("advance: nothing is answered of an enrollment that is about to be written") {
  World world = sees(warned(), allowing());
  world.inputs.listings.at(scope).enrollments.front().document = different(1).document;
  world.inputs.consent.on_pending = manifest::OnPendingChange::cancel;
  CHECK_FALSE(advance_in(world));
  world.inputs.consent.on_pending = manifest::OnPendingChange::wait;
  auto const item = advance_in(world);
  REQUIRE(item);
  CHECK(plan::acts(*item));
}

TEST_CASE("advance: an adoption takes over what is pending, and the plan says so") {
  World world = sees(warned(), allowing());
  world.inputs.entries.clear();
  auto const view = planned(world);
  REQUIRE(view.items.size() == 2);
  CHECK(view.items[0].action == plan::Action::adopt);
  CHECK(notes(view.items[0], "change 10 (new-certificate) is taken over with it"));
  CHECK(view.items[1].action == plan::Action::advance);
  CHECK(view.items[1].reason.find("ours: waits for the acknowledgement") != std::string::npos);
  CHECK(plan::acts(view.items[1]));
}

TEST_CASE("advance: an adoption that finds differences takes nothing over") {
  World world = sees(warned(), allowing());
  world.inputs.entries.clear();
  world.inputs.desired.front().lifecycle.adopt = manifest::Adopt::always;
  world.inputs.listings.at(scope).enrollments.front().document = different(1).document;
  auto const item = advance_in(world);
  REQUIRE(item);
  CHECK_FALSE(plan::acts(*item));
  CHECK(item->reason.find("another party's") != std::string::npos);
}

TEST_CASE("advance: what is in doubt, or was taken a moment ago, is waited for") {
  World world = sees(warned(), allowing());
  world.inputs.open_intents = {unanswered_answer(warned())};
  CHECK_FALSE(advance_in(world));
  world.inputs.now = noon + 1h;
  CHECK(plan::acts(advance_in(world).value()));
  world.inputs.open_intents.clear();
  world.inputs.entries.at("www").watches = {
      {.change = pending_change, .answered = "pre-ack", .digest = digest_of(warned())}};
  CHECK_FALSE(advance_in(world));
}

TEST_CASE("advance: of several changes the first that needs something has the item") {
  World world = sees(warned(), allowing());
  lifecycle::Sight second = warned("Unsorted trust chain");
  second.pending.id = second.change->id = {11};
  lifecycle::Sight first = working();
  world.inputs.sights.at(pending_change) = first;
  world.inputs.sights.emplace(11, second);
  world.inputs.entries.at("www").changes = {10, 11};
  world.inputs.listings.at(scope).enrollments.front().pending.push_back(second.pending);
  auto const view = planned(world);
  REQUIRE(view.items.size() == 2);
  CHECK(notes(view.items[0], "change 10 (new-certificate), ours: CPS works on it"));
  CHECK(view.items[1].reason.starts_with("change 11 (new-certificate), ours: "));
}

TEST_CASE("advance: an approval holds for the same answers at whatever point of the way") {
  manifest::Lifecycle lifecycle = from_files();
  lifecycle.acknowledge = allowing().acknowledge;
  lifecycle::Sight upload = wants_certificate();
  upload.offer = offer();
  auto const before = planned(sees(upload, lifecycle));
  auto const after = planned(sees(warned(), lifecycle));
  CHECK(plan::digest(before) == plan::digest(after));
  SUBCASE("other answers are another plan") {
    lifecycle.acknowledge.front().until = parse_day("2027-02-28").value();
    CHECK(plan::digest(planned(sees(upload, lifecycle))) != plan::digest(before));
  }
  SUBCASE("what a person has to answer is no part of it") {
    CHECK(plan::digest(planned(sees(warned("The moon is full."), lifecycle))) ==
          plan::digest(planned(sees(working(), lifecycle))));
  }
  SUBCASE("the saved plan is carried out at a later point") {
    World const later = sees(warned(), lifecycle);
    auto const agreed = plan::agreed(before, made(later), later.inputs.listings, {});
    REQUIRE(agreed.items.size() == 1);
    CHECK(agreed.items[0].writes());
    CHECK(plan::advance_of(agreed.items[0])->digest == digest_of(warned()));
  }
  SUBCASE("with other answers it is not") {
    manifest::Lifecycle other = lifecycle;
    other.acknowledge.clear();
    other.certificate.files = {"certs/other.pem"};
    World const later = sees(upload, other);
    auto const agreed = plan::agreed(before, made(later), later.inputs.listings, {});
    REQUIRE(agreed.items.size() == 1);
    CHECK_FALSE(agreed.items[0].acts());
    CHECK(agreed.items[0].reason.find("it changed since the plan was made") != std::string::npos);
  }
  SUBCASE("a person's turn has come: it is told, and nothing is sent") {
    World const later = sees(staged(), lifecycle);
    auto const agreed = plan::agreed(before, made(later), later.inputs.listings, {});
    REQUIRE(agreed.items.size() == 1);
    CHECK_FALSE(agreed.items[0].acts());
    CHECK(plan::advance_of(agreed.items[0]) != nullptr);
  }
  SUBCASE("all is done") {
    World later = sees(working(), lifecycle);
    auto const agreed = plan::agreed(before, made(later), later.inputs.listings, {});
    REQUIRE(agreed.items.size() == 1);
    CHECK(agreed.items[0].reason == "already in this state");
  }
}

TEST_CASE("advance: what is on staging goes live by policy only as the manifest wants it") {
  manifest::Lifecycle lifecycle;
  lifecycle.promotion.mode = manifest::PromotionMode::auto_;
  auto const on_staging = [](char const* settings) {
    lifecycle::Sight sight = staged();
    auto& pending = std::get<cps::PendingDeployment>(std::get<cps::InputInfo>(sight.info));
    pending.network = json::share(json::parse(settings, "settings").value());
    return sight;
  };
  auto const same =
      advance_in(sees(on_staging(R"({"secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false})"), lifecycle));
  REQUIRE(same);
  CHECK(plan::acts(*same));
  auto const other =
      advance_in(sees(on_staging(R"({"secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":true})"), lifecycle));
  REQUIRE(other);
  CHECK_FALSE(plan::acts(*other));
  CHECK(notes(*other, "it is not what the manifest wants: "));
  CHECK(other->next == "cpsctl ack www --fingerprint sha256:f1");
}
