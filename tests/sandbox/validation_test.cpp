#include "sandbox/validation.hpp"

#include "support_changes.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char const* challenges_done = "lets-encrypt-challenges-completed";
constexpr char const* waiting = "coordinate-domain-validation awaiting-input";

Behaviour checked() {
  return {.inputs = Inputs::wait, .tokens = Tokens::checked};
}

Found nothing(Probe const&) {
  return Found::nothing;
}
Found everything(Probe const&) {
  return Found::token;
}

/// A change of three names: www.example.com, a.example.com and b.example.com.
struct Validation3 {
  explicit Validation3(Behaviour behaviour) : bench(std::move(behaviour)) {
    REQUIRE(bench.post(dv_body).status == 202);
  }
  Bench bench;
  Pending change{bench};

  std::string body() const { return change.info("lets-encrypt-challenges", "dv-challenges", 2).body; }
  /// "validationStatus/number of challenges" of one name.
  std::string of(std::string const& name) const {
    std::string const shown = body();
    for (int i = 0; i < 3; ++i) {
      std::string const entry = fmt::format("/dv/{}", i);
      if (text_at(shown, entry + "/domain") == name)
        return text_at(shown, entry + "/validationStatus") + "/" +
               (at(shown, entry + "/challenges") == "[]" ? "0" : "2");
    }
    return "(absent)";
  }
  /// The values that DNS is to have.
  std::set<std::string> values() const {
    std::set<std::string> all;
    std::string const shown = body();
    for (int i = 0; i < 3; ++i)
      if (std::string const entry = fmt::format("/dv/{}/challenges/1/responseBody", i); at(shown, entry) != "(absent)")
        all.insert(text_at(shown, entry));
    return all;
  }
};

TEST_CASE("tokens: an acknowledgement proves nothing, it makes the sandbox look") {
  Validation3 v(checked());
  CHECK(v.bench.look(everything).empty());
  REQUIRE(v.change.acknowledge(challenges_done).status == 200);
  CHECK(v.change.stands() == waiting);
  CHECK(v.bench.look(nothing) == "a.example.com b.example.com www.example.com");
  CHECK(v.of("www.example.com") == "DATA_NOT_READY/2");
  CHECK(v.bench.look(everything).empty());

  REQUIRE(v.change.acknowledge(challenges_done).status == 200);
  v.bench.look([](Probe const& probe) { return probe.name == "b.example.com" ? Found::other : Found::token; });
  CHECK(v.change.stands() == waiting);
  CHECK(v.of("b.example.com") == "RESPONSE_ERROR/2");
  CHECK(v.of("a.example.com") == "VALIDATED/0");
  REQUIRE(v.change.acknowledge(challenges_done).status == 200);
  CHECK(v.bench.look(everything) == "b.example.com");
  CHECK(v.change.stands() == "404");
}

TEST_CASE("tokens: what is looked for is what the challenges say") {
  Validation3 v(checked());
  std::string const shown = v.body();
  v.bench.clock.pass(1min);
  auto const probes = v.bench.looks();
  REQUIRE(probes.size() == 3);
  CHECK(probes[0].name == text_at(shown, "/dv/0/domain"));
  CHECK(probes[0].dns.value == text_at(shown, "/dv/0/challenges/1/responseBody"));
  CHECK(probes[0].dns.name + "." == text_at(shown, "/dv/0/challenges/1/fullPath"));
  REQUIRE(probes[0].http);
  CHECK("http://" + probes[0].name + probes[0].http->path == text_at(shown, "/dv/0/challenges/0/fullPath"));
  CHECK(probes[0].http->redirect == text_at(shown, "/dv/0/challenges/0/redirectFullPath"));
  CHECK(probes[0].http->body == text_at(shown, "/dv/0/challenges/0/responseBody"));
}

TEST_CASE("tokens: looked for once in a while, also after a restart") {
  Behaviour behaviour = checked();
  behaviour.look_every = 10min;
  Validation3 v(behaviour);
  v.bench.clock.pass(10min - 1s);
  CHECK(v.bench.look(everything).empty());
  v.bench.clock.pass(1s);
  v.bench.look([](Probe const& probe) { return probe.name == "a.example.com" ? Found::token : Found::nothing; });
  v.bench.clock.pass(5min);
  v.bench.restart();
  CHECK(v.bench.look(everything).empty());
  v.bench.clock.pass(5min);
  CHECK(v.bench.look(everything) == "b.example.com www.example.com");
  CHECK(v.change.stands() == "404");
}

