#include "apply/bench.hpp"

using namespace apply_test;

TEST_CASE("apply: what is created is in the state, and a second run does nothing") {
  Bench bench;
  bench.manifests = {desired("a"), desired("b")};
  CHECK(outcomes(bench.apply()) == "a done\nb done\n");
  auto const state = bench.state();
  CHECK(state.open_intents.empty());
  CHECK(std::set<std::int64_t>{state.entries.at("a").id, state.entries.at("b").id} == bench.at_cps());
  CHECK(state.entries.at("a").source == "certs/a.yaml");
  CHECK(json::equal(*state.entries.at("a").last_applied, *bench.manifests[0].enrollment));
  CHECK(outcomes(bench.apply()).empty());
  CHECK(bench.sent("POST") == 2);
}

TEST_CASE("apply: two hundred creates, several in flight, each once") {
  Bench bench;
  for (int i = 0; i < 200; ++i) bench.manifests.push_back(desired(fmt::format("site-{:03}", i)));
  auto const result = bench.apply();
  REQUIRE(result.has_value());
  CHECK(result->items.size() == 200);
  CHECK(bench.sent("POST") == 200);
  std::set<std::int64_t> ids;
  for (auto const& [name, entry] : bench.state().entries) ids.insert(entry.id);
  CHECK(ids == bench.at_cps());
  CHECK(ids.size() == 200);
}

TEST_CASE("apply: accounts take turns, so that none waits for the request limit of another") {
  Bench bench;
  for (std::string const name : {"a", "b", "c", "x", "y"}) {
    bench.manifests.push_back(desired(name));
    if (name < "x") bench.manifests.back().account_key = "1-2:3";
  }
  auto const result = bench.apply({.parallelism = 1});
  CHECK(outcomes(result) == "a done\nb done\nc done\nx done\ny done\n");
  std::string order;
  for (std::string const& call : bench.client->calls)
    if (call.starts_with("POST")) order += call.find("accountSwitchKey") == std::string::npos ? "own " : "other ";
  CHECK(order == "other own other own other ");
}

TEST_CASE("apply: client mutual authentication follows in a second write that cancels only its own first change") {
  Bench bench;
  bench.manifests = {desired("mutual", true)};
  SUBCASE("POST, GET, PUT") {
    CHECK(outcomes(bench.apply()) == "mutual done\n");
    CHECK(bench.client->calls[2].starts_with("GET /cps/v2/enrollments/"));
    CHECK(bench.client->calls[3].ends_with("?allow-cancel-pending-changes=true"));
    CHECK(bench.state().entries.at("mutual").open_steps.empty());
    CHECK(outcomes(bench.apply()).empty());
  }
  SUBCASE("somebody else's change is pending: nothing is cancelled, and the step stays open") {
    bench.client->after = [](http::Request const& request, Result<http::Response> response) {
      bool const one = request.method == "GET" && request.target.find('?') == std::string::npos;
      if (!one) return response;
      std::string& body = response->body;
      body.replace(body.find("changes/"), 8, "changes/9");
      return response;
    };
    auto const result = bench.apply();
    CHECK(outcomes(result) == "mutual waiting\n");
    CHECK(result->items[0].message.find("another change is pending") != std::string::npos);
    CHECK(bench.sent("PUT") == 0);
    CHECK(bench.state().entries.at("mutual").open_steps.size() == 1);
    bench.client->after = {};
    CHECK(outcomes(bench.apply()) == "mutual done\n");
    CHECK(bench.sent("PUT") == 1);
    CHECK(bench.state().entries.at("mutual").open_steps.empty());
  }
  SUBCASE("the second write's answer is lost: the next run finds that it was done") {
    bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
      if (request.method == "PUT") return lost();
      return response;
    };
    CHECK(outcomes(bench.apply()) == "mutual doubt\n");
    CHECK(bench.state().open_intents.size() == 1);
    bench.client->after = {};
    CHECK(outcomes(bench.apply()) == "mutual done\n");
    CHECK(bench.sent("PUT") == 1);
    CHECK(bench.state().open_intents.empty());
    CHECK(bench.state().entries.at("mutual").open_steps.empty());
    CHECK(outcomes(bench.apply()).empty());
  }
}

