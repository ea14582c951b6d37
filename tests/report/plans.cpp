#include "plans.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::report::testing {

json::Ref value(std::string const& text) {
  return json::share(json::parse(text, "value").value());
}

namespace {

/// A wish with everything that a reader of a plan has to be told.
manifest::Desired ordered(std::string const& name) {
  return {.name = name,
          .contract = "1-A",
          .account_key = "1-5C0YLB:1-8BYUX",
          .enrollment = value(R"({"changeManagement":true,"csr":{"cn":"c\u001b[2J.example.com",)"
                              R"("sans":["a.example.com","p\u0430ypal.example.com","ok\u200b.example.com"],)"
                              R"("o":"Example \u202e Corp"},"org":{"name":"Example Corporation"}})"),
          .deploy = {.not_before = parse_day("2027-06-01").value(), .not_after = parse_day("2027-12-31").value()},
          .lifecycle = {.deletion = manifest::Deletion::delete_, .allow_duplicate_cn = true}};
}

}  // namespace

plan::PlanView every_row() {
  plan::PlanView plan{.realm = "sandbox"};
  plan.items = {{.name = "adopted",
                 .action = plan::Action::adopt,
                 .contract = "1-A",
                 .id = 7,
                 .common_name = "adopted.example.com",
                 .validation_type = "dv",
                 .state_only = true,
                 .reason = "exists already and is identical"},
                {.name = "blocked",
                 .action = plan::Action::blocked,
                 .wanted = plan::Action::update,
                 .contract = "1-A",
                 .id = 8,
                 .common_name = "blocked.example.com",
                 .validation_type = "ov",
                 .changes = {{.pointer = "/csr/sans",
                              .live = value(R"(["a"])"),
                              .desired = value(R"(["b"])"),
                              .added = {"new.example.com"},
                              .removed = {"old.example.com"},
                              .effect = schema::Effect::certificate,
                              .set = true},
                             {.pointer = "/networkConfiguration/ocspStapling",
                              .live = value(R"("off")"),
                              .desired = value(R"("on")"),
                              .effect = schema::Effect::deployment},
                             {.pointer = "/techContact/phone",
                              .live = value("null"),
                              .desired = value(R"("617-555-0113")"),
                              .cause = diff::Cause::outside},
                             {.pointer = "/networkConfiguration/secureNetwork",
                              .live = value(R"("standard-tls")"),
                              .desired = value(R"("enhanced-tls")"),
                              .effect = schema::Effect::immutable}},
                 .reason = "networkConfiguration.secureNetwork cannot be changed in place",
                 .next = "set it back",
                 .notes = {"in progress at CPS: change 5 (renewal)"}},
                {.name = "cancels",
                 .action = plan::Action::update,
                 .contract = "1-A",
                 .id = 10,
                 .common_name = "cancels.example.com",
                 .validation_type = "dv",
                 .changes = {{.pointer = "/networkConfiguration/quicEnabled",
                              .live = value("false"),
                              .desired = value("true"),
                              .effect = schema::Effect::deployment,
                              .cause = diff::Cause::both}},
                 .steps = {"PUT /enrollments/10; cancels change 11 (modification)"},
                 .cancels = {11}},
                {.name = "created",
                 .action = plan::Action::create,
                 .contract = "1-A",
                 .account = "1-5C0YLB:1-8BYUX",
                 .common_name = "c\x1b[2J.example.com",
                 .validation_type = "third-party",
                 .steps = {"POST /enrollments", "GET /enrollments/{id}", "PUT /enrollments/{id}"},
                 .desired = ordered("created")},
                {.name = "deleted",
                 .action = plan::Action::delete_,
                 .contract = "1-A",
                 .id = 12,
                 .common_name = "deleted.example.com",
                 .validation_type = "ev",
                 .production = true,
                 .steps = {"DELETE /enrollments/12"},
                 .reason = "its manifest is gone"},
                {.name = "orphaned",
                 .action = plan::Action::orphan,
                 .contract = "1-A",
                 .id = 13,
                 .common_name = "orphaned.example.com",
                 .validation_type = "dv",
                 .reason = "its manifest is gone",
                 .next = "cpsctl state forget orphaned"},
                {.name = "quiet",
                 .contract = "1-A",
                 .id = 9,
                 .common_name = "quiet.example.com",
                 .validation_type = "dv",
                 .notes = {"in progress at CPS: change 6"}},
                {.name = "renewed",
                 .action = plan::Action::update,
                 .contract = "1-A",
                 .id = 14,
                 .common_name = "renewed.example.com",
                 .validation_type = "dv",
                 .changes = {{.pointer = "/csr/sans",
                              .added = {"new.example.com"},
                              .effect = schema::Effect::certificate,
                              .set = true,
                              .cause = diff::Cause::manifest}},
                 .steps = {"PUT /enrollments/14"},
                 .desired = ordered("renewed")},
                {.name = "slow",
                 .action = plan::Action::blocked,
                 .wanted = plan::Action::update,
                 .contract = "1-A",
                 .id = 15,
                 .common_name = "slow.example.com",
                 .validation_type = "dv",
                 .waits = true,
                 .reason = "waits for change 16 (renewal) to end",
                 .next = "run again once it has ended"},
                {.name = "unset",
                 .action = plan::Action::update,
                 .contract = "1-A",
                 .id = 17,
                 .common_name = "unset.example.com",
                 .validation_type = "dv",
                 .changes = {{.pointer = "/csr/ou",
                              .live = value(R"("Web")"),
                              .desired = value("null"),
                              .unset = true,
                              .cause = diff::Cause::manifest},
                             {.pointer = "/adminContact/email",
                              .live = value(R"("renewal@ca.example")"),
                              .desired = value(R"("ana@example.com")"),
                              .cause = diff::Cause::cps}},
                 .steps = {"PUT /enrollments/17"}},
                {.name = "window",
                 .action = plan::Action::update,
                 .contract = "1-A",
                 .id = 18,
                 .common_name = "window.example.com",
                 .validation_type = "dv",
                 .steps = {"PUT /enrollments/18; overrides the renewal window"},
                 .overrides_renewal_window = true}};
  plan.summary = {.create = 1, .update = 4, .adopt = 1, .delete_ = 1, .orphan = 1, .blocked = 2, .unchanged = 213};
  plan.requests_to_apply = 8;
  return plan;
}

std::vector<ResultRow> every_outcome() {
  return {
      {.name = "a", .action = plan::Action::create, .outcome = plan::Outcome::done, .id = 10001, .changes = {10002}},
      {.name = "b",
       .action = plan::Action::create,
       .outcome = plan::Outcome::failed,
       .message = "refused",
       .next = "fix it"},
      {.name = "c",
       .action = plan::Action::create,
       .outcome = plan::Outcome::doubt,
       .message = "lost",
       .next = "run again"},
      {.name = "d",
       .action = plan::Action::blocked,
       .outcome = plan::Outcome::blocked,
       .id = 4,
       .message = "in the way",
       .next = "do it"},
      {.name = "e", .action = plan::Action::create, .outcome = plan::Outcome::skipped, .message = "not begun"},
      {.name = "f", .action = plan::Action::adopt, .outcome = plan::Outcome::done, .id = 6},
      {.name = "g",
       .action = plan::Action::update,
       .outcome = plan::Outcome::stale,
       .id = 8,
       .message = "it has moved",
       .next = "plan again"},
      {.name = "h",
       .action = plan::Action::blocked,
       .outcome = plan::Outcome::waiting,
       .id = 9,
       .message = "change 10 has to end"},
      {.name = "i",
       .action = plan::Action::delete_,
       .outcome = plan::Outcome::under_way,
       .id = 11,
       .message = "its removal is under way"},
      {.name = "j", .action = plan::Action::update, .outcome = plan::Outcome::done, .id = 12, .state_only = true},
      {.name = "k",
       .action = plan::Action::blocked,
       .outcome = plan::Outcome::blocked,
       .id = 13,
       .message = "the plan reported it",
       .next = "as reported",
       .in_plan = true}};
}

std::string Hostile::utf8() {
  std::string made = text();
  for (auto bad = text::invalid_utf8(made); bad; bad = text::invalid_utf8(made)) made.erase(*bad, 1);
  return made;
}

std::string Hostile::text() {
  static constexpr std::array pieces{"`",
                                     "``",
                                     "```\n",
                                     "~~~\n",
                                     "|",
                                     "\\",
                                     "\\|",
                                     "<details>",
                                     "</details>",
                                     "</summary>",
                                     "<!--",
                                     "-->",
                                     "<script>",
                                     "<img src=x onerror=y>",
                                     "@octocat",
                                     "@org/team",
                                     "#1",
                                     "owner/repo#2",
                                     "GH-3",
                                     "[a](http://evil.example)",
                                     "![a](b)",
                                     "http://evil.example",
                                     "https://evil.example/x",
                                     "www.evil.example",
                                     "evil@example.com",
                                     "**",
                                     "__",
                                     "*",
                                     "_",
                                     "\n",
                                     "\r\n",
                                     "\n\n",
                                     "\n# h",
                                     "\n- x",
                                     "\n> q",
                                     "\n---\n",
                                     "\t",
                                     "&lt;",
                                     "&#60;",
                                     "&",
                                     "]]>",
                                     "<![CDATA[",
                                     "::error::x",
                                     "%0A",
                                     "%",
                                     ",",
                                     ":",
                                     "'",
                                     "\"",
                                     "\x1b[2J",
                                     "\x01",
                                     "\x7f",
                                     "\xff",
                                     "\xc3",
                                     "\xe2\x80",
                                     "\xef\xbf\xbe",
                                     "\xed\xa0\x80",
                                     "\u202e",
                                     "\u200b",
                                     "\u2028",
                                     "\u00a0",
                                     "é",
                                     "漢",
                                     "🔒",
                                     " ",
                                     "  ",
                                     "a",
                                     "www",
                                     "example.com",
                                     "1",
                                     "{0}",
                                     "${x}",
                                     "$(x)",
                                     ":smile:",
                                     "=",
                                     "+",
                                     "-",
                                     "1. "};
  std::string text;
  for (std::size_t n = below(12); n > 0; --n) text += pieces.at(below(pieces.size()));
  if (below(20) == 0) text += std::string(below(5000), "`<|@\xc3"[below(5)]);
  return text;
}

plan::PlanView hostile_plan(unsigned seed, std::size_t items) {
  Hostile hostile(seed);
  plan::PlanView plan{.realm = hostile.utf8()};
  auto const json_text = [&] {
    json::Document document;
    document.SetString(hostile.utf8(), document.GetAllocator());
    return json::share(document);
  };
  for (std::size_t i = 0; i < items; ++i) {
    plan::ItemView item{.name = fmt::format("{:06}{}", i, hostile.utf8()),
                        .action = static_cast<plan::Action>(hostile.below(9)),
                        .contract = hostile.utf8(),
                        .id = static_cast<std::int64_t>(hostile.below(3)),
                        .common_name = hostile.utf8(),
                        .validation_type = hostile.utf8(),
                        .production = hostile.below(2) == 0,
                        .waits = hostile.below(2) == 0,
                        .reason = hostile.utf8(),
                        .next = hostile.utf8()};
    if (hostile.below(3) == 0) item.account = hostile.utf8();
    if (hostile.below(3) == 0) {
      json::Document wish(rapidjson::kObjectType);
      json::Pool& pool = wish.GetAllocator();
      json::Value csr(rapidjson::kObjectType), sans(rapidjson::kArrayType);
      for (std::size_t n = hostile.below(4); n > 0; --n) sans.PushBack(json::string(hostile.utf8(), pool), pool);
      json::set(csr, "sans", std::move(sans), pool);
      json::set(csr, "o", json::string(hostile.utf8(), pool), pool);
      json::set(wish, "csr", std::move(csr), pool);
      item.desired = {.name = item.name, .contract = item.contract, .enrollment = json::share(wish)};
    }
    item.overrides_renewal_window = hostile.below(4) == 0;
    if (hostile.below(4) == 0) item.cancels = {1, 2};
    for (std::size_t n = hostile.below(4); n > 0; --n)
      item.changes.push_back({.pointer = "/csr/sans",
                              .added = {hostile.utf8(), hostile.utf8()},
                              .removed = {hostile.utf8()},
                              .effect = static_cast<schema::Effect>(hostile.below(4)),
                              .set = true,
                              .unset = hostile.below(2) == 0,
                              .cause = static_cast<diff::Cause>(hostile.below(5))});
    if (hostile.below(2) == 0)
      item.changes.push_back({.pointer = "/" + hostile.utf8(), .live = json_text(), .desired = json_text()});
    for (std::size_t n = hostile.below(3); n > 0; --n) item.notes.push_back(hostile.utf8());
    for (std::size_t n = hostile.below(4); n > 0; --n) item.steps.push_back(hostile.utf8());
    plan.items.push_back(std::move(item));
  }
  if (seed % 2 == 1) plan.selection = {.names = {hostile.utf8(), hostile.utf8()}};
  plan.summary = {.create = static_cast<std::int64_t>(items)};
  return plan;
}

}  // namespace cpsctl::report::testing
