#include "dns/edge.hpp"

#include "base/files.hpp"
#include "cps/api.hpp"
#include "cps/change_api.hpp"
#include "cps/wire.hpp"
#include "edgegrid/credentials.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;
using namespace std::chrono_literals;

/// Publications to the sandbox's Edge DNS, over TLS, with and without others who write to the same zone.
namespace {

dns::Name name(std::string const& text) {
  return dns::Name::parse(text).value();
}

dns::TxtChange add(std::string const& owner, std::string value) {
  return {.kind = dns::TxtChange::Kind::add, .owner = name(owner), .value = std::move(value)};
}
dns::TxtChange remove(std::string const& owner, std::string value) {
  return {.kind = dns::TxtChange::Kind::remove, .owner = name(owner), .value = std::move(value)};
}

/// The real client; others do something right before a request, or instead of its answer.
struct Interrupted final : http::Client {
  explicit Interrupted(http::Client& below) : real(below) {}
  http::Task<Result<http::Response>> send(http::Request request, http::SendOptions options) override {
    std::string const what = request.method + " " + request.target;
    seen.push_back(what);
    if (before) co_await before(what);
    auto response = co_await real.send(std::move(request), std::move(options));
    if (lose && lose(what))
      co_return Error{.code = Errc::unavailable, .message = "the answer was lost", .reached = Reached::unknown};
    co_return response;
  }
  void close() override { real.close(); }

  http::Client& real;
  std::vector<std::string> seen = {};
  std::function<http::Task<>(std::string const& what)> before = {};
  std::function<bool(std::string const& what)> lose = {};
};

/// Signatures are made and checked by the real time; a lock that is set never ends.
struct Frozen final : Clock {
  WallTime wall() const override { return system_clock().wall(); }
  SteadyTime steady() const override { return {}; }
};

struct Bench {
  explicit Bench(sandbox::Behaviour behaviour = {}, Clock const* clock = nullptr) {
    behaviour.edge_zones = {"example.com", "sub.example.com"};
    server =
        sandbox::Server::start({.folder = folder.path(), .behaviour = std::move(behaviour), .clock = clock}).value();
    client = http::Client::open(loop, {.endpoint = http::Endpoint::parse(server->authority()).value(),
                                       .ca_file = server->ca_file().string()})
                 .value();
    interrupted.emplace(*client);
    auto options = dns::edge_session({});
    options.windows.clear();
    session.emplace(loop, *interrupted, credentials(), system_clock(), random, options);
    foreign.emplace(loop, *client, credentials(), system_clock(), random, options);
    publisher.emplace(loop, *session, random, dns::EdgeOptions{.lock_pause = 20ms});
  }

  edgegrid::Credentials credentials() const {
    auto known = edgegrid::load_credentials(
        {.edgerc = server->edgerc()}, [](std::string const&) { return std::nullopt; }, system_files());
    return std::move(known.value());
  }

  /// One result a wish: "ok", or the error.
  std::vector<std::string> carry(std::vector<dns::TxtChange> wishes, std::string const& zone = "example.com") {
    dns::EdgeZone const where{.zone = name(zone)};
    return told(loop.run(publisher->carry(where, std::move(wishes))));
  }
  static std::vector<std::string> told(std::vector<Result<>> const& results) {
    std::vector<std::string> all;
    for (auto const& one : results) all.push_back(one ? "ok" : describe(one.error()));
    return all;
  }