TEST_CASE("apply: an answer lost after CPS created the enrollment orders one certificate") {
  Bench bench;
  bench.manifests = {desired("a"), desired("b")};
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    bool const first = request.method == "POST" && request.body.find("a.example.com") != std::string::npos;
    if (first) return lost();
    return response;
  };
  CHECK(outcomes(bench.apply()) == "a doubt\nb done\n");
  REQUIRE(bench.state().open_intents.size() == 1);
  // From now on the list can tell: nobody waits for the time that the attempt could have taken.
  state::Record const doubt = bench.state().open_intents.front();
  CHECK(parse_timestamp(doubt.ends_by).value() <= system_clock().wall());
  CHECK(doubt.lost == "the connection was lost (while POST /enrollments)");
  bench.client->after = {};
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.sent("POST") == 2);
  CHECK(bench.at_cps().size() == 2);
  CHECK(bench.state().entries.size() == 2);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: a create that is answered with an enrollment known before is a doubt, not ours") {
  Bench bench;
  bench.manifests = {desired("a")};
  CHECK(outcomes(bench.apply()) == "a done\n");
  std::int64_t const known = bench.state().entries.at("a").id;
  bench.manifests.push_back(desired("b"));
  bench.client->after = [&](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (request.method != "POST" || !response) return response;
    response->body = fmt::format(R"({{"enrollment":"/cps/v2/enrollments/{}","changes":[]}})", known);
    return response;
  };
  CHECK(outcomes(bench.apply()) == "b doubt\n");
  CHECK(bench.state().entries.size() == 1);
  bench.client->after = {};
  CHECK(outcomes(bench.apply()) == "b done\n");
  CHECK(bench.sent("POST") == 2);
  CHECK(bench.state().entries.at("b").id != known);
}

TEST_CASE("apply: whatever writes of an enrollment are in doubt, one run ends all that CPS shows to be done") {
  Bench bench;
  bench.manifests = {desired("www")};
  REQUIRE(outcomes(bench.apply()) == "www done\n");
  auto const entry = bench.state().entries.at("www");
  state::WriteKind step = state::WriteKind::create;
  SUBCASE("creates") {}
  SUBCASE("updates") {
    step = state::WriteKind::update;
  }
  {
    auto store = at_files::open(state_path, "sandbox", "run", bench.disk).value();
    for (int i = 0; i < 3; ++i)
      REQUIRE(store->write({.phase = state::Phase::intent,
                            .step = step,
                            .name = "www",
                            .at = timestamp(system_clock().wall()),
                            .ends_by = timestamp(system_clock().wall()),
                            .entry = std::make_shared<state::Entry const>(entry)}));
  }
  CHECK(outcomes(bench.apply()) == "www done\n");
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().entries.at("www").id == entry.id);
  CHECK(outcomes(bench.apply()).empty());
  CHECK(bench.sent("POST") == 1);
  CHECK(bench.sent("PUT") == 0);
}

TEST_CASE("apply: a proven create is known before its doubt is closed, wherever the disk dies between") {
  int runs = 0;
  for (auto const how : {failing::Disk::At::crash, failing::Disk::At::error}) {
    for (int call = 1;; ++call) {
      CAPTURE(call);
      Bench bench;
      bench.manifests = {desired("a"), desired("mutual", true)};
      // It is ours by its journal alone: nobody may take it over by its looks.
      for (auto& one : bench.manifests) one.lifecycle.adopt = manifest::Adopt::never;
      bench.client->after = [](http::Request const& request,
                               Result<http::Response> response) -> Result<http::Response> {
        if (request.method == "POST") return lost();
        return response;
      };
      CHECK(outcomes(bench.apply()) == "a doubt\nmutual doubt\n");
      bench.client->after = {};
      bench.disk.fail_at(call, how);
      static_cast<void>(bench.apply({.parallelism = 2}));
      bool const struck = bench.disk.reached();
      bench.disk.fail_at(0, failing::Disk::At::never);
      for (int again = 0; again < 2; ++again) REQUIRE(bench.apply().has_value());
      CHECK(bench.sent("POST") == 2);
      CHECK(bench.state().entries.size() == 2);
      CHECK(bench.state().entries.at("mutual").open_steps.size() == 1);
      CHECK(bench.state().open_intents.empty());
      if (!struck) break;
      ++runs;
    }
  }
  MESSAGE(runs << " runs died or failed at one of their calls");
  CHECK(runs > 8);
}

