#include "report/markdown.hpp"

#include "base/text.hpp"
#include "golden.hpp"
#include "plan/document.hpp"
#include "plans.hpp"
#include "report/failure.hpp"
#include "report/report.hpp"
#include "report/status.hpp"

#include <array>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace cpsctl::report::testing;

namespace {

constexpr char const* forbidden[] = {"<", "@", "[", "]", "`", "http", "www.", "~~~", "&", "\\", "|", "#1", "example"};

std::size_t times(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

/// What is left of Markdown without its blocks of code, its code spans and the few tags that are ours. A fence opens
/// and closes a line, a span a backtick: literal() leaves no other.
std::string outside_of_code(std::string const& markdown) {
  std::string rest;
  bool fenced = false;
  for (std::string_view line : text::split(markdown, '\n')) {
    if (line.starts_with("```")) {
      CHECK((fenced ? line == "```" : line == "```diff"));
      fenced = !fenced;
      continue;
    }
    if (fenced) continue;
    bool span = false;
    for (char const c : line) {
      if (c == '`')
        span = !span;
      else if (!span)
        rest += c;
    }
    CHECK_FALSE(span);
    rest += '\n';
  }
  CHECK_FALSE(fenced);
  for (char const* const ours :
       {"<!-- cpsctl plan -->", "<!-- cpsctl apply -->", "<!-- cpsctl status -->", "<details><summary>show</summary>",
        "<details><summary>changes and writes</summary>", "</details>"})
    for (auto at = rest.find(ours); at != std::string::npos; at = rest.find(ours)) rest.erase(at, std::strlen(ours));
  return rest;
}

void check_comment(std::string const& markdown) {
  CHECK(markdown.size() <= report::markdown::longest_comment);
  CHECK_FALSE(text::invalid_utf8(markdown).has_value());
  CHECK(times(markdown, "<details>") == times(markdown, "</details>"));
  std::string const rest = outside_of_code(markdown);
  for (char const* const word : forbidden) {
    INFO(word, " in ", rest);
    CHECK(rest.find(word) == std::string::npos);
  }
}

/// `count` items of one action, each with changes.
void add(plan::PlanView& plan, plan::Action action, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    plan.items.push_back({.name = fmt::format("{}-{:05}", static_cast<int>(action), i),
                          .action = action,
                          .contract = "1-A",
                          .common_name = fmt::format("www{}.example.com", i),
                          .validation_type = "dv",
                          .changes = {{.pointer = "/networkConfiguration/ocspStapling",
                                       .live = value(R"("off")"),
                                       .desired = value(R"("on")"),
                                       .effect = schema::Effect::deployment}},
                          .reason = action == plan::Action::blocked ? "in the way" : ""});
}

/// Shown and "N more not shown" of one section's rows.
std::pair<std::size_t, std::size_t> rows(std::string const& markdown, plan::Action action) {
  std::string const start = fmt::format("**`{}-", static_cast<int>(action));
  std::size_t const shown = times(markdown, start);
  auto const last = markdown.rfind(start);
  if (last == std::string::npos) return {0, 0};
  auto const end = markdown.find("\n#### ", last);
  std::string_view const rest = std::string_view(markdown).substr(last, end - last);
  auto const more = rest.find("\n- … ");
  return {shown, more == std::string_view::npos ? 0 : std::stoul(std::string(rest.substr(more + 7)))};
}

}  // namespace

TEST_CASE("plan as Markdown: every kind of row, what is dangerous first") {
  golden("plan.md",
         report::plan_markdown(
             every_row(), {.used = 1, .to_apply = 3, .estimate = std::chrono::seconds(120), .limit = "35 a minute"}));
}

TEST_CASE("plan as Markdown: YAML that a note gives stays as it is to be written") {
  plan::PlanView plan;
  plan.items.push_back(
      {.name = "api",
       .action = plan::Action::advance,
       .notes = {"or write under spec.lifecycle of the manifest:", "  certificate: { files: [FILE] }"}});
  CHECK(report::plan_markdown(plan, {}).find("\n  note: `certificate: { files: [FILE] }`\n") != std::string::npos);
}

TEST_CASE("plan as Markdown: nothing to do is short; it says when it covers a part of the manifests") {
  plan::PlanView plan{.realm = "sandbox", .serial = 4, .summary = {.unchanged = 3}};
  std::string const digest = plan::digest(plan);
  CHECK(report::plan_markdown(plan, {.used = 1}) ==
        fmt::format("<!-- cpsctl plan -->\n### cpsctl plan: no changes, 3 unchanged\n\n"
                    "For sandbox; state 4, digest `{}`. 1 request used.\n",
                    digest));
  plan.selection = {.labels = {{"team", "web"}}, .names = {"www-*"}};
  plan.summary.left_out = 12;
  std::string const partial = report::plan_markdown(plan, {});
  INFO(partial);
  CHECK(partial.find(
            "\n**Partial:** only `-l` `team=web` `--name` `www-*` was looked at; 12 enrollments were left out.\n") !=
        std::string::npos);
}

TEST_CASE("result as Markdown: what went wrong first") {
  golden("result.md",
         report::result_markdown(every_outcome(), {.realm = "sandbox", .requests = 5, .throttles = 1, .stopped = true},
                                 every_row()));
}

TEST_CASE("failure as Markdown: it has the marker of the comment that it replaces") {
  Error const error{.code = Errc::unauthorized,
                    .message = "401 from <host>, ask @admin",
                    .next = "see `doctor`",
                    .at = Mark{.file = "a_b_.yaml"}};
  CHECK(report::failure_markdown({.command = "plan", .error = error, .kind = "unauthorized", .exit = 77}) ==
        "<!-- cpsctl plan -->\n### cpsctl plan: failed\n\n"
        "There is no report: `a_b_.yaml:1:1`: 401 from `\\u003chost\\u003e`, ask `@admin`\n\n"
        "**Next:** see `\\u0060doctor\\u0060`\n\nExit code 77.\n");
}

TEST_CASE("code and prose: what means something to Markdown is in code, and cannot leave it") {
  struct Case {
    char const *title, *text, *code, *prose;
  };
  Case const cases[] = {
      {"plain words", "set it back", "`set it back`", "set it back"},
      {"punctuation", "no, (not it) \"so\".", "`no, (not it) \"so\".`", "no, (not it) \"so\"."},
      {"a number", "id 10001", "`id 10001`", "id 10001"},
      {"a field", "csr.sans is bad", "`csr.sans is bad`", "`csr.sans` is bad"},
      {"a field and its value", "with lifecycle.deletion: delete, apply", "`with lifecycle.deletion: delete, apply`",
       "with `lifecycle.deletion: delete`, apply"},
      {"a field without a value", "set spec.x:", "`set spec.x:`", "set `spec.x`:"},
      {"a host at the end", "in www.example.com.", "`in www.example.com.`", "in `www.example.com`."},
      {"backticks", "a`b", "`a\\u0060b`", "`a\\u0060b`"},
      {"a tag", "</details>", "`\\u003c/details\\u003e`", "`\\u003c/details\\u003e`"},
      {"a pipe", "a|b", "`a\\u007cb`", "`a\\u007cb`"},
      {"an entity", "&lt;", "`\\u0026lt;`", "`\\u0026lt`;"},
      {"a mention", "ask @octocat now", "`ask @octocat now`", "ask `@octocat` now"},
      {"a link", "[a](http://b)", "`[a](http://b)`", "`[a](http://b`)"},
      {"an issue", "see #12", "`see #12`", "see `#12`"},
      {"an emoji's name", "so :smile: !", "`so :smile: !`", "so `:smile`: `!`"},
      {"lines", "a\nb", "`a\\nb`", "`a\\nb`"},
      {"an invisible character", "a\u200bb", "`a\\u200bb`", "`a\\u200bb`"},
      {"bytes that are not text", "a\xff", "`a\\xff`", "`a\\xff`"},
      {"a backslash at the end", "a\\", "`a\\`", "`a\\`"},
      {"nothing", "", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(report::markdown::code(c.text) == c.code);
      CHECK(report::markdown::prose(c.text) == c.prose);
    }
  }
}

TEST_CASE("property: whatever names hold, a plan's comment is bounded, balanced and carries no markup of theirs") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    auto const plan = hostile_plan(seed, seed);
    check_comment(report::plan_markdown(plan, {.used = 1}));
  }
  check_comment(report::plan_markdown(hostile_plan(1000, 2000), {.used = 1}));
}

