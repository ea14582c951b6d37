#include "apply/rounds.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::apply;
using namespace std::chrono_literals;

namespace {

WallTime const start = parse_timestamp("2026-11-23T10:00:00Z").value();

plan::Item item(std::string name, plan::Action wanted, plan::Work work) {
  return {.name = std::move(name), .wanted = wanted, .work = std::move(work), .id = 1};
}

plan::Item issuing(std::string name) {
  plan::Item one = item(std::move(name), plan::Action::update, plan::Update());
  one.changes = {{.pointer = "/csr/sans", .effect = schema::Effect::certificate}};
  return one;
}

plan::Plan mixed() {
  plan::Plan plan;
  plan.items = {item("a-delete", plan::Action::delete_, plan::Remove()),
                issuing("b-certificate"),
                item("c-create", plan::Action::create, plan::Create()),
                item("d-store", plan::Action::update, plan::Update()),
                item("e-record", plan::Action::update, plan::RecordOnly()),
                item("f-none", plan::Action::none, plan::Nothing()),
                item("g-orphan", plan::Action::orphan, plan::Nothing()),
                item("h-create", plan::Action::create, plan::Create()),
                item("i-answer", plan::Action::advance, plan::Advance()),
                item("j-serves", plan::Action::advance, plan::Advance())};
  plan.items.back().production = true;
  return plan;
}

std::string names(std::vector<plan::Item const*> const& items) {
  std::string text;
  for (plan::Item const* one : items) text += one->name.substr(0, 1);
  return text;
}

ItemResult result(Outcome outcome, plan::Action action = plan::Action::update) {
  return {.name = "www", .action = action, .outcome = outcome, .id = 1};
}

}  // namespace

TEST_CASE(
    "rounds: certificates that are there come before new ones, deletes last, what CPS has refused behind its like") {
  Tally tally;
  CHECK(names(in_order(mixed(), tally)) == "ejdibcha");
  tally.another_conflict({"c-create"});
  CHECK(names(in_order(mixed(), tally)) == "ejdibhca");
}

TEST_CASE("rounds: deletes wait for whatever did not succeed, but not for what the plan had blocked") {
  plan::Item const gone = item("gone", plan::Action::delete_, plan::Remove());
  std::vector<plan::Item const*> const deletes{&gone};
  struct Case {
    ItemResult other;
    bool may;
  };
  ItemResult later = result(Outcome::done);
  later.again = start;
  for (Case const& c :
       {Case{result(Outcome::done), true}, Case{result(Outcome::failed), false}, Case{result(Outcome::doubt), false},
        Case{result(Outcome::stale), false}, Case{result(Outcome::skipped), false},
        Case{result(Outcome::waiting), false}, Case{result(Outcome::waiting, plan::Action::blocked), true},
        Case{result(Outcome::blocked, plan::Action::blocked), true},
        Case{result(Outcome::under_way, plan::Action::delete_), true}, Case{later, false}}) {
    CAPTURE(static_cast<int>(c.other.outcome));
    CHECK(may_delete({{{"gone"}, result(Outcome::skipped, plan::Action::delete_)}, {{"www"}, c.other}}, deletes) ==
          c.may);
  }
}

TEST_CASE("rounds: the state learned of an enrollment, and something of it is still to be written") {
  plan::Item one = item("www", plan::Action::adopt, plan::RecordOnly());
  CHECK(with_what_is_left(one, result(Outcome::done)).outcome == Outcome::done);
  one.closes.done = {7};
  CHECK(with_what_is_left(one, result(Outcome::done)).outcome == Outcome::done);
  one.changes = {{.pointer = "/csr/sans"}};
  ItemResult const edited = with_what_is_left(one, result(Outcome::done));
  CHECK(edited.outcome == Outcome::waiting);
  CHECK(edited.message == "recorded as 1; the manifest was edited since it was sent");
  one.work = plan::RecordOnly{.open_steps = {"/networkConfiguration/mustHaveCiphers"}};
  ItemResult const half = with_what_is_left(one, result(Outcome::done));
  CHECK(half.outcome == Outcome::waiting);
  CHECK(half.message == "created as 1; networkConfiguration.mustHaveCiphers is still to be written");
  CHECK(with_what_is_left(one, result(Outcome::failed)).outcome == Outcome::failed);
}

TEST_CASE("rounds: a round begins when the first of what is open may be looked at again, with all that is open") {
  Results results;
  CHECK_FALSE(next_look(results));
  auto const add = [&](std::string const& name, Outcome outcome, std::optional<Duration> in,
                       plan::Action action = plan::Action::create) {
    ItemResult one = result(outcome, action);
    one.name = name;
    one.part = plan::part_of(action);
    if (in) one.again = start + *in;
    results[one.key()] = one;
  };
  add("done", Outcome::done, std::nullopt);
  add("doubt", Outcome::doubt, 60s);
  add("spaced", Outcome::waiting, 300s);
  add("held", Outcome::skipped, std::nullopt, plan::Action::delete_);
  CHECK(next_look(results) == start + 60s);
  // What is over is not looked at again because another item of its enrollment is.
  add("doubt", Outcome::done, std::nullopt, plan::Action::advance);
  CHECK(unfinished(results) == std::set<plan::Key>{{"doubt"}, {"held"}, {"spaced"}});
  add("broken", Outcome::failed, std::nullopt);
  CHECK(unfinished(results) == std::set<plan::Key>{{"doubt"}, {"spaced"}});
}

/// A run of creates against a clock that steps: CPS answers some with 409, loses some answers, and its list tells a
/// while later. Whatever it does, the run ends, and nobody is tried for ever.
TEST_CASE(
    "property: the rounds of a run end, each looks no earlier than was said, and nobody is kept waiting by others") {
  constexpr Duration look_again = 60s;
  int rounds = 0, failed = 0, done = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 draw(seed);
    Tally tally;
    Results results;
    WallTime now = start;
    std::set<plan::Key> open;
    for (int i = 0; i < 6; ++i) open.insert({"n" + std::to_string(i)});
    int tries = 0;
    while (!open.empty()) {
      REQUIRE(++tries < 40);
      for (plan::Key const& key : open) {
        ItemResult one = result(Outcome::done, plan::Action::create);
        one.name = key.name;
        unsigned const kind = draw() % 4;
        if (kind != 0) {
          Error const error{.code = kind == 1   ? Errc::conflict
                                    : kind == 2 ? Errc::timeout
                                                : Errc::refused,
                            .reached = kind == 2 ? Reached::unknown : Reached::no};
          one.outcome = Outcome::failed;
          one = concluded(one, proof_of(state::WriteKind::create, error, true), error, now + look_again, tally);
        }
        results[key] = one;
      }
      ++rounds;
      auto const when = next_look(results);
      open = when ? unfinished(results) : std::set<plan::Key>();
      if (!when) break;
      REQUIRE(*when >= now);
      for (plan::Key const& key : open) REQUIRE(results.at(key).again.has_value());
      now = *when;
    }
    for (auto const& [name, one] : results) {
      failed += one.outcome == Outcome::failed ? 1 : 0;
      done += one.outcome == Outcome::done ? 1 : 0;
      REQUIRE_FALSE(one.again.has_value());
    }
  }
  MESSAGE(rounds << " rounds: " << done << " done, " << failed << " failed");
  CHECK(rounds > 600);
  CHECK(done > 300);
  CHECK(failed > 300);
}