TEST_CASE("apply: a request limit that is not over when the run ends is not a failure") {
  Bench bench;
  bench.manifests = {desired("a"), desired("b")};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "POST") return std::nullopt;
    return Result<http::Response>(http::Response{.status = 429, .headers = {{.name = "Retry-After", .value = "300"}}});
  };
  bench.deadline = system_clock().steady() + std::chrono::seconds(60);
  auto const result = bench.apply({.parallelism = 1});
  CHECK(outcomes(result) == "a skipped\nb skipped\n");
  CHECK(result->items[0].code == Errc::timeout);
  CHECK_FALSE(result->items[0].next.empty());
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: a journal that breaks ends the run, which still says what was done") {
  bool told = false;
  for (int call = 1; call < 20 && !told; ++call) {
    CAPTURE(call);
    Bench bench;
    for (int i = 0; i < 4; ++i) bench.manifests.push_back(desired(fmt::format("site-{}", i)));
    bench.disk.fail_at(call, failing::Disk::At::error);
    bench.whole = true;
    auto const result = bench.apply({.parallelism = 1});
    if (!result) continue;  // it could not even begin
    REQUIRE(result->error.has_value());
    CHECK(result->error->code == Errc::io);
    auto const broken = std::ranges::find(result->items, apply::Outcome::failed, &apply::ItemResult::outcome);
    REQUIRE(broken != result->items.end());
    CHECK(std::all_of(result->items.begin(), broken,
                      [](auto const& one) { return one.outcome == apply::Outcome::done && one.id != 0; }));
    CHECK(std::all_of(broken + 1, result->items.end(),
                      [](auto const& one) { return one.outcome == apply::Outcome::skipped; }));
    // The second one was created, and its result could not be written down.
    told = broken == result->items.begin() + 1 && broken->id != 0;
    if (!told) continue;
    CHECK(broken->message.starts_with("created, but that could not be recorded"));
    CHECK_FALSE(broken->next.empty());
  }
  CHECK(told);
}

TEST_CASE("apply: an attempt that never reached CPS is made again once the list disproves it") {
  Bench bench;
  bench.manifests = {desired("a")};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method == "POST") return Result<http::Response>(lost());
    return std::nullopt;
  };
  CHECK(outcomes(bench.apply()) == "a doubt\n");
  bench.client->instead = {};
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.at_cps().size() == 1);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: what an answer means for the journal") {
  struct Case {
    char const* title;
    int status;
    char const* body;
    char const* outcome;
    std::size_t open_intents;
  };
  Case const cases[] = {
      {"400 is a refusal", 400, "{}", "failed", 0},
      {"409 is for the list to explain", 409, R"({"type":"/e/x","title":"Conflict"})", "waiting", 1},
      {"500 is a doubt", 500, "<html>", "doubt", 1},
      {"a 202 that cannot be read is a doubt", 202, "not json", "doubt", 1},
      {"a 202 without an id is a doubt", 202, "{}", "doubt", 1},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      bench.manifests = {desired("a")};
      bench.client->instead = [&c](http::Request const& request) -> std::optional<Result<http::Response>> {
        if (request.method != "POST") return std::nullopt;
        return Result<http::Response>(http::Response{.status = c.status, .body = c.body});
      };
      CHECK(outcomes(bench.apply()) == fmt::format("a {}\n", c.outcome));
      CHECK(bench.sent("POST") == 1);
      CHECK(bench.state().open_intents.size() == c.open_intents);
    }
  }
}

TEST_CASE("apply: a request limit is waited out, and each attempt has an intent of its own") {
  Bench bench;
  bench.manifests = {desired("a")};
  int refusals = 2;
  bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "POST" || refusals-- <= 0) return std::nullopt;
    return Result<http::Response>(http::Response{.status = 429, .headers = {{.name = "Retry-After", .value = "1"}}});
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "a done\n");
  CHECK(result->spent.throttles == 2);
  CHECK(bench.sent("POST") == 3);
  CHECK(bench.at_cps().size() == 1);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: a create that met the request limit is held back like any other once another met a 409") {
  Bench bench;
  bench.manifests = {desired("a"), desired("b")};
  bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "POST") return std::nullopt;
    if (request.body.find("\"b.example.com\"") != std::string::npos)
      return Result<http::Response>(http::Response{.status = 409, .body = R"({"type":"/e/x","title":"Conflict"})"});
    return Result<http::Response>(http::Response{.status = 429, .headers = {{.name = "Retry-After", .value = "1"}}});
  };
  auto const result = bench.apply({.parallelism = 2});
  CHECK(outcomes(result) == "a waiting\nb waiting\n");
  CHECK(result->items.at(0).message.find("one at a time") != std::string::npos);
  CHECK(bench.sent("POST") == 2);
  CHECK(bench.state().open_intents.size() == 1);  // b's
}

