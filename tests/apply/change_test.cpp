#include "apply/bench.hpp"

using namespace apply_test;

namespace {

manifest::Desired with(manifest::Desired one, char const* member, char const* json_text) {
  json::Document changed = json::clone(*one.enrollment);
  auto& pool = changed.GetAllocator();
  json::Document const value = json::parse(json_text, "value").value();
  json::set(changed, member, json::Value(value, pool), pool);
  one.enrollment = json::share(changed);
  return one;
}

manifest::Desired deletable(manifest::Desired one) {
  one.lifecycle.deletion = manifest::Deletion::delete_;
  return one;
}

/// Three enrollments, created; their first changes are still pending, and may be cancelled.
struct Created : Bench {
  explicit Created(sandbox::Behaviour behaviour = {}) {
    serve(std::move(behaviour));
    consent = {.allow_delete = true, .max_deletes = 9, .on_pending = manifest::OnPendingChange::cancel};
    manifests = {desired("a"), deletable(desired("b")), desired("c")};
    REQUIRE(outcomes(apply()) == "a done\nb done\nc done\n");
    client->calls.clear();
  }
  std::int64_t id(std::string const& name) { return state().entries.at(name).id; }
  json::Ref at(std::int64_t id) {
    cps::Session own = session();
    cps::Reader reader(own);
    return loop.run(reader.get("", {id}, "v11", "it")).value().document;
  }
  /// Somebody else changes an enrollment through the API.
  void outside(std::int64_t id, manifest::Desired const& to) {
    cps::Session own = session();
    cps::Writer writer(own);
    auto const schema = schema::enrollment("v11").value();
    std::string const body = json::compact(diff::update_body(*to.enrollment, *at(id), *schema));
    REQUIRE(
        loop.run(writer.update({.id = {id}, .api_schema = "v11", .body = body, .allow_cancel_pending_changes = true}))
            .has_value());
    client->calls.clear();
  }
};

}  // namespace

TEST_CASE("change: an update is one write on the list that the plan read, and the next plan is empty") {
  Created bench;
  bench.manifests[0] = with(desired("a"), "changeManagement", "true");
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.client->calls.size() == 3);  // right before it, whether its own first change alone is pending
  CHECK(bench.client->calls[1] == fmt::format("GET /cps/v2/enrollments/{}", bench.id("a")));
  CHECK(bench.client->calls[2] ==
        fmt::format("PUT /cps/v2/enrollments/{}?allow-cancel-pending-changes=true", bench.id("a")));
  CHECK(json::find(*bench.at(bench.id("a")), "changeManagement")->IsTrue());
  CHECK(outcomes(bench.apply()).empty());
}

TEST_CASE("change: what the manifest gives up is set back, and forgotten") {
  Created bench;
  bench.manifests[0] = with(desired("a"), "orgId", "77");
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(json::find(*bench.at(bench.id("a")), "orgId")->GetInt() == 77);
  bench.manifests[0] = desired("a");
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(json::find(*bench.at(bench.id("a")), "orgId")->IsNull());
  CHECK(outcomes(bench.apply()).empty());
}

TEST_CASE("change: what moved between plan and write is refused, the rest goes on") {
  Created bench;
  bench.manifests[0] = with(desired("a"), "changeManagement", "true");
  bench.manifests[2] = with(desired("c"), "changeManagement", "true");
  bench.let_lists_grow_old([&] { bench.outside(bench.id("a"), with(desired("a"), "orgId", "5")); });
  CHECK(outcomes(bench.apply()) == "a stale\nc done\n");
  bench.between = {};
  CHECK(json::find(*bench.at(bench.id("a")), "changeManagement")->IsFalse());
  // The change that is pending now is somebody else's, and was never deployed: cancelling it is not ours.
  CHECK(outcomes(bench.apply()) == "a waiting\n");
  CHECK(json::find(*bench.at(bench.id("a")), "orgId")->GetInt() == 5);
}

