#include "report/mask.hpp"

#include "plan/document.hpp"
#include "plans.hpp"
#include "report/report.hpp"
#include "schema/schema.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using report::testing::value;

namespace {

char const* const admin = R"({"firstName": "Annabella", "lastName": "Diazova", "email": "annabella@example.com",
  "phone": "617-555-0111", "title": null, "city": "Springfield"})";

/// An item whose documents and texts are full of people.
plan::ItemView with_people() {
  plan::ItemView item{.name = "www", .action = plan::Action::update, .contract = "1-A"};
  item.desired.emplace().enrollment =
      value(fmt::format(R"({{"csr": {{"cn": "www.example.com", "o": "Example Corp"}}, "adminContact": {0},
                             "org": {{"name": "Example Corp", "phone": "617-555-0199"}}}})",
                        admin));
  item.changes = {
      {.pointer = "/adminContact/phone", .live = value(R"("617-555-0100")"), .desired = value(R"("617-555-0111")")},
      {.pointer = "/adminContact/email", .desired = value(R"("annabella@example.com")")},
      {.pointer = "/techContact", .live = value("null"), .desired = value(admin)},
      {.pointer = "/org", .desired = value(R"({"name": "Example Corp", "phone": "617-555-0199"})")},
      {.pointer = "/org/name", .live = value(R"("Old Corp")"), .desired = value(R"("Example Corp")")}};
  item.reason = "CPS says: annabella@example.com (Annabella Diazova, 617-555-0111) is unknown";
  item.next = "write to annabella@example.com";
  item.notes = {"Diazova's Diazovagrad"};
  item.steps = {"PUT for Annabella", "POST"};
  return item;
}

}  // namespace

TEST_CASE("mask: an address keeps its domain, anything else nothing") {
  CHECK(report::masked("jo@example.com") == "j…@example.com");
  CHECK(report::masked("日本@example.com") == "…@example.com");
  CHECK(report::masked("617-555-0111") == "•••");
  CHECK(report::masked("@x") == "•••");
  CHECK(report::masked("x@") == "•••");
  CHECK(report::masked("Jo at work jo@example.com") == "•••");
  CHECK(report::masked("") == "•••");
}

TEST_CASE("mask: what the schema marks is hidden at any depth, what it does not mark stays") {
  report::Mask const mask(with_people());
  auto const shown = [&](char const* pointer, char const* text) {
    return json::compact(*mask.value(pointer, value(text)));
  };
  CHECK(shown("/csr/cn", R"("www.example.com")") == R"("www.example.com")");
  CHECK(shown("/adminContact/phone", R"("617")") == R"("•••")");
  CHECK(shown("/adminContact/phone", "null") == "null");
  CHECK(shown("/techContact", R"({"email": "jo@a.example", "title": null})") ==
        R"({"email":"j…@a.example","title":null})");
  CHECK(shown("/org", R"({"name": "A", "phone": "617"})") == R"({"name":"A","phone":"•••"})");
  CHECK(shown("", R"({"csr": {"sans": ["a"]}, "org": {"phone": "1"}})") ==
        R"({"csr":{"sans":["a"]},"org":{"phone":"•••"}})");
  CHECK(shown("/fieldOfTomorrow", R"({"a": ["b", 1, true]})") == R"({"a":["•••","•••","•••"]})");
  CHECK(shown("/networkConfiguration/fipsMode", "true") == "true");  // only v12 knows it
  CHECK(mask.value("/org", nullptr) == nullptr);
  CHECK(mask.element("/csr/sans", "a.example.com") == "a.example.com");
  CHECK(mask.element("/setOfTomorrow", "a@b.example") == "a…@b.example");
}

TEST_CASE("mask: every field that an enrollment schema marks is hidden, none that it does not mark") {
  std::size_t marked = 0;
  for (std::string const& version : schema::enrollment_versions()) {
    auto const schema = schema::enrollment(version).value();
    auto const walk = [&](auto const& self, schema::Field const& field, std::string const& at) -> void {
      for (auto const& [name, child] : field.properties) {
        std::string const pointer = json::child(at, name);
        CAPTURE(pointer);
        bool const sensitive = !child->sensitive.empty();
        marked += sensitive ? 1 : 0;
        if (!child->is_object())
          CHECK((json::compact(*report::Mask({}).value(pointer, value(R"("x y")"))) == R"("•••")") == sensitive);
        self(self, *child, pointer);
      }
    };
    walk(walk, schema->root(), "");
  }
  CHECK(marked > 20);
}

TEST_CASE("mask: a plan's Markdown and JUnit hold no person's value; its text and JSON, which are not shared, do") {
  plan::PlanView plan{.realm = "sandbox", .items = {with_people()}};
  plan.items.push_back(with_people());
  plan.items.back().action = plan::Action::blocked;
  std::vector<report::ResultRow> const rows = {{.name = "www",
                                                .action = "update",
                                                .outcome = "failed",
                                                .message = plan.items[0].reason,
                                                .next = plan.items[0].next}};
  std::string const shared = report::plan_markdown(plan, {}) + report::plan_junit(plan) +
                             report::result_markdown(rows, {}, plan) + report::result_junit(rows, {}, plan);
  for (char const* const person :
       {"Annabella", "annabella", "Diazova ", "Diazova'", "Diazova,", "617-555", "Springfield"}) {
    CAPTURE(person);
    CHECK(shared.find(person) == std::string::npos);
  }
  for (char const* const kept :
       {"a…@example.com", "•••", "Example Corp", "Old Corp", "adminContact.phone", "Diazovagrad"}) {
    CAPTURE(kept);
    CHECK(shared.find(kept) != std::string::npos);
  }
  CHECK(json::compact(plan::document(plan)).find("617-555-0111") != std::string::npos);
}