  static std::string path(std::string const& owner) {
    return fmt::format("/zones/example.com/names/{}/types/TXT", owner);
  }
  /// A request of somebody else's: its status.
  http::Task<int> other(std::string method, std::string path, std::string body = "", std::string* answer = nullptr) {
    cps::Call call{.method = std::move(method),
                   .path = std::move(path),
                   .accept = "application/json",
                   .content_type = body.empty() ? "" : "application/json",
                   .body = std::move(body),
                   .repeat = cps::Repeat::after_refusal,
                   .answers = {400, 404, 409}};
    auto const response = co_await foreign->send(std::move(call));
    if (!response) co_return 0;
    if (answer != nullptr) *answer = response->body;
    co_return response->status;
  }
  /// Somebody else adds a value, spelt as they like, and keeps what is there; until it is done.
  http::Task<> also(std::string owner, std::string rdata) {
    for (int status = 0; status != 200 && status != 201;) {
      std::string body;
      status = co_await other("GET", path(owner), "", &body);
      dns::TxtSet set{.ttl = 300};
      if (status == 200) set = dns::read_record_set(body, name(owner)).value();
      set.rdata.push_back(rdata);
      std::string const method = status == 200 ? "PUT" : "POST";
      std::string const wanted = dns::record_set_body(name(owner), set);
      status = co_await other(method, path(owner), wanted);
    }
  }
  void meanwhile(http::Task<> task) {
    loop.spawn(std::move(task));
    loop.run();
  }
  int also_now(std::string method, std::string path, std::string body = "") {
    return loop.run(other(std::move(method), std::move(path), std::move(body)));
  }
  /// rdata of a name, sorted, with blanks between; "none" without a set.
  std::string at(std::string const& owner) {
    std::string body;
    int const status = loop.run(other("GET", path(owner), "", &body));
    if (status == 404) return "none";
    auto set = dns::read_record_set(body, name(owner)).value();
    std::ranges::sort(set.rdata);
    return fmt::format("{}", fmt::join(set.rdata, " "));
  }
  /// What was sent since the last time.
  std::vector<std::string> sent() {
    auto all = std::exchange(interrupted->seen, {});
    for (auto& one : all) one.erase(one.find('/'), std::string_view("/config-dns/v2").size());
    return all;
  }

