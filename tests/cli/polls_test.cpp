// When a command that watches asks CPS again.
#include "cli/polls.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;
using namespace std::chrono_literals;

namespace {

SteadyTime const start = SteadyTime(1h);
std::optional<cps::Window> const limit = cps::Window{.requests = 35, .per = 60s};

std::vector<PendingChange> pending(std::size_t count) {
  std::vector<PendingChange> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({.name = "www", .change = {.id = {static_cast<std::int64_t>(i)}}});
  return all;
}

ChangeSight sight(PendingChange const& change, std::string status) {
  return {.pending = change, .change = cps::Change{.state_text = "running", .status = std::move(status)}};
}

}  // namespace

TEST_CASE("share: a quarter of what CPS allows, in every window") {
  Share share(limit);
  CHECK(share.room(start) == 8);
  share.spend(5, start);
  share.spend(2, start + 10s);
  CHECK(share.room(start + 10s) == 1);
  CHECK(share.when(1, start + 10s) == start + 10s);
  CHECK(share.when(2, start + 10s) == start + 60s);
  CHECK(share.when(8, start + 10s) == start + 70s);
  CHECK(share.when(100, start + 10s) == start + 70s);  // more than it ever is
  CHECK(share.room(start + 60s) == 6);
  CHECK(Share(std::nullopt).room(start) > 1'000'000);
}

TEST_CASE("polls: a change is read when its turn comes, and those that wait longest first") {
  Polls polls(limit, std::nullopt);
  auto const changes = pending(3);
  CHECK(polls.due(changes, start, 100).size() == 3);
  polls.next_turn(changes[0], 10min, start);
  polls.next_turn(changes[1], 1min, start);
  polls.next_turn(changes[2], Duration(), start);  // not at once
  CHECK(polls.next(start) == start + 30s);
  auto const soon = polls.due(changes, start + 61s, 100);
  REQUIRE(soon.size() == 2);
  CHECK(soon[0].change.id.value == 2);
  CHECK(soon[1].change.id.value == 1);
  CHECK(polls.due(changes, start + 61s, 1).size() == 1);
}

TEST_CASE("polls: an interval that somebody asks for holds for lists and changes, within the share") {
  Polls polls(limit, 5s);
  auto const changes = pending(1);
  polls.due(changes, start, 100);
  polls.next_turn(changes[0], 1h, start);
  CHECK(polls.next(start) == start + 5s);
  CHECK(polls.due(changes, start + 5s, 100).size() == 1);
  for (int i = 0; i < 8; ++i) polls.listed(1, start);
  CHECK(polls.next(start + 5s) == start + 60s);
  CHECK(polls.room(start + 5s) == 0);
}

TEST_CASE("polls: lists are read now and then also where no turn comes") {
  Polls polls(std::nullopt, std::nullopt);
  auto const changes = pending(1);
  polls.due(changes, start, 100);
  polls.next_turn(changes[0], 1h, start);
  CHECK(polls.next(start) == start + 5min);
}

TEST_CASE("polls: what was left out is said, and comes soon; what has ended is forgotten") {
  Polls polls(limit, std::nullopt);
  auto const changes = pending(12);
  auto const first = polls.due(changes, start, 8);
  REQUIRE(first.size() == 8);
  for (PendingChange const& one : first) polls.next_turn(one, 1h, start);
  CHECK_FALSE(polls.all_read());
  CHECK(polls.next(start) == start + 30s);
  CHECK(polls.due(changes, start + 60s, polls.room(start + 60s)).size() == 4);
  CHECK(polls.all_read());
  CHECK(polls.due(pending(2), start + 2min, 100).empty());
  CHECK(polls.due(changes, start + 2min, 100).size() == 10);
}

TEST_CASE("polls: since when a change is like this is known once it was seen to become so") {
  Polls polls(std::nullopt, std::nullopt);
  PendingChange const change = pending(1).front();
  WallTime const noon = parse_timestamp("2026-11-23T12:00:00Z").value();
  CHECK_FALSE(polls.looked(sight(change, "a"), noon).since);
  CHECK_FALSE(polls.looked(sight(change, "a"), noon + 1h).since);
  CHECK(polls.looked(sight(change, "b"), noon + 2h).since == noon + 2h);
  CHECK(polls.looked(sight(change, "b"), noon + 3h).since == noon + 2h);
  CHECK(polls.looked({.pending = change}, noon + 4h).since == noon + 2h);
}
