// What became of a write, by a table over step, what CPS shows and time.
#include "plan/doubts.hpp"

#include "plan/world.hpp"

using namespace plan_test;
using Kind = plan::Fate::Kind;

namespace {

std::string const with_unit = R"("orgId":7)";

/// Sent at 10:00, over at 10:01, on enrollment 1; a list may lag by five minutes.
state::Record sent(state::WriteKind step, std::string const& more = "") {
  auto one = entry("www", step == state::WriteKind::create ? 0 : 1);
  one.last_applied = document("www.example.com", more);
  state::Record intent{.sequence = 8,
                       .phase = state::Phase::intent,
                       .step = step,
                       .name = "www",
                       .at = "2026-11-23T10:00:00Z",
                       .ends_by = "2026-11-23T10:01:00Z",
                       .entry = std::make_shared<state::Entry const>(one)};
  if (step != state::WriteKind::create) intent.known_ids = {1};
  return intent;
}

struct Row {
  char const* title;
  state::WriteKind step;
  std::string sent;
  std::optional<std::string> live;  ///< what CPS has in place of `sent`; none: nothing there
  std::vector<cps::PendingChange> pending;
  char const* listed;  ///< time of the list, on that day
  Kind kind;
};

Kind judged(Row const& row) {
  cps::Live there = live(1, "www.example.com", row.live.value_or(""));
  there.pending = row.pending;
  plan::Seen seen{.listed = parse_timestamp(std::string("2026-11-23T") + row.listed + "Z").value(),
                  .settle = 300s,
                  .owned = [](std::int64_t) { return false; },
                  .id = 1,
                  .last_applied = document("www.example.com")};
  if (row.live) seen.live = &there;
  if (row.live) seen.same_name = {&there};
  return plan::what_became_of(sent(row.step, row.sent), seen).kind;
}

}  // namespace

TEST_CASE("doubts: what became of a write") {
  constexpr auto create = state::WriteKind::create, update = state::WriteKind::update,
                 remove = state::WriteKind::delete_;
  std::string const u = with_unit;
  std::vector<Row> const rows{
      {"create: listed and equal", create, u, u, {}, "10:00:01", Kind::done},
      {"create: listed and another", create, u, "", {}, "12:00:00", Kind::ambiguous},
      {"create: not listed, under way", create, u, {}, {}, "10:00:30", Kind::open},
      {"create: not listed, the list may lag", create, u, {}, {}, "10:05:59", Kind::open},
      {"create: not listed, the list cannot lag", create, u, {}, {}, "10:06:00", Kind::not_done},
      {"update: shown, under way", update, u, u, {}, "10:00:30", Kind::done},
      {"update: shown, over", update, u, u, {}, "12:00:00", Kind::done},
      {"update: not shown, under way", update, u, "", {}, "10:00:30", Kind::open},
      {"update: not shown, as it ends", update, u, "", {}, "10:01:00", Kind::open},
      {"update: not shown, the list may lag", update, u, "", {}, "10:05:59", Kind::not_shown},
      {"update: not shown, the list cannot lag", update, u, "", {}, "10:06:00", Kind::not_done},
      {"update: the enrollment is gone", update, u, {}, {}, "10:00:30", Kind::not_done},
      {"delete: gone", remove, "", {}, {}, "10:00:30", Kind::done},
      {"delete: there, under way", remove, "", "", {}, "10:00:30", Kind::open},
      {"delete: there, the list may lag", remove, "", "", {}, "10:05:59", Kind::not_shown},
      {"delete: there, the list cannot lag", remove, "", "", {}, "10:06:00", Kind::not_done},
      {"delete: a change that may be it", remove, "", "", {{.id = {5}}}, "12:00:00", Kind::open},
      {"delete: a renewal", remove, "", "", {{.id = {5}, .type = "renewal"}}, "12:00:00", Kind::not_done},
  };
  for (Row const& row : rows) {
    CAPTURE(row.title);
    CHECK(judged(row) == row.kind);
  }
}

TEST_CASE("doubts: a create that met a 409 is disproved by time alone, whatever else is listed") {
  state::Record refused = sent(state::WriteKind::create, with_unit);
  refused.reason = "409";
  cps::Live const theirs = live(5, "www.example.com");
  cps::Live const ours = live(6, "www.example.com", with_unit);
  auto const judged_at = [&](char const* listed, std::vector<cps::Live const*> same_name) {
    plan::Seen const seen{.listed = parse_timestamp(listed).value(),
                          .settle = 300s,
                          .same_name = std::move(same_name),
                          .owned = [](std::int64_t) { return false; }};
    return plan::what_became_of(refused, seen).kind;
  };
  CHECK(judged_at("2026-11-23T10:05:59Z", {}) == Kind::open);
  CHECK(judged_at("2026-11-23T10:05:59Z", {&theirs}) == Kind::not_shown);
  CHECK(judged_at("2026-11-23T10:06:00Z", {&theirs}) == Kind::not_done);
  CHECK(judged_at("2026-11-23T10:05:59Z", {&theirs, &ours}) == Kind::done);
}

TEST_CASE("doubts: a write about an enrollment that the name does not mean any more was not done to this one") {
  cps::Live const there = live(2, "www.example.com", with_unit);
  plan::Seen const seen{.listed = parse_timestamp("2026-11-23T10:00:30Z").value(), .live = &there, .id = 2};
  CHECK(plan::what_became_of(sent(state::WriteKind::update, with_unit), seen).kind == Kind::not_done);
  CHECK(plan::what_became_of(sent(state::WriteKind::delete_), seen).kind == Kind::not_done);
}

TEST_CASE("doubts: what a write in doubt may have brought counts as applied, what others brought does not") {
  auto const schema = schema::enrollment("v11").value();
  auto const both = [&](char const* applied, char const* sent, char const* live) {
    auto const parsed = [](char const* text) { return json::share(json::parse(text, "document").value()); };
    return json::canonical(*plan::also_applied(parsed(applied), *parsed(sent), *parsed(live), *schema));
  };
  CHECK(both(R"({"ra":"a"})", R"({"ra":"a","orgId":2})", R"({"ra":"a","orgId":2})") == R"({"orgId":2,"ra":"a"})");
  CHECK(both(R"({"ra":"a"})", R"({"ra":"a","orgId":2})", R"({"ra":"a","orgId":3})") == R"({"ra":"a"})");
  CHECK(both(R"({"csr":{"c":"US"}})", R"({"csr":{"c":"US","ou":"X"}})", R"({"csr":{"c":"US","ou":"X"}})") ==
        R"({"csr":{"c":"US","ou":"X"}})");
  CHECK(both(R"({})", R"({"csr":{"c":"US","ou":"X"}})", R"({"csr":{"ou":"X"}})") == R"({"csr":{"ou":"X"}})");
  CHECK(both(R"({})", R"({"csr":{"sans":["B.example","a.example"]}})",
             R"({"csr":{"sans":["a.example","b.example"]}})") == R"({"csr":{"sans":["B.example","a.example"]}})");
}