  program::Folder folder;
  std::unique_ptr<sandbox::Server> server;
  http::Loop loop;
  SeededRandom random{7};
  std::unique_ptr<http::Client> client;
  std::optional<Interrupted> interrupted;
  std::optional<cps::Session> session;
  std::optional<cps::Session> foreign;
  std::optional<dns::EdgePublisher> publisher;
};

using Lines = std::vector<std::string>;

TEST_CASE("Edge DNS: one value comes, twice, and goes") {
  Bench bench;
  CHECK(bench.carry({add("_acme-challenge.www.example.com", "token")}) == Lines{"ok"});
  std::string const path = bench.path("_acme-challenge.www.example.com");
  CHECK(bench.sent() == Lines{"GET " + path, "POST " + path, "GET " + path});
  CHECK(bench.at("_acme-challenge.www.example.com") == R"("token")");
  CHECK(bench.carry({add("_acme-challenge.www.example.com", "token")}) == Lines{"ok"});
  CHECK(bench.sent() == Lines{"GET " + path});
  CHECK(bench.carry({remove("_acme-challenge.www.example.com", "token")}) == Lines{"ok"});
  CHECK(bench.at("_acme-challenge.www.example.com") == "none");
  bench.sent();
  CHECK(bench.carry({remove("_acme-challenge.www.example.com", "token")}) == Lines{"ok"});
  CHECK(bench.sent() == Lines{"GET " + path});
}

TEST_CASE("Edge DNS: two values of one name are one set, and its other values stay as they are") {
  Bench bench;
  bench.meanwhile(bench.also("a.example.com", R"("their" "s")"));
  CHECK(bench.carry({add("a.example.com", "one"), add("a.example.com", "two")}) == Lines{"ok", "ok"});
  CHECK(bench.at("a.example.com") == R"("one" "their" "s" "two")");
  CHECK(bench.sent() ==
        Lines{"GET " + bench.path("a.example.com"), "POST /changelists?overwrite=stale&zone=example.com",
              "GET " + bench.path("a.example.com"), "POST /changelists/example.com/recordsets/add-change",
              "POST /changelists/example.com/submit", "GET " + bench.path("a.example.com")});
  CHECK(bench.carry({remove("a.example.com", "one"), remove("a.example.com", "two")}) == Lines{"ok", "ok"});
  CHECK(bench.at("a.example.com") == R"("their" "s")");
}

TEST_CASE("Edge DNS: twelve at once are one change list, with as many requests as that takes") {
  Bench bench;
  std::vector<std::vector<Result<>>> results(12);
  for (std::size_t i = 0; i < results.size(); ++i)
    bench.loop.spawn([](Bench& on, std::size_t at, std::vector<Result<>>& into) -> http::Task<> {
      dns::EdgeZone const where{.zone = name("example.com")};
      std::vector<dns::TxtChange> wishes{add(fmt::format("h{}.example.com", at), fmt::format("token{}", at))};
      into = co_await on.publisher->carry(where, std::move(wishes));
    }(bench, i, results[i]));
  bench.loop.run();
  for (auto const& one : results) CHECK(bench.told(one) == Lines{"ok"});
  // Read, a list, read again, twelve changes, submit, read back.
  CHECK(bench.sent().size() == 1 + 1 + 1 + 12 + 1 + 1);
  for (int i = 0; i < 12; ++i) CHECK(bench.at(fmt::format("h{}.example.com", i)) == fmt::format("\"token{}\"", i));
}

TEST_CASE("Edge DNS: more names than a change list is to hold are several lists") {
  Bench bench;
  std::vector<dns::TxtChange> wishes;
  for (int i = 0; i < 120; ++i) wishes.push_back(add(fmt::format("h{}.example.com", i), "token"));
  CHECK(bench.carry(wishes) == Lines(120, "ok"));
  auto const sent = bench.sent();
  CHECK(std::ranges::count(sent, "POST /changelists/example.com/submit") == 3);
  CHECK(sent.size() == 120 + 3 * 5);
  CHECK(bench.at("h119.example.com") == R"("token")");
}

TEST_CASE("Edge DNS: when nothing can be done, the rest is not tried") {
  Bench bench;
  bench.interrupted->lose = [](std::string const&) { return true; };
  std::vector<dns::TxtChange> wishes;
  for (int i = 0; i < 120; ++i) wishes.push_back(add(fmt::format("h{}.example.com", i), "token"));
  bench.session->cancel();
  auto const told = bench.carry(wishes);
  CHECK(told.size() == 120);
  CHECK(std::ranges::count(told, "ok") == 0);
  CHECK(bench.sent().empty());
}

TEST_CASE("Edge DNS: twelve at once, others write to the zone all the time, and each write locks it") {
  Bench bench({.edge_write_time = 15ms});
  int written = 0;
  // Before every third request of ours somebody adds a value to one of our names.
  bench.interrupted->before = [&, count = 0](std::string const&) mutable -> http::Task<> {
    bool const now = ++count % 3 == 0 && written < 12;
    return [](Bench& on, bool write, int& done) -> http::Task<> {
      if (!write) co_return;
      int const at = done++;
      co_await on.also(fmt::format("h{}.example.com", at), fmt::format("\"foreign{}\"", at));
    }(bench, now, written);
  };
  std::vector<std::vector<Result<>>> results(12);
  for (std::size_t i = 0; i < results.size(); ++i)
    bench.loop.spawn([](Bench& on, std::size_t at, std::vector<Result<>>& into) -> http::Task<> {
      dns::EdgeZone const where{.zone = name("example.com")};
      std::vector<dns::TxtChange> wishes{add(fmt::format("h{}.example.com", at), fmt::format("token{}", at))};
      into = co_await on.publisher->carry(where, std::move(wishes));
    }(bench, i, results[i]));
  bench.loop.run();
  for (auto const& one : results) CHECK(bench.told(one) == Lines{"ok"});
  REQUIRE(written == 12);
  for (int i = 0; i < 12; ++i)
    CHECK(bench.at(fmt::format("h{}.example.com", i)) == fmt::format("\"foreign{0}\" \"token{0}\"", i));
  // Each stale list costs its requests again, and no more.
  CHECK(bench.sent().size() <= 6 * 17);
}

/// Runs `then` once, before the first request that begins so.
std::function<http::Task<>(std::string const&)> once_before(std::string begin, std::function<http::Task<>()> then) {
  auto const done = std::make_shared<bool>(false);
  return [begin = std::move(begin), then = std::move(then), done](std::string const& what) -> http::Task<> {
    bool const now = !*done && what.starts_with(begin);
    if (now) *done = true;
    return [](bool run, std::function<http::Task<>()> task) -> http::Task<> {
      if (run) co_await task();
    }(now, then);
  };
}

TEST_CASE("Edge DNS: what others write between our reading and our writing is kept") {
  Bench bench;
  std::string const owner = "a.example.com";
  SUBCASE("a new set") {
    bench.interrupted->before = once_before("POST /config-dns/v2/zones", [&] { return bench.also(owner, "bare"); });
    CHECK(bench.carry({add(owner, "ours")}) == Lines{"ok"});
    CHECK(bench.at(owner) == "\"ours\" bare");
  }
  SUBCASE("a set that is changed") {
    bench.meanwhile(bench.also(owner, "first"));
    bench.interrupted->before =
        once_before("POST /config-dns/v2/changelists/example.com/submit", [&] { return bench.also(owner, "second"); });
    CHECK(bench.carry({add(owner, "ours")}) == Lines{"ok"});
    CHECK(bench.at(owner) == "\"ours\" first second");
  }
  SUBCASE("a set that was ours alone, and goes") {
    REQUIRE(bench.carry({add(owner, "ours")}) == Lines{"ok"});
    bench.interrupted->before =
        once_before("POST /config-dns/v2/changelists/example.com/submit", [&] { return bench.also(owner, "theirs"); });
    CHECK(bench.carry({remove(owner, "ours")}) == Lines{"ok"});
    CHECK(bench.at(owner) == "theirs");
  }
}

TEST_CASE("Edge DNS: what others overwrite is written again") {
  Bench bench;
  std::string const owner = "a.example.com";
  // They read before we wrote, and write after: that takes our value away.
  std::string const theirs = dns::record_set_body(name(owner), {.ttl = 60, .rdata = {"theirs"}});
  int posts = 0;
  bench.interrupted->before = [&](std::string const& what) -> http::Task<> {
    if (what.starts_with("POST")) ++posts;
    bool const now = what.starts_with("GET") && posts == 1;
    if (now) ++posts;
    return [](Bench& on, bool run, std::string at, std::string body) -> http::Task<> {
      if (!run) co_return;
      int const status = co_await on.other("PUT", on.path(at), body);
      CHECK(status == 200);
    }(bench, now, owner, theirs);
  };
  CHECK(bench.carry({add(owner, "ours")}) == Lines{"ok"});
  CHECK(bench.at(owner) == "\"ours\" theirs");
}

TEST_CASE("Edge DNS: who writes against us for ever is told of") {
  Bench bench;
  std::string const owner = "a.example.com";
  bench.interrupted->before = [&](std::string const& what) -> http::Task<> {
    return [](Bench& on, bool run, std::string at) -> http::Task<> {
      if (!run) co_return;
      int const status = co_await on.other("DELETE", on.path(at));
      static_cast<void>(status);
    }(bench, what.starts_with("GET"), owner);
  };
  auto const told = bench.carry({add(owner, "ours")});
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "a.example.com is not as it was written, 6 times: others write to the zone example.com");
}

