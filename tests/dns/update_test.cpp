#include "dns/update.hpp"

#include "dns/names.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace names;
using program::says;

namespace {

/// What the primary says to a change by another key, or with another time.
Error refused(Bench& bench, std::string const& zone, std::string const& owner, std::string const& key_text,
              Clock const& clock = system_clock()) {
  dns::Rfc2136 const publisher{.zone = name(zone), .server = servers().primary(), .key = key(key_text)};
  std::vector<dns::TxtChange> changes;
  changes.push_back({.owner = name(owner), .value = "token"});
  auto const answer = bench.loop.run(dns::update(bench.network, clock, publisher, changes, bench.soon()));
  REQUIRE_FALSE(answer);
  return answer.error();
}

std::string writer_key() {
  return fmt::format("hmac-sha256:writer:{}", secret);
}

}  // namespace

TEST_CASE("update: one value comes and goes, and others stay") {
  Bench bench;
  REQUIRE(bench.values("www.acme.test") == "a colleague's");
  REQUIRE(bench.add("www.acme.test", "ours"));
  CHECK(bench.values("www.acme.test") == "a colleague's, ours");
  SUBCASE("a second time changes nothing") {
    REQUIRE(bench.add("www.acme.test", "ours"));
    CHECK(bench.values("www.acme.test") == "a colleague's, ours");
  }
  REQUIRE(bench.remove("www.acme.test", "ours"));
  CHECK(bench.values("www.acme.test") == "a colleague's");
  REQUIRE(bench.remove("www.acme.test", "ours"));
  CHECK(bench.values("www.acme.test") == "a colleague's");
}

TEST_CASE("update: a wildcard and its base name have two values in one record set, sent in one message") {
  Bench bench;
  std::vector<dns::TxtChange> changes;
  for (char const* const value : {"of the base", "of the wildcard"})
    changes.push_back({.owner = name("both.acme.test"), .value = value});
  auto const writer = bench.writer();
  REQUIRE(bench.loop.run(dns::update(bench.network, system_clock(), writer, changes, bench.soon())));
  CHECK(bench.values("both.acme.test") == "of the base, of the wildcard");
  auto const answer = bench.ask(servers().primary(), {.name = name("both.acme.test")});
  REQUIRE(answer);
  CHECK(answer->answers.front().ttl == 60);
}

TEST_CASE("update: more changes than one message holds") {
  Bench bench;
  std::vector<dns::TxtChange> changes;
  for (int i = 0; i < 250; ++i)
    changes.push_back({.owner = name(fmt::format("n{}.many.acme.test", i)), .value = std::string(255, 'x')});
  auto const writer = bench.writer();
  REQUIRE(bench.loop.run(dns::update(bench.network, system_clock(), writer, changes, bench.soon())));
  for (char const* const last : {"n0", "n99", "n100", "n249"})
    CHECK(bench.values(fmt::format("{}.many.acme.test", last)) == std::string(255, 'x'));
}

TEST_CASE("update: what cannot be sent is not sent") {
  Bench bench;
  auto const outside = bench.add("www.example.test", "x");
  REQUIRE_FALSE(outside);
  CHECK(outside.error().message == "www.example.test does not lie in the zone acme.test");
  for (std::size_t const size : {std::size_t{0}, std::size_t{256}})
    CHECK(bench.add("www.acme.test", std::string(size, 'x')).error().code == Errc::usage);
}

