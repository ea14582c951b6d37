// Answers to pending changes: sent once, whatever becomes of what CPS says to them.
#include "apply/bench.hpp"

using namespace apply_test;

namespace {

constexpr char const* harmless = "DNS name a.example.com not CNAMEd to Akamai.";

manifest::Desired willing(std::string const& name) {
  manifest::Desired one = desired(name);
  one.lifecycle.acknowledge = {
      {.warning = "DNS_NAME_NOT_CNAMED", .reason = "known", .until = parse_day("2099-01-01").value()}};
  return one;
}

/// An enrollment whose change waits for the acknowledgement of a warning that its manifest allows.
struct Warned : Bench {
  explicit Warned(sandbox::Behaviour behaviour = {}) {
    behaviour.inputs = sandbox::Inputs::wait;
    behaviour.warnings = {{.when = sandbox::Warning::When::before, .text = harmless}};
    serve(std::move(behaviour));
    manifests = {willing("a")};
    REQUIRE(outcomes(apply()) == "a done\n");
    looks = true;
    client->calls.clear();
  }
  std::int64_t change() { return state().entries.at("a").changes.at(0); }
  /// What the state remembers of the change.
  state::Watch watch() {
    auto const watches = state().entries.at("a").watches;
    return watches.empty() ? state::Watch() : watches.front();
  }
  std::ptrdiff_t answers() const { return sent("POST"); }
  bool is_asked() {
    cps::Session own = session();
    cps::ChangeReader reader(own);
    auto const read =
        loop.run(reader.change({.subject = "a", .enrollment = {state().entries.at("a").id}, .change = {change()}}));
    REQUIRE(read.has_value());
    return !read->inputs.empty() && read->inputs.front().kind == cps::InputKind::pre_verification_warnings;
  }
};

bool answers(http::Request const& request) {
  return request.method == "POST";
}

std::optional<Result<http::Response>> nothing() {
  return std::nullopt;
}

}  // namespace

TEST_CASE("answer: it is sent once, with its intent before and its result after it") {
  Warned bench;
  auto const result = bench.apply();
  CHECK(outcomes(result) == "a done\n");
  CHECK(bench.answers() == 1);
  CHECK(result->items[0].changes == std::vector{bench.change()});
  CHECK_FALSE(bench.is_asked());
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.watch().answered == "pre-verification-warnings-ack");
  CHECK(bench.state().history.back().what == state::Happened::answered);
  static_cast<void>(bench.apply());
  CHECK(bench.answers() == 1);
  CHECK(bench.watch().answered.empty());
}

TEST_CASE("answer: an input that stays visible after its answer is not answered again") {
  Warned bench({.input_echo = 2});
  REQUIRE(outcomes(bench.apply()) == "a done\n");
  for (int i = 0; i < 2; ++i) static_cast<void>(bench.apply());
  CHECK(bench.answers() == 1);
  CHECK_FALSE(bench.is_asked());
}

TEST_CASE("answer: its reply is lost, and CPS has taken it: the next run knows, and sends nothing") {
  Warned bench;
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (answers(request)) return lost();
    return response;
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "a doubt\n");
  CHECK(bench.state().open_intents.size() == 1);
  CHECK_FALSE(result->items[0].again);  // lists, which another round would read, cannot tell
  bench.client->after = {};
  static_cast<void>(bench.apply());
  CHECK(bench.answers() == 1);
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().history.back().what == state::Happened::answered);
}

TEST_CASE("answer: it was lost on its way: answered again once its attempt is long over, and not before") {
  Warned bench;
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!answers(request)) return nothing();
    return Result<http::Response>(lost());
  };
  CHECK(outcomes(bench.apply()) == "a doubt\n");
  bench.client->instead = {};
  CHECK(outcomes(bench.apply()) == "");
  CHECK(bench.answers() == 1);
  CHECK(bench.state().open_intents.size() == 1);
  bench.time_passed = std::chrono::minutes(5);
  CHECK(outcomes(bench.apply()) == "a done\n");
  CHECK(bench.answers() == 2);
  CHECK(bench.state().open_intents.empty());
  CHECK_FALSE(bench.is_asked());
}