TEST_CASE("Edge DNS: a lost answer is settled by reading") {
  Bench bench;
  bool lost = false;
  bench.interrupted->lose = [&lost](std::string const& what) {
    bool const now = !lost && what.starts_with("POST");
    lost = lost || now;
    return now;
  };
  CHECK(bench.carry({add("a.example.com", "ours")}) == Lines{"ok"});
  CHECK(lost);
  CHECK(bench.sent().size() == 3);
  CHECK(bench.at("a.example.com") == R"("ours")");
}

TEST_CASE("Edge DNS: the same request again while the zone is locked, and not for ever") {
  Bench bench({.edge_write_time = 100ms});
  CHECK(bench.carry({add("a.example.com", "one"), add("b.example.com", "two")}) == Lines{"ok", "ok"});
  CHECK(bench.at("b.example.com") == R"("two")");
  Frozen const frozen;
  Bench locked({.edge_write_time = 1ms}, &frozen);
  locked.publisher.emplace(locked.loop, *locked.session, locked.random,
                           dns::EdgeOptions{.lock_tries = 3, .lock_pause = 1ms});
  REQUIRE(locked.also_now("POST", locked.path("z.example.com"),
                          dns::record_set_body(name("z.example.com"), {.ttl = 60, .rdata = {"z"}})) == 201);
  auto const told = locked.carry({add("a.example.com", "one")});
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "the zone example.com was being modified by others at 3 tries");
  std::string const post = "POST " + locked.path("a.example.com");
  CHECK(locked.sent() == Lines{"GET " + locked.path("a.example.com"), post, post, post});
}

