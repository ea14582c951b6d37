#include "plan/item.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

plan::Item updating(plan::Update update = {}) {
  return {.wanted = plan::Action::update, .work = std::move(update), .id = 7};
}

cps::PendingChange change(std::int64_t id) {
  return {.id = {id}, .type = "renewal"};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("steps: the enrollment itself is read where a list that lags is not enough") {
  auto const steps = [](plan::Item const& item) { return words(steps_of(item)); };
  CHECK(steps(updating()) == Words{"PUT /enrollments/7"});
  plan::Item item = updating();
  item.closes.not_done = {3};
  CHECK(steps(item) == Words{"GET /enrollments/7", "PUT /enrollments/7"});
  item.closes = {.done = {3}};
  CHECK(steps(item) == Words{"GET /enrollments/7", "PUT /enrollments/7"});
  CHECK(steps(updating({.completes = true})) == Words{"GET /enrollments/7", "PUT /enrollments/7"});
  CHECK(steps(updating({.gives_up = {.by_write = {change(5)}}})) ==
        Words{"GET /enrollments/7", "PUT /enrollments/7; cancels change 5 (renewal)"});
}

TEST_CASE("steps: what is given up by its own id goes first, and what is left is read again") {
  Words expected{"GET /enrollments/7", "DELETE /enrollments/7/changes/6; renewal",
                 "DELETE /enrollments/7/changes/5; renewal", "GET /enrollments/7", "PUT /enrollments/7"};
  CHECK(words(steps_of(updating({.gives_up = {.by_id = {change(6), change(5)}}}))) == expected);
  plan::Item const removing{
      .wanted = plan::Action::delete_, .work = plan::Remove{.gives_up = {.by_id = {change(6), change(5)}}}, .id = 7};
  expected.back() = "DELETE /enrollments/7";
  CHECK(words(steps_of(removing)) == expected);
}

TEST_CASE("steps: a create that cannot carry all has a second write") {
  plan::Item const item{.wanted = plan::Action::create, .work = plan::Create{.deferred = {"/a/b", "/a/c"}}};
  auto const steps = words(steps_of(item));
  REQUIRE(steps.size() == 3);
  CHECK(steps[0] == "POST /enrollments");
  CHECK(steps[1] == "GET /enrollments/{id}");
  CHECK(steps[2].starts_with("PUT /enrollments/{id} with "));
  CHECK(steps[2].ends_with("; cancels the first change of its own create"));
}

TEST_CASE("steps: which of them only look can be told from their words") {
  CHECK(plan::only_looks("GET /enrollments/7"));
  CHECK_FALSE(plan::only_looks("PUT /enrollments/7"));
  CHECK_FALSE(plan::only_looks(""));
}