TEST_CASE("update: why a server refuses, in words") {
  Bench bench;
  std::string const server = servers().primary().text();
  SUBCASE("another secret") {
    auto const error = refused(bench, "acme.test", "www.acme.test", "hmac-sha256:writer:b3RoZXJvdGhlcm90aGVyb3RoZXI=");
    CHECK(error.message == server + " says BADSIG: it has another secret for the key writer");
    CHECK(error.code == Errc::unauthorized);
    CHECK(error.lasting);
  }
  SUBCASE("another name") {
    auto const error = refused(bench, "acme.test", "www.acme.test", fmt::format("hmac-sha256:unknown:{}", secret));
    CHECK(error.message == server + " says BADKEY: it has no key unknown, or has it with another algorithm");
  }
  SUBCASE("another algorithm") {
    auto const error = refused(bench, "acme.test", "www.acme.test", fmt::format("hmac-sha512:writer:{}", secret));
    CHECK(says(error.message, "says BADKEY"));
    CHECK(says(error.next, "name and algorithm"));
  }
  SUBCASE("a clock that is wrong") {
    Skewed const late(-1000s);
    auto const error = refused(bench, "acme.test", "www.acme.test", writer_key(), late);
    CHECK(says(error.message, "says BADTIME: its clock is 1000 s ahead of this machine's"));
    CHECK(error.next == "set the clocks: they may differ by 300 s at most");
  }
  SUBCASE("a key that may not") {
    auto const error = refused(bench, "acme.test", "www.acme.test", fmt::format("hmac-sha256:stranger:{}", secret));
    CHECK(error.message == server + " answers the update of acme.test with REFUSED: the key may not do this");
    CHECK(says(error.next, "let the key stranger change these TXT records"));
  }
  SUBCASE("a name that the policy leaves out") {
    CHECK(says(refused(bench, "acme.test", "acme.test", writer_key()).message, "REFUSED: the key may not do this"));
  }
  SUBCASE("another zone than the server's") {
    auto const error = refused(bench, "elsewhere.test", "www.elsewhere.test", writer_key());
    CHECK(error.message == server + " answers the update of elsewhere.test with NOTAUTH");
    CHECK(says(error.next, "name the primary server of the zone"));
  }
  SUBCASE("a zone that is cut elsewhere") {
    CHECK(says(refused(bench, "www.acme.test", "x.www.acme.test", writer_key()).message, "NOTAUTH"));
  }
  CHECK(bench.values("www.acme.test") == "a colleague's");
}

TEST_CASE("update: to a secondary, to nobody, to one that is silent") {
  Bench bench;
  bench.network.patience.tcp = 300ms;
  auto publisher = bench.writer();
  std::vector<dns::TxtChange> changes;
  changes.push_back({.owner = name("www.acme.test"), .value = "token"});
  publisher.server = servers().secondary_itself();
  auto const secondary = bench.loop.run(dns::update(bench.network, system_clock(), publisher, changes, bench.soon()));
  CHECK(says(secondary.error().next, "primary"));
  publisher.server = servers().nobody();
  auto const nobody = bench.loop.run(dns::update(bench.network, system_clock(), publisher, changes, bench.soon()));
  CHECK(nobody.error().code == Errc::unavailable);
  CHECK(nobody.error().reached == Reached::no);
  publisher.server = servers().silent();
  auto const silent = bench.loop.run(dns::update(bench.network, system_clock(), publisher, changes, bench.soon()));
  CHECK(silent.error().code == Errc::timeout);
  CHECK(silent.error().reached == Reached::unknown);
  CHECK(describe(nobody.error()).ends_with("Connection refused (while updating acme.test)"));
}

TEST_CASE("update: an answer that is not signed, or signed over another question, is none") {
  Bench bench;
  auto const writer = bench.writer();
  auto const now = system_clock().wall();
  std::vector<dns::TxtChange> changes;
  changes.push_back({.owner = name("www.acme.test"), .value = "again"});
  auto const question = dns::sign(dns::update_message(writer.zone, changes, 60, 7), writer.key, now);
  auto const answer = bench.loop.run(dns::exchange_tcp(bench.network, writer.server, question.bytes, bench.soon()));
  REQUIRE(answer);
  CHECK(dns::read_update_answer(*answer, writer, question.mac, now));
  auto const other = dns::read_update_answer(*answer, writer, "another mac", now);
  CHECK(other.error().code == Errc::protocol);
  CHECK(other.error().reached == Reached::unknown);
  auto bare = *answer;
  bare.resize(dns::read_message(*answer)->signature->at);
  bare[11] = 0;
  CHECK(says(dns::read_update_answer(bare, writer, question.mac, now).error().message, "not signed with the key"));
  auto changed = *answer;
  changed[3] = static_cast<char>(changed[3] ^ 0x10);
  CHECK_FALSE(dns::read_update_answer(changed, writer, question.mac, now));
  CHECK(says(dns::read_update_answer(*answer, writer, question.mac, now + 1h).error().message, "s apart"));
  REQUIRE(bench.remove("www.acme.test", "again"));
}