TEST_CASE("tokens: names may be validated in a trickle") {
  Behaviour behaviour = checked();
  behaviour.names_per_look = 1;
  Validation3 v(behaviour);
  v.bench.clock.pass(1min);
  v.bench.look(everything);
  CHECK(v.of("a.example.com") == "VALIDATED/0");
  CHECK(v.of("b.example.com") == "IN_PROGRESS/2");
  v.bench.clock.pass(1min);
  CHECK(v.bench.look(everything) == "b.example.com www.example.com");
  CHECK(v.change.stands() == waiting);
  v.bench.clock.pass(1min);
  v.bench.look(everything);
  CHECK(v.change.stands() == "404");
}

TEST_CASE("tokens: what is validated lapses when the others take too long, and is asked anew") {
  Behaviour behaviour = checked();
  behaviour.names_per_look = 1;
  behaviour.look_every = 1h;
  behaviour.proof_life = 90min;
  Validation3 v(behaviour);
  auto const first = v.values();
  v.bench.clock.pass(1h);
  v.bench.look(everything);
  v.bench.clock.pass(1h);
  v.bench.look(everything);
  CHECK(v.of("a.example.com") == "VALIDATED/0");
  CHECK(v.of("b.example.com") == "VALIDATED/0");
  v.bench.clock.pass(1h);
  CHECK(v.of("a.example.com") == "DATA_NOT_READY/2");
  auto const later = v.values();
  CHECK(later.size() == 2);
  CHECK(std::ranges::count_if(later, [&](std::string const& value) { return first.contains(value); }) == 1);
  CHECK(v.bench.look(everything) == "a.example.com www.example.com");
  CHECK(v.change.stands() == waiting);  // each time one is new, another one is over
  v.bench.behaviour.names_per_look = 0;
  v.bench.restart();
  v.bench.clock.pass(1h);
  v.bench.look(everything);
  CHECK(v.change.stands() == "404");
}

TEST_CASE("tokens: expired ones are not looked for, their successors are, and what was found of the old ones is void") {
  Behaviour behaviour = checked();
  behaviour.token_life = 1h;
  behaviour.look_every = 61min;
  Validation3 v(behaviour);
  auto const first = v.values();
  v.bench.clock.pass(61min);
  CHECK(v.of("www.example.com") == "EXPIRED/0");
  CHECK(v.bench.look(everything).empty());
  CHECK(v.change.stands() == waiting);
  v.bench.clock.pass(9min);
  auto const second = v.values();
  CHECK(second.size() == 3);
  CHECK(std::ranges::none_of(second, [&](std::string const& value) { return first.contains(value); }));
  REQUIRE(v.change.acknowledge(challenges_done).status == 200);
  auto probes = v.bench.looks();
  CHECK(probes.size() == 3);
  v.bench.clock.pass(70min);  // the look took so long that there are others again
  std::vector<Sight> late;
  for (Probe& probe : probes) late.push_back({.probe = std::move(probe), .found = Found::token});
  v.bench.take(late);
  CHECK(v.change.stands() == waiting);
  CHECK(v.of("www.example.com") == "DATA_NOT_READY/2");
}

TEST_CASE("tokens: names at Akamai validate alone, wildcards do not") {
  Behaviour behaviour = checked();
  behaviour.at_akamai = {"*.example.com"};
  {
    Validation3 v(behaviour);
    v.bench.clock.pass(1min);
    CHECK(v.bench.look(nothing).empty());
    CHECK(v.change.stands() == "404");
  }
  Bench bench(behaviour);
  REQUIRE(bench.post(with(dv_body, "/csr/sans", R"(["*.example.com"])")).status == 202);
  bench.clock.pass(1min);
  auto const probes = bench.looks();
  REQUIRE(probes.size() == 1);
  CHECK(probes[0].name == "*.example.com");
  CHECK(probes[0].dns.name == "_acme-challenge.example.com");
  CHECK_FALSE(probes[0].http);
}

TEST_CASE("tokens: believed ones are never looked for") {
  Validation3 v({.inputs = Inputs::wait});
  v.bench.clock.pass(24h);
  CHECK(v.bench.looks().empty());
  REQUIRE(v.change.acknowledge(challenges_done).status == 200);
  CHECK(v.change.stands() == "404");
}

TEST_CASE("tokens: a denied or cancelled change is not looked after") {
  Validation3 v(checked());
  v.bench.clock.pass(1min);
  SUBCASE("denied") {
    REQUIRE(v.change.acknowledge(challenges_done, "deny").status == 200);
  }
  SUBCASE("cancelled") {
    REQUIRE(v.bench.send({.method = "DELETE", .target = v.change.path(), .accept = type_of("change-id", 1)}).status ==
            200);
  }
  CHECK(v.bench.looks().empty());
}

}  // namespace
}  // namespace cpsctl::sandbox::test