TEST_CASE("change: what is read by itself before a write needs no list") {
  Created bench;
  for (auto& one : bench.manifests) one = with(one, "changeManagement", "true");
  bench.let_lists_grow_old();
  CHECK(outcomes(bench.apply()) == "a done\nb done\nc done\n");
  CHECK(bench.sent("GET /cps/v2/enrollments?") == 1);
  CHECK(bench.sent("GET /cps/v2/enrollments/") == 3);
  CHECK(bench.sent("PUT") == 3);
}

TEST_CASE("change: what was planned on a look of its own is carried out on one while the list lags") {
  Created bench({.complete_after = Duration{}, .write_lag = std::chrono::hours(1)});
  bench.settle = std::chrono::minutes(5);
  bench.manifests[0] = with(desired("a"), "changeManagement", "true");
  REQUIRE(outcomes(bench.apply()) == "a done\n");
  bench.client->calls.clear();
  bench.manifests[0] = with(bench.manifests[0], "orgId", "77");
  SUBCASE("the list is young: what was looked up for the plan stands in it") {
    CHECK(outcomes(bench.apply()) == "a done\n");
    CHECK(bench.sent("GET /cps/v2/enrollments/") == 1);
  }
  SUBCASE("the list is read again, and lags") {
    bench.let_lists_grow_old();
    CHECK(outcomes(bench.apply()) == "a done\n");
    CHECK(bench.sent("GET /cps/v2/enrollments?") == 2);
    CHECK(bench.sent("GET /cps/v2/enrollments/") == 2);
  }
  CHECK(bench.sent("PUT") == 1);
  CHECK(json::find(*bench.at(bench.id("a")), "changeManagement")->IsTrue());
}

TEST_CASE("change: an old list is read once for all who wait for it") {
  Created bench({.complete_after = Duration{}});
  for (auto& one : bench.manifests) one = with(one, "changeManagement", "true");
  bench.manifests.push_back(desired("new"));
  bench.let_lists_grow_old();
  CHECK(outcomes(bench.apply()) == "a done\nb done\nc done\nnew done\n");
  CHECK(bench.sent("GET /cps/v2/enrollments?") == 2);
  CHECK(bench.sent("PUT") == 3);
  CHECK(bench.sent("POST") == 1);
}

TEST_CASE(
    "change: where every look grows old before a write has its turn, nothing is written and nobody tries for ever") {
  sandbox::Behaviour behaviour;
  std::ptrdiff_t looks = 3 * 3;
  SUBCASE("each is read by itself, as its first change is pending") {}
  SUBCASE("they are read by the list") {
    behaviour.complete_after = Duration{};
    looks = 0;
  }
  Created bench(std::move(behaviour));
  for (auto& one : bench.manifests) one = with(one, "changeManagement", "true");
  bench.manifests.push_back(desired("new"));
  auto const result = bench.apply({.list_age = Duration(-1)});
  CHECK(outcomes(result) == "a waiting\nb waiting\nc waiting\nnew waiting\n");
  CHECK(bench.sent("GET /cps/v2/enrollments?") == 1 + 3);
  CHECK(bench.sent("GET /cps/v2/enrollments/") == looks);
  CHECK(bench.sent("PUT") + bench.sent("POST") == 0);
  CHECK(bench.state().open_intents.empty());
  CHECK(outcomes(bench.apply()) == "a done\nb done\nc done\nnew done\n");
}

TEST_CASE("change: a list that cannot be read again is asked for once, and nothing that needs it is begun") {
  Created bench({.complete_after = Duration{}});
  for (auto& one : bench.manifests) one = with(one, "changeManagement", "true");
  bench.manifests.push_back(desired("new"));
  bench.let_lists_grow_old();
  int status = 404;
  SUBCASE("refused") {}
  SUBCASE("with the credentials") {
    status = 401;
  }
  bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!bench.jumping.ahead || request.method != "GET") return std::nullopt;
    return Result<http::Response>(http::Response{.status = status, .body = "{}"});
  };
  auto const result = bench.apply({.parallelism = 2});
  CHECK(outcomes(result) == "a skipped\nb skipped\nc skipped\nnew skipped\n");
  CHECK(result->items[0].message.find("listing contract 1-1TJZH5 again") != std::string::npos);
  CHECK(result->items[0].code == (status == 401 ? Errc::unauthorized : Errc::not_found));
  CHECK(bench.client->calls.size() == 2);
  CHECK(bench.state().open_intents.empty());
  bench.client->instead = {};
  bench.between = {};
  bench.jumping.ahead = false;
  CHECK(outcomes(bench.apply()) == "a done\nb done\nc done\nnew done\n");
}