TEST_CASE("Edge DNS: a change list that somebody has left open is not touched, and not in the way") {
  Bench bench;
  bench.meanwhile(bench.also("a.example.com", "theirs"));
  cps::Call call{.method = "POST", .path = "/changelists", .query = {{"zone", "example.com"}}};
  call.accept = "application/json";
  REQUIRE(bench.loop.run(bench.foreign->send(std::move(call))));
  CHECK(bench.carry({add("a.example.com", "ours"), remove("a.example.com", "theirs")}) == Lines{"ok", "ok"});
  CHECK(bench.at("a.example.com") == R"("ours")");
  CHECK(bench.also_now("GET", "/changelists/example.com") == 200);
  // It is stale now: the next publication replaces it.
  CHECK(bench.carry({remove("a.example.com", "ours")}) == Lines{"ok"});
  CHECK(bench.also_now("GET", "/changelists/example.com") == 404);
}

TEST_CASE("Edge DNS: a wish that cannot be carried does not keep the others") {
  Bench bench;
  auto const told = bench.carry({add("a.example.com", "a"), add("a.example.org", "a"), add("b.example.com", ""),
                                 add("b.example.com", std::string(256, 'b')), add("c.example.com", "c"),
                                 remove("c.example.com", "c"), add("d.example.com", "d")});
  REQUIRE(told.size() == 7);
  CHECK(told[0] == "ok");
  CHECK(told[1] == "a.example.org does not lie in the zone example.com");
  CHECK(told[2] == "the value for b.example.com has 0 bytes: a token has 1 to 255");
  CHECK(told[3] == "the value for b.example.com has 256 bytes: a token has 1 to 255");
  CHECK(told[4] == "ok");
  CHECK(told[5] == "the value at c.example.com is wanted by another publication");
  CHECK(told[6] == "ok");
  CHECK(bench.at("c.example.com") == R"("c")");
  CHECK(bench.also_now("GET", "/changelists/example.com") == 404);
}

TEST_CASE("Edge DNS: a set that is refused fails alone") {
  Bench bench;
  dns::EdgeOptions const wrong{.ttl = 1};  // less than Edge DNS takes
  bench.meanwhile(bench.also("a.example.com", "theirs"));
  bench.publisher.emplace(bench.loop, *bench.session, bench.random, wrong);
  for (auto const& more : {std::vector<dns::TxtChange>{}, {add("c.example.com", "c"), add("d.example.com", "d")}}) {
    std::vector<dns::TxtChange> wishes{add("a.example.com", "a"), add("b.example.com", "b")};
    wishes.insert(wishes.end(), more.begin(), more.end());
    auto const told = bench.carry(wishes);
    CHECK(told[0] == "ok");
    CHECK(told[1].find("answered with 400") != std::string::npos);
    CHECK(bench.at("a.example.com") == R"("a" theirs)");
    CHECK(bench.at("b.example.com") == "none");
    REQUIRE(bench.carry({remove("a.example.com", "a")}) == Lines{"ok"});
  }
}