TEST_CASE("property: whatever CPS answered, a result's comment is bounded, balanced and carries no markup of its") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Hostile hostile(seed);
    std::vector<report::ResultRow> rows;
    for (std::size_t i = 0; i < seed; ++i)
      rows.push_back({.name = hostile.text(),
                      .action = plan::Action::create,
                      .outcome = std::array{plan::Outcome::done, plan::Outcome::failed, plan::Outcome::doubt,
                                            plan::Outcome::blocked, plan::Outcome::skipped}
                                     .at(hostile.below(5)),
                      .changes = {1},
                      .message = hostile.text(),
                      .next = hostile.text()});
    check_comment(report::result_markdown(rows, {.realm = hostile.text()}, {}));
    std::string const text = hostile.text();
    Error const error{.message = text, .next = text, .trail = {text}};
    check_comment(report::failure_markdown({.command = "plan", .error = error, .kind = "refused"}));
  }
}

TEST_CASE("property: whatever is known of enrollments, their table is bounded, and no cell ends before its row") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Hostile hostile(seed);
    report::Status status{.expiring = report::Expiring{.unknown = {hostile.text()}}};
    for (std::size_t i = 0; i < seed * seed; ++i)
      status.enrollments.push_back({.name = hostile.text(),
                                    .common_name = hostile.text(),
                                    .reason = hostile.text(),
                                    .next = hostile.text(),
                                    .since = hostile.text(),
                                    .notes = {hostile.text()},
                                    .changes = {{.what = hostile.text(), .next = {hostile.text()}}}});
    std::string text = report::status_markdown(status);
    CHECK(text.size() <= report::markdown::longest_comment);
    for (auto at = text.find("<br>"); at != std::string::npos; at = text.find("<br>")) text.replace(at, 4, " ");
    std::string cells;
    for (auto const line : text::split(text, '\n')) {
      bool const table = line.starts_with("|");
      if (table) CHECK(std::ranges::count(line, '|') == 6);
      for (char const c : line) cells += table && c == '|' ? ' ' : c;
      cells += '\n';
    }
    check_comment(cells);
  }
}

