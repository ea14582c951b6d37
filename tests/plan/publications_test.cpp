#include "plan/publications.hpp"

#include "plan/world.hpp"

using namespace plan_test;

namespace {

state::Publication publication(std::int64_t id, std::int64_t change, std::string value = "AAA") {
  return {.name = "www",
          .contract = contract,
          .id = id,
          .change = change,
          .publisher = "corp-dns",
          .domain = "www.example.com",
          .at = "_acme-challenge.www.example.com.",
          .target = "www.acme.example.com.",
          .value = std::move(value),
          .zone = "acme.example.com"};
}

/// "needed needless shared unknown", how many of each.
std::string told(plan::Inputs const& inputs) {
  plan::Publications const all = plan::publications(inputs);
  return fmt::format("{} {} {} {}", all.needed.size(), all.needless.size(), all.shared.size(), all.unknown.size());
}

cps::Live pending(std::int64_t id, std::int64_t change) {
  cps::Live one = live(id, "www.example.com");
  one.pending.push_back({.id = {change}, .type = "new-certificate"});
  return one;
}

lifecycle::Sight shows(std::int64_t change, std::string const& value) {
  return {
      .name = "www",
      .pending = {.id = {change}},
      .change = cps::Change{},
      .info = cps::InputInfo(cps::Challenges{.dv = {{.domain = "www.example.com",
                                                     .challenges = {{.type = "dns-01",
                                                                     .status = "pending",
                                                                     .full_path = "_acme-challenge.www.example.com.",
                                                                     .response_body = value}}}}})};
}

}  // namespace

TEST_CASE("publications: needed while the change is pending, needless once it has ended") {
  plan::Inputs inputs;
  inputs.publications = {publication(1, 10)};
  CHECK(told(inputs) == "0 0 0 1");  // its contract was not listed
  inputs.listings[scope] = {};
  CHECK(told(inputs) == "0 1 0 0");  // the state has lost it: its create was cancelled
  inputs.entries["www"] = entry("www", 1);
  CHECK(told(inputs) == "0 0 0 1");  // a list may lag
  inputs.lookups[1] = std::nullopt;
  CHECK(told(inputs) == "0 1 0 0");
  inputs.lookups[1] = pending(1, 10);
  CHECK(told(inputs) == "1 0 0 0");
  inputs.listings[scope].enrollments = {pending(1, 10)};
  CHECK(told(inputs) == "1 0 0 0");
  inputs.listings[scope].enrollments = {pending(1, 11)};
  CHECK(told(inputs) == "0 1 0 0");
  inputs.listings[scope].enrollments = {live(1, "www.example.com")};
  CHECK(told(inputs) == "0 1 0 0");
}

TEST_CASE("publications: only the tokens of the latest read count") {
  plan::Inputs inputs;
  inputs.publications = {publication(1, 10)};
  inputs.listings[scope].enrollments = {pending(1, 10)};
  inputs.sights[10] = shows(10, "AAA");
  CHECK(told(inputs) == "1 0 0 0");
  inputs.sights[10] = shows(10, "BBB");
  CHECK(told(inputs) == "0 1 0 0");
  inputs.sights[10].info = lifecycle::NotRead();
  CHECK(told(inputs) == "1 0 0 0");
  inputs.sights[10].info = cps::InputInfo(cps::Challenges{});  // all are validated: it may lapse until the end
  CHECK(told(inputs) == "1 0 0 0");
}

TEST_CASE("publications: a value that another needs at the same place stays, and is forgotten here") {
  plan::Inputs inputs;
  inputs.publications = {publication(1, 10), publication(2, 20)};
  inputs.listings[scope].enrollments = {live(1, "www.example.com"), pending(2, 20)};
  CHECK(told(inputs) == "1 0 1 0");
  inputs.publications[1].value = "BBB";
  CHECK(told(inputs) == "1 1 0 0");
  inputs.publications[1] = publication(2, 20);
  inputs.publications[1].contract = "1-OTHER";
  CHECK(told(inputs) == "0 0 1 1");  // nobody knows whether that one is needed
}

TEST_CASE("publications: the contract of one is listed when nothing else is left of it") {
  plan::Inputs inputs;
  CHECK(plan::scopes_of_publications(inputs).empty());
  inputs.publications = {publication(1, 10), publication(2, 20)};
  CHECK(plan::scopes_of_publications(inputs) == std::set<plan::Scope>{scope});
  CHECK(plan::scopes(inputs).empty());
  SUBCASE("the state has it anyway") {
    inputs.entries["api"] = entry("api", 7);
    CHECK(plan::scopes_of_publications(inputs).empty());
  }
  SUBCASE("who looks at a part leaves the rest alone") {
    inputs.selection.names = {"api"};
    CHECK(plan::scopes_of_publications(inputs).empty());
  }
  SUBCASE("a saved plan is about what it shows") {
    inputs.only.emplace();
    CHECK(plan::scopes_of_publications(inputs).empty());
  }
}
