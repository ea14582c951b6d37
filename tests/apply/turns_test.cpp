// What happens between the look at an enrollment and the turn of the write that is based on it, and what a write meets
// that is not the first of its item.
#include "apply/bench.hpp"

using namespace apply_test;

namespace {

bool reads_one(http::Request const& request) {
  return request.method == "GET" && request.target.find('?') == std::string::npos;
}

/// The first `times` looks at a single enrollment have grown old when the turn of their write comes.
void let_looks_grow_old(Bench& bench, int times) {
  bench.clock = &bench.jumping;
  bench.client->after = [&bench, times](http::Request const& request, Result<http::Response> response) mutable {
    if (request.method == "GET") bench.jumping.ahead = reads_one(request) && times-- > 0;
    return response;
  };
}

/// Of "/networkConfiguration/quicEnabled": to change it starts a change at CPS.
manifest::Desired switched_on(std::string const& name) {
  manifest::Desired one = desired(name);
  json::Document changed = json::clone(*one.enrollment);
  json::at(changed, "/networkConfiguration/quicEnabled")->SetBool(true);
  one.enrollment = json::share(changed);
  return one;
}

/// Created, with the first change still pending.
struct Ordered : Bench {
  Ordered() {
    consent = {.allow_delete = true, .max_deletes = 9, .on_pending = manifest::OnPendingChange::cancel};
    manifests = {desired("a"), desired("b")};
    manifests[0].lifecycle.deletion = manifest::Deletion::delete_;
    REQUIRE(outcomes(apply()) == "a done\nb done\n");
    client->calls.clear();
  }
};

}  // namespace

TEST_CASE("turns: an update that is based on what has grown old looks again, and is sent once") {
  Ordered bench;
  bench.manifests[0] = switched_on("a");
  let_looks_grow_old(bench, 1);
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.sent("PUT") == 1);
  CHECK(bench.sent("GET /cps/v2/enrollments/") == 2);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("turns: a delete looks again, too") {
  Ordered bench;
  bench.manifests = {desired("b")};
  let_looks_grow_old(bench, 1);
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.sent("DELETE") == 1);
  CHECK(bench.sent("GET /cps/v2/enrollments/") == 2);
  CHECK_FALSE(bench.state().entries.contains("a"));
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("turns: a second write looks again, but not for ever") {
  Bench bench;
  bench.manifests = {desired("mutual", true)};
  SUBCASE("once") {
    let_looks_grow_old(bench, 1);
    CHECK(outcomes(bench.apply()) == "mutual done\n");
    CHECK(bench.sent("PUT") == 1);
    CHECK(bench.state().entries.at("mutual").open_steps.empty());
  }
  SUBCASE("always: it stays open, and a later run brings it") {
    let_looks_grow_old(bench, 1000);
    auto const result = bench.apply();
    CHECK(outcomes(result) == "mutual waiting\n");
    CHECK(result->items[0].message.starts_with(
        fmt::format("created as {}, but the second write (", bench.state().entries.at("mutual").id)));
    CHECK(bench.sent("GET /cps/v2/enrollments/") == 3);
    CHECK(bench.sent("PUT") == 0);
    CHECK(bench.state().open_intents.empty());
    CHECK(bench.state().entries.at("mutual").open_steps.size() == 1);
    let_looks_grow_old(bench, 0);
    CHECK(outcomes(bench.apply()) == "mutual done\n");
    CHECK(bench.sent("POST") == 1);
    CHECK(bench.sent("PUT") == 1);
  }
}

TEST_CASE("turns: a second write that CPS refuses leaves what was created, and says so") {
  Bench bench;
  bench.manifests = {desired("mutual", true)};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PUT") return std::nullopt;
    return Result<http::Response>(http::Response{.status = 400, .body = "{}"});
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "mutual failed\n");
  auto const state = bench.state();
  CHECK(result->items[0].id == state.entries.at("mutual").id);
  CHECK(result->items[0].message.find("the second write (networkConfiguration.clientMutualAuthentication") !=
        std::string::npos);
  CHECK_FALSE(result->items[0].next.empty());
  CHECK(state.open_intents.empty());
  CHECK(state.entries.at("mutual").open_steps.size() == 1);
  // In the history: created, and what was not done.
  REQUIRE(state.history.size() == 2);
  CHECK(state.history[0].what == state::Happened::created);
  CHECK(state.history[1].what == state::Happened::refused);
  CHECK(state.history[1].step == state::WriteKind::update);
  CHECK_FALSE(state.history[1].reason.empty());
}

TEST_CASE("turns: a second write that finds its enrollment gone has failed, and nothing is ordered again unasked") {
  Bench bench;
  bench.manifests = {desired("mutual", true)};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!reads_one(request)) return std::nullopt;
    return Result<http::Response>(http::Response{.status = 404, .body = "{}"});
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "mutual failed\n");
  CHECK(bench.sent("POST") == 1);
  CHECK(bench.sent("PUT") == 0);
  CHECK(bench.state().entries.contains("mutual"));
}

TEST_CASE("turns: a delete whose enrollment turns out to be gone proves the lost one before it") {
  Ordered bench;
  bench.manifests = {desired("b")};
  std::string listed;
  bench.client->after = [&](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (request.method == "DELETE") return lost();
    if (request.method == "GET" && !reads_one(request)) listed = response->body;
    return response;
  };
  CHECK(outcomes(bench.apply()) == "a doubt\n");
  REQUIRE(bench.state().open_intents.size() == 1);
  // The list lags: it still has what was deleted. The enrollment itself is read before anything is sent.
  bench.client->after = [&](http::Request const& request, Result<http::Response> response) {
    if (request.method == "GET" && !reads_one(request)) response->body = listed;
    return response;
  };
  bench.time_passed = std::chrono::minutes(2);
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.sent("DELETE") == 1);
  CHECK_FALSE(bench.state().entries.contains("a"));
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().history.back().what == state::Happened::removed);
}

TEST_CASE("turns: what was cancelled for a write that then fails is said, and the next run goes on from there") {
  Bench bench;
  bench.serve({.complete_after = Duration{}});
  bench.consent.on_pending = manifest::OnPendingChange::cancel;
  bench.manifests = {desired("a")};
  REQUIRE(outcomes(bench.apply()) == "a done\n");
  CHECK(outcomes(bench.apply()).empty());  // its change has ended by now
  bench.serve({});
  bench.manifests = {switched_on("a")};
  REQUIRE(outcomes(bench.apply()) == "a done\n");  // deployed, and a change of ours is pending from now on
  bench.manifests = {desired("a")};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PUT") return std::nullopt;
    return Result<http::Response>(http::Response{.status = 400, .body = "{}"});
  };
  auto const failed = bench.apply();
  CHECK(outcomes(failed) == "a failed\n");
  CHECK(failed->items[0].message.starts_with("1 change was cancelled, and then: "));
  CHECK(bench.sent("DELETE") == 1);
  CHECK(bench.state().history.rbegin()[1].what == state::Happened::cancelled);
  CHECK(bench.state().open_intents.empty());
  bench.client->instead = {};
  bench.client->calls.clear();
  CHECK(outcomes(bench.apply()) != "a failed\n");
  CHECK(bench.sent("DELETE") == 0);
}