TEST_CASE("a plan that fits is shown whole; a long one loses the harmless details first, then their rows") {
  struct Case {
    char const* title;
    std::size_t each;
    bool danger_whole, danger_details, harmless_whole;
  };
  Case const cases[] = {
      {"10 of each", 10, true, true, true},
      {"100 of each: details of the harmless go", 100, true, true, true},
      {"1,000 of each", 1000, false, false, false},
      {"17,000 of each: 51,000 items", 17'000, false, false, false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      plan::PlanView plan{.realm = "sandbox"};
      for (auto const action : {plan::Action::delete_, plan::Action::update, plan::Action::create})
        add(plan, action, c.each);
      std::string const text = report::plan_markdown(plan, {});
      check_comment(text);
      auto const [deletes, deletes_left] = rows(text, plan::Action::delete_);
      auto const [creates, creates_left] = rows(text, plan::Action::create);
      auto const [updates, updates_left] = rows(text, plan::Action::update);
      CHECK(deletes + deletes_left == c.each);
      CHECK(creates + creates_left == c.each);
      CHECK(updates + updates_left == c.each);
      CHECK((deletes == c.each) == c.danger_whole);
      CHECK((creates == c.each) == c.harmless_whole);
      CHECK(deletes >= creates);
      CHECK(creates >= 5);  // every section says what it is about
      CHECK((times(text, "@@ 4-") == c.each) == c.danger_details);
      CHECK((text.find("not shown") != std::string::npos) == (text.find("This is shortened") != std::string::npos));
      for (char const* const title : {"to delete\n", "to create\n", "to update without a new certificate\n"})
        CHECK(text.find(fmt::format("{} {}", c.each, title)) != std::string::npos);
    }
  }
}

TEST_CASE("property: details of harmless sections are gone before a dangerous one loses a word") {
  for (std::size_t size = 1; size < 400; size += 29) {
    CAPTURE(size);
    plan::PlanView plan;
    for (auto const action : {plan::Action::blocked, plan::Action::update}) add(plan, action, size);
    std::string const text = report::plan_markdown(plan, {});
    check_comment(text);
    std::size_t const danger = times(text, fmt::format("@@ {}-", static_cast<int>(plan::Action::blocked)));
    std::size_t const harmless = times(text, fmt::format("@@ {}-", static_cast<int>(plan::Action::update)));
    if (harmless > 0) CHECK(danger == size);
    if (danger > 0) CHECK(rows(text, plan::Action::blocked).first == size);
    if (harmless > 0) CHECK(rows(text, plan::Action::update).first == size);
  }
}