TEST_CASE("change: somebody creates the name between plan and write: nothing is ordered twice") {
  Created bench;
  bench.manifests.push_back(desired("d"));
  bench.let_lists_grow_old([&] {
    cps::Session own = bench.session();
    cps::Writer writer(own);
    std::string const body = json::compact(*document("d.example.com"));
    REQUIRE(bench.loop.run(writer.create({.contract = contract, .api_schema = "v11", .body = body})).has_value());
    bench.client->calls.clear();
  });
  CHECK(outcomes(bench.apply()) == "d stale\n");
  CHECK(bench.sent("POST") == 0);
  bench.between = {};
  CHECK(outcomes(bench.apply()) == "d done\n");
  CHECK(bench.at_cps().size() == 4);
}

TEST_CASE("change: a delete goes last, and only when all else went well") {
  Created bench;
  bench.manifests = {with(desired("a"), "changeManagement", "true"), desired("c")};
  SUBCASE("all is well") {
    CHECK(outcomes(bench.apply()) == "a done\nb done\n");
    CHECK(bench.client->calls.back().starts_with("DELETE"));
    CHECK(bench.state().entries.size() == 2);
    CHECK(bench.at_cps().size() == 2);
  }
  SUBCASE("an update is refused: the certificate stays") {
    bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
      if (request.method != "PUT") return std::nullopt;
      return Result<http::Response>(http::Response{.status = 400, .body = "{}"});
    };
    auto const result = bench.apply();
    CHECK(outcomes(result) == "a failed\nb skipped\n");
    CHECK(result->items[1].message == "not deleted: something else of this run did not succeed");
    CHECK(bench.sent("DELETE") == 0);
    CHECK(bench.at_cps().size() == 3);
  }
  SUBCASE("it is gone already: that is what was wanted") {
    bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
      if (request.method != "DELETE") return std::nullopt;
      return Result<http::Response>(http::Response{.status = 404, .body = "{}"});
    };
    CHECK(outcomes(bench.apply()) == "a done\nb done\n");
    CHECK(bench.state().entries.size() == 2);
  }
  SUBCASE("a 202 starts a removal: it stays in the state until it is gone") {
    bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
      if (request.method != "DELETE") return std::nullopt;
      std::string const place = request.target.substr(0, request.target.find('?'));
      return Result<http::Response>(http::Response{
          .status = 202, .body = fmt::format(R"({{"enrollment":"{0}","changes":["{0}/changes/99"]}})", place)});
    };
    CHECK(outcomes(bench.apply()) == "a done\nb done\n");
    CHECK(bench.state().entries.at("b").removal == std::vector<std::int64_t>{99});
  }
}

TEST_CASE("change: lost answers to updates and deletes are resolved by the next list") {
  Created bench;
  bench.manifests = {with(desired("a"), "changeManagement", "true"), desired("c")};
  bool const processed = true;
  SUBCASE("the update was done") {
    bench.client->after = [&](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
      if (request.method == "PUT" && processed) return lost();
      return response;
    };
    CHECK(outcomes(bench.apply()) == "a doubt\nb skipped\n");
    bench.client->after = {};
    CHECK(outcomes(bench.apply()) == "a done\nb done\n");
    CHECK(bench.sent("PUT") == 1);
    CHECK(bench.state().open_intents.empty());
  }
  SUBCASE("the update never arrived: nothing is sent while it may be under way, once after that") {
    bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
      if (request.method == "PUT") return Result<http::Response>(lost());
      return std::nullopt;
    };
    CHECK(outcomes(bench.apply()) == "a doubt\nb skipped\n");
    bench.client->instead = {};
    CHECK(outcomes(bench.apply()) == "a waiting\nb done\n");
    bench.time_passed = std::chrono::minutes(2);
    CHECK(outcomes(bench.apply()) == "a done\n");
    CHECK(bench.sent("PUT") == 2);
    CHECK(bench.state().open_intents.empty());
  }
  SUBCASE("the delete was done") {
    bench.client->after = [&](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
      if (request.method == "DELETE") return lost();
      return response;
    };
    CHECK(outcomes(bench.apply()) == "a done\nb doubt\n");
    bench.client->after = {};
    CHECK(outcomes(bench.apply()) == "b done\n");
    CHECK(bench.sent("DELETE") == 1);
    CHECK(bench.state().open_intents.empty());
    CHECK(bench.state().entries.size() == 2);
  }
}