TEST_CASE("answer: its reply is lost, and its change has ended with it: no doubt stays behind") {
  Warned bench;
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (answers(request)) return lost();
    return response;
  };
  REQUIRE(outcomes(bench.apply()) == "a doubt\n");
  bench.client->after = {};
  bench.serve({.complete_after = Duration{}});
  static_cast<void>(bench.apply());
  CHECK(bench.sent("POST") == 0);
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().entries.at("a").watches.empty());
  CHECK(outcomes(bench.apply()).empty());
}

TEST_CASE("answer: what is not asked for any more is no failure") {
  struct Case {
    char const* title;
    char const* path;
    int status;
    std::ptrdiff_t answers;
  };
  Case const cases[] = {{"its information is gone", "/input/info/", 404, 0},
                        {"CPS takes it no more", "/input/update/", 409, 1},
                        {"it is gone when it is answered", "/input/update/", 404, 1}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Warned bench;
      bench.between = [&] {
        bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
          if (request.target.find(c.path) == std::string::npos) return nothing();
          return Result<http::Response>(
              http::Response{.status = c.status, .body = R"({"type":"/e/invalid-enrollment-state"})"});
        };
      };
      auto const result = bench.apply();
      CHECK(outcomes(result) == "a underWay\n");
      CHECK(result->items[0].message == "CPS does not ask for it any more");
      CHECK(bench.answers() == c.answers);
      CHECK(bench.state().open_intents.empty());
      bench.between = {};
      bench.client->instead = {};
      CHECK(outcomes(bench.apply()) == "a done\n");
    }
  }
}

TEST_CASE("answer: what CPS shows is not what was planned on: nothing is sent") {
  Warned bench;
  bench.between = [&] {
    bench.client->instead = [&](http::Request const& request) -> std::optional<Result<http::Response>> {
      if (request.target.find("/input/info/") == std::string::npos) return nothing();
      return Result<http::Response>(http::Response{
          .status = 200,
          .body = R"({"warnings":"DNS name a.example.com not CNAMEd to Akamai.\nThis certificate has expired"})"});
    };
  };
  CHECK(outcomes(bench.apply()) == "a stale\n");
  CHECK(bench.answers() == 0);
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.is_asked());
}

TEST_CASE("answer: a refusal closes its intent, and is told") {
  Warned bench;
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!answers(request)) return nothing();
    return Result<http::Response>(
        http::Response{.status = 400, .body = R"({"type":"/e/invalid-input","detail":"no"})"});
  };
  auto const result = bench.apply();
  CHECK(outcomes(result) == "a failed\n");
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().history.back().what == state::Happened::refused);
  bench.client->instead = {};
  CHECK(outcomes(bench.apply()) == "a done\n");
}

TEST_CASE("answer: what the state learns of an enrollment comes before the answer to its change") {
  Warned bench;
  bench.manifests[0].labels = {{"team", "web"}};
  bool labelled = false;
  bench.client->instead = [&](http::Request const& request) {
    if (answers(request)) labelled = !bench.state().entries.at("a").labels.empty();
    return nothing();
  };
  CHECK(outcomes(bench.apply()) == "a done\na done\n");
  CHECK(labelled);
  state::Contents const state = bench.state();
  CHECK(state.entries.at("a").labels.size() == 1);
  CHECK(bench.watch().answered == "pre-verification-warnings-ack");
  CHECK(state.open_intents.empty());
}

TEST_CASE("answer: a disk that dies at any call of a run that answers: the end is the same, and it is answered once") {
  int runs = 0;
  for (auto const how : {failing::Disk::At::crash, failing::Disk::At::error}) {
    for (int call = 1;; ++call) {
      CAPTURE(call);
      Warned bench;
      bench.disk.fail_at(call, how);
      static_cast<void>(bench.apply());
      bool const struck = bench.disk.reached();
      bench.disk.fail_at(0, failing::Disk::At::never);
      bench.time_passed = std::chrono::minutes(5);
      for (int again = 0; again < 2; ++again) REQUIRE(bench.apply().has_value());
      CHECK(bench.answers() == 1);
      CHECK(bench.state().open_intents.empty());
      CHECK_FALSE(bench.is_asked());
      if (!struck) break;
      ++runs;
    }
  }
  MESSAGE(runs << " runs died or failed at one of their calls");
  CHECK(runs > 4);
}