TEST_CASE("apply: refused credentials end the run, the rest is not begun") {
  Bench bench;
  for (int i = 0; i < 9; ++i) bench.manifests.push_back(desired(fmt::format("site-{}", i)));
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "POST") return std::nullopt;
    return Result<http::Response>(http::Response{.status = 403, .body = "{}"});
  };
  auto const result = bench.apply({.parallelism = 2});
  REQUIRE(result.has_value());
  CHECK(std::ranges::count(result->items, apply::Outcome::failed, &apply::ItemResult::outcome) <= 2);
  CHECK(std::ranges::count(result->items, apply::Outcome::skipped, &apply::ItemResult::outcome) >= 7);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: credentials that are refused at a second write end the run, too") {
  Bench bench;
  bench.manifests = {desired("a-mutual", true), desired("b"), desired("c")};
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PUT") return std::nullopt;
    return Result<http::Response>(http::Response{.status = 403, .body = "{}"});
  };
  CHECK(outcomes(bench.apply({.parallelism = 1})) == "a-mutual failed\nb skipped\nc skipped\n");
  CHECK(bench.sent("POST") == 1);
  CHECK(bench.state().entries.at("a-mutual").open_steps.size() == 1);
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("apply: told to stop it finishes what it began, and the next run does the rest") {
  Bench bench;
  for (int i = 0; i < 6; ++i) bench.manifests.push_back(desired(fmt::format("site-{}", i)));
  bool stop = false;
  auto const result = bench.apply({.parallelism = 1,
                                   .stop = [&] { return stop; },
                                   .progress = [&](apply::ItemResult const& item) { stop = item.name == "site-1"; }});
  CHECK(outcomes(result) ==
        "site-0 done\nsite-1 done\nsite-2 skipped\nsite-3 skipped\nsite-4 skipped\nsite-5 skipped\n");
  CHECK(result->stopped);
  CHECK(bench.state().entries.size() == 2);
  CHECK(bench.apply().has_value());
  CHECK(bench.at_cps().size() == 6);
  CHECK(bench.sent("POST") == 6);
}

TEST_CASE("apply: a disk that dies at any call: nothing is ordered twice, and in the end every id is known") {
  int runs = 0;
  Bench bench;  // one server for all: each round has names of its own
  for (auto const how : {failing::Disk::At::crash, failing::Disk::At::error}) {
    for (int call = 1;; ++call) {
      CAPTURE(call);
      bench.disk.bytes().clear();
      bench.manifests.clear();
      auto const before = bench.at_cps();
      for (char const* name : {"a", "b"})
        bench.manifests.push_back(desired(fmt::format("{}-{}-{}", name, call, static_cast<int>(how))));
      bench.manifests.push_back(desired(fmt::format("mutual-{}-{}", call, static_cast<int>(how)), true));
      bench.disk.fail_at(call, how);
      static_cast<void>(bench.apply({.parallelism = 2}));
      bool const struck = bench.disk.reached();
      bench.disk.fail_at(0, failing::Disk::At::never);
      for (int again = 0; again < 3; ++again) REQUIRE(bench.apply().has_value());
      auto const after = bench.at_cps();
      CHECK(after.size() == before.size() + 3);
      auto const state = bench.state();
      CHECK(state.entries.size() == 3);
      // A create's doubt is decided by the list; a second write's may have to wait for the time an attempt can take.
      CHECK(std::ranges::none_of(state.open_intents, [](auto const& r) { return r.step == state::WriteKind::create; }));
      for (auto const& [name, entry] : state.entries) CHECK(after.contains(entry.id));
      if (!struck) break;
      ++runs;
    }
  }
  MESSAGE(runs << " runs died or failed at one of their calls");
  CHECK(runs > 20);
}