TEST_CASE("change: nothing is deleted while a create of the run is not finished") {
  Created bench;
  bench.manifests = {desired("a"), desired("c"), desired("mutual", true)};
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (request.method == "POST") return lost();
    return response;
  };
  CHECK(outcomes(bench.apply()) == "b skipped\nmutual doubt\n");
  bench.client->after = {};
  // Its enrollment is there, what its create could not carry is not.
  auto const result = bench.apply();
  CHECK(outcomes(result) == "b skipped\nmutual waiting\n");
  CHECK(result->items[1].message.find("is still to be written") != std::string::npos);
  CHECK(bench.sent("DELETE") == 0);
}

TEST_CASE("change: a removal whose change CPS does not name is looked for in the list") {
  Created bench;
  bench.manifests = {desired("a"), desired("c")};
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (request.method != "DELETE" || !response) return response;
    response->status = 202;
    response->body = R"({"enrollment":"/cps/v2/enrollments/1","changes":[]})";
    return response;
  };
  CHECK(outcomes(bench.apply()) == "b doubt\n");
  CHECK(bench.state().entries.contains("b"));
  bench.client->after = {};
  CHECK(outcomes(bench.apply()) == "b done\n");
  CHECK(bench.sent("DELETE") == 1);
}

TEST_CASE("change: a 409 is looked at again before it is a failure, and nothing is cancelled for it") {
  Created bench;
  for (auto& one : bench.manifests) one = with(one, "changeManagement", "true");
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PUT") return std::nullopt;
    return Result<http::Response>(
        http::Response{.status = 409, .body = R"({"type":"/e/cannot-cancel-pending-change"})"});
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "a waiting\nb waiting\nc waiting\n");
  CHECK(result->items[0].message.find("cannot-cancel-pending-change") != std::string::npos);
  CHECK(result->items[0].next.find("cpsctl status a") != std::string::npos);
  CHECK(bench.state().open_intents.empty());
  bench.client->instead = {};
  CHECK(outcomes(bench.apply()) == "a done\nb done\nc done\n");
}

TEST_CASE("change: a disk that dies at any call of a mixed run: in the end CPS and state are as wanted") {
  int runs = 0;
  for (auto const how : {failing::Disk::At::crash, failing::Disk::At::error}) {
    for (int call = 1;; ++call) {
      CAPTURE(call);
      Created bench;
      bench.manifests = {with(desired("a"), "changeManagement", "true"), desired("c"), desired("d")};
      bench.disk.fail_at(call, how);
      static_cast<void>(bench.apply({.parallelism = 2}));
      bool const struck = bench.disk.reached();
      bench.disk.fail_at(0, failing::Disk::At::never);
      bench.time_passed = std::chrono::minutes(2);
      for (int again = 0; again < 3; ++again) REQUIRE(bench.apply().has_value());
      CHECK(bench.at_cps().size() == 3);
      CHECK(bench.state().entries.size() == 3);
      CHECK(bench.state().open_intents.empty());
      CHECK(json::find(*bench.at(bench.id("a")), "changeManagement")->IsTrue());
      CHECK(outcomes(bench.apply()).empty());
      if (!struck) break;
      ++runs;
    }
  }
  MESSAGE(runs << " runs died or failed at one of their calls");
  CHECK(runs > 20);
}