TEST_CASE("Edge DNS: what is published is found by the CA, and the change goes on") {
  Bench bench({.complete_after = Duration(0), .inputs = sandbox::Inputs::wait, .tokens = sandbox::Tokens::checked});
  cps::Session session(bench.loop, *bench.client, bench.credentials(), system_clock(), bench.random, {.windows = {}});
  cps::Writer writer(session);
  cps::CreateRequest request{.subject = "www", .contract = "1-1TJZH5", .api_schema = "v11"};
  request.body = test::body("lets-encrypt", "dv", "");
  auto const created = bench.loop.run(writer.create(std::move(request)));
  REQUIRE_MESSAGE(created, created);
  cps::ChangeRef const ref{.subject = "www", .enrollment = created->enrollment, .change = created->changes.at(0)};
  cps::ChangeReader reader(session);
  auto const change = bench.loop.run(reader.change(ref));
  REQUIRE_MESSAGE(change, change);
  cps::Input const input = change->inputs.at(0);
  auto const info = bench.loop.run(reader.info(ref, input));
  REQUIRE_MESSAGE(info, info);
  std::vector<dns::TxtChange> wishes;
  for (auto const& domain : std::get<cps::Challenges>(*info).dv)
    for (auto const& challenge : domain.challenges)
      if (challenge.type == "dns-01") wishes.push_back(add(challenge.full_path, challenge.response_body));
  REQUIRE(wishes.size() == 2);
  CHECK(bench.carry(wishes) == Lines{"ok", "ok"});

  cps::ChangeWriter answers(session);
  cps::AnswerRequest answer{.ref = ref, .input = input, .answer = cps::Acknowledge{}};
  REQUIRE(bench.loop.run(answers.answer(std::move(answer))));
  auto const after = bench.loop.run(reader.change(ref));
  REQUIRE_MESSAGE(after, after);
  CHECK(after->status == "wait-ack-change-management");
}

TEST_CASE("Edge DNS: the zone of a name is the longest that the account has, asked for once") {
  Bench bench;
  auto const zone_of = [&](std::string const& of) {
    auto const found = bench.loop.run(bench.publisher->find_zone("1-2:3", name(of)));
    return found ? found->zone.shown() : describe(found.error());
  };
  CHECK(zone_of("_acme-challenge.a.sub.example.com") == "sub.example.com");
  CHECK(bench.sent().back() == "GET /zones/sub.example.com?accountSwitchKey=1-2%3A3");
  CHECK(zone_of("_acme-challenge.a.sub.example.com") == "sub.example.com");
  CHECK(bench.sent().empty());
  CHECK(zone_of("example.com") == "example.com");
  CHECK(zone_of("a.example.org") == "no zone of Edge DNS in this account has a.example.org");
  CHECK(bench.sent() == Lines{"GET /zones/example.com?accountSwitchKey=1-2%3A3",
                              "GET /zones/a.example.org?accountSwitchKey=1-2%3A3",
                              "GET /zones/example.org?accountSwitchKey=1-2%3A3"});
}

TEST_CASE("Edge DNS: a zone that does not exist, and credentials without a grant, say what to do") {
  Bench bench;
  dns::EdgeZone const where{.zone = name("example.org")};
  auto const results = bench.loop.run(bench.publisher->carry(where, {add("a.example.org", "a")}));
  REQUIRE_FALSE(results.at(0));
  CHECK(results[0].error().next.find("exists at Edge DNS") != std::string::npos);
}

TEST_CASE("Edge DNS: a budget of its own") {
  auto const options = dns::edge_session({.ledger_folder = "ledger"});
  CHECK(options.base_path == "/config-dns/v2");
  CHECK(options.ledger_folder == "ledger/edge-dns");
  CHECK(options.windows == std::vector<cps::Window>{{.requests = 10, .per = 1s}});
}

}  // namespace
