#include "dns/check.hpp"

#include "dns/names.hpp"
#include "dns/target.hpp"

#include <algorithm>

#include <boost/describe.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace names;
using program::says;

namespace {

template <class E>
std::string word(E value) {
  return boost::describe::enum_to_string(value, "?");
}

/// "published", or "not_yet: reason".
std::string told(dns::Verdict const& verdict) {
  return word(verdict.standing) + (verdict.reason.empty() ? "" : ": " + verdict.reason);
}

/// Authority, look and verdict of a value.
std::string standing(Bench& bench, std::string const& owner, std::string const& value) {
  auto const authority = bench.loop.run(dns::find_authority(bench.network, name(owner), bench.soon()));
  REQUIRE(authority);
  return told(dns::judge(bench.loop.run(dns::look(bench.network, *authority, name(owner), value, bench.soon()))));
}

}  // namespace

TEST_CASE("target: CNAMEs are followed to where the value belongs") {
  Bench bench;
  auto const way_of = [&bench](std::string const& host) {
    auto const target = bench.loop.run(dns::follow(bench.network, *dns::challenge_name(host), bench.soon()));
    return target ? dns::way(*target) : describe(target.error());
  };
  CHECK(way_of("www.example.test") == "_acme-challenge.www.example.test -> www.acme.test");
  CHECK(way_of("*.www.example.test") == way_of("www.example.test"));
  CHECK(way_of("far.example.test") == "_acme-challenge.far.example.test -> hop.example.test -> far.acme.test");
  CHECK(way_of("new.example.test") == "_acme-challenge.new.example.test");
  CHECK(way_of("loop.example.test") ==
        "the CNAMEs go in a circle: _acme-challenge.loop.example.test -> round.example.test -> "
        "_acme-challenge.loop.example.test");
  CHECK(says(way_of("www.lost.test"), "the resolver answers SERVFAIL (while following the CNAMEs of"));
  auto const long_one = bench.loop.run(dns::follow(bench.network, name("chain0.example.test"), bench.soon()));
  CHECK(says(long_one.error().message, "the CNAMEs are too many: chain0.example.test -> chain1"));
  bench.network.resolvers = {servers().silent(), servers().resolver()};
  bench.network.patience = {.first = 50ms, .tries = 1};
  CHECK(way_of("far.example.test") == "_acme-challenge.far.example.test -> hop.example.test -> far.acme.test");
  bench.network.resolvers = {};
  CHECK(says(way_of("www.example.test"), "no resolver is known"));
}

TEST_CASE("authority: the zone of a name, and all its servers") {
  Bench bench;
  auto const of = [&bench](std::string const& owner) {
    auto const found = bench.loop.run(dns::find_authority(bench.network, name(owner), bench.soon()));
    if (!found) return describe(found.error());
    std::string out = found->zone.shown() + ":";
    for (auto const& one : found->servers) out += " " + one.text();
    for (auto const& one : found->without_address) out += " " + one.shown() + "?";
    return out;
  };
  std::string const both = " ns1.example.test (127.0.0.1) ns2.example.test (127.0.0.2)";
  CHECK(of("acme.test") == "acme.test:" + both);
  CHECK(of("not.there.yet.acme.test") == "acme.test:" + both);
  CHECK(of("_acme-challenge.www.half.test") == "half.test:" + both);
  CHECK(of("six.test") == "six.test: ns.six.test (127.0.0.1) ns.six.test (::1) nowhere.half.test?");
  CHECK(says(of("www.lost.test"), "the resolver answers SERVFAIL"));
}

TEST_CASE("check: published when every server has it, and not before") {
  Bench bench;
  REQUIRE(bench.add("lag.acme.test", "token"));
  CHECK(standing(bench, "lag.acme.test", "token") ==
        "not_yet: ns2.example.test (127.0.0.2) says that the name does not exist");
  servers().transfer(name("lag.acme.test"), "token");
  CHECK(standing(bench, "lag.acme.test", "token") == "published");
  REQUIRE(bench.add("lag.acme.test", "a second one"));
  CHECK(standing(bench, "lag.acme.test", "a second one") == "not_yet: ns2.example.test (127.0.0.2) has other values");
  CHECK(standing(bench, "lag.acme.test", "token") == "published");
}

TEST_CASE("check: servers that cannot be asked") {
  Bench bench;
  bench.network.patience = {.first = 100ms, .tries = 2};
  CHECK(standing(bench, "www.half.test", "here") == "unconfirmed: ns2.example.test (127.0.0.2) refuses to answer");
  CHECK(standing(bench, "www.half.test", "gone") ==
        "not_yet: ns1.example.test (127.0.0.1) has other values; ns2.example.test (127.0.0.2) refuses to answer");
  CHECK(standing(bench, "www.quiet.test", "here") == "unconfirmed: ns9.quiet.test (127.0.0.9) does not answer");
  dns::Authority lost{.zone = name("lost.test")};
  for (auto const& server : {servers().primary(), servers().secondary()})
    lost.servers.push_back({.name = name("ns.lost.test"), .server = server});
  auto const sights = bench.loop.run(dns::look(bench.network, lost, name("www.lost.test"), "x", bench.soon()));
  CHECK(std::ranges::all_of(sights, [](dns::Sight const& one) { return one.has == dns::Has::servfail; }));
  CHECK(dns::judge(sights).standing == dns::Standing::failed);
  lost.servers = {{.name = name("ns.lost.test"), .server = servers().resolver()}};
  auto const resolver = bench.loop.run(dns::look(bench.network, lost, name("www.acme.test"), "x", bench.soon()));
  CHECK(resolver.front().has == dns::Has::lame);
}

TEST_CASE("check: the verdict over what servers have") {
  using enum dns::Has;
  struct Case {
    char const* title;
    std::vector<dns::Has> has;
    dns::Standing standing;
  };
  Case const cases[] = {
      {"all have it", {it, it}, dns::Standing::published},
      {"one has not even the name", {it, nxdomain}, dns::Standing::not_yet},
      {"one has no TXT record", {it, nothing, silent}, dns::Standing::not_yet},
      {"one is silent", {it, silent}, dns::Standing::unconfirmed},
      {"one refuses", {it, refused}, dns::Standing::unconfirmed},
      {"one is no server of the zone", {it, lame}, dns::Standing::unconfirmed},
      {"nobody can be asked from here", {silent, silent}, dns::Standing::unconfirmed},
      {"nobody serves the zone", {refused, servfail, garbage}, dns::Standing::failed},
      {"there is nobody", {}, dns::Standing::failed},
  };
  for (Case const& c : cases) SUBCASE(c.title) {
      std::vector<dns::Sight> sights;
      for (auto const has : c.has) sights.push_back({.has = has, .words = "x"});
      auto const verdict = dns::judge(sights);
      CHECK(verdict.standing == c.standing);
      CHECK(verdict.reason.empty() == (c.standing == dns::Standing::published));
    }
}

TEST_CASE("dnssec: a validating resolver tells a broken chain from a missing one") {
  Bench bench;
  auto const of = [&bench](std::string const& owner) {
    return word(bench.loop.run(dns::check_dnssec(bench.network, servers().resolver(), name(owner), bench.soon())));
  };
  CHECK(of("www.signed.test") == "secure");
  CHECK(of("not-there.signed.test") == "secure");
  CHECK(of("www.half.test") == "unsigned_");
  CHECK(of("www.broken.test") == "bogus");
  CHECK(of("www.lost.test") == "unknown");
  // The authoritative servers see nothing of it: that is why it is asked.
  dns::Authority const broken{.zone = name("broken.test"), .servers = {{.server = servers().primary()}}};
  auto const sights = bench.loop.run(dns::look(bench.network, broken, name("www.broken.test"), "here", bench.soon()));
  CHECK(dns::judge(sights).standing == dns::Standing::published);
}

TEST_CASE("CAA: climbing to the first records, through a CNAME too") {
  Bench bench;
  auto const of = [&bench](std::string const& host) {
    auto const verdict = bench.loop.run(dns::check_caa(bench.network, host, "letsencrypt.org", bench.soon()));
    if (!verdict) return describe(verdict.error());
    return word(verdict->issuance) + fmt::format(": {}", fmt::join(verdict->notes, "; "));
  };
  CHECK(of("a.b.ours.example.test") ==
        "allowed: ours.example.test CAA issue \"letsencrypt.org; accounturi=https://ca.example/acct/1\": accounturi "
        "binds the CA further");
  CHECK(of("*.theirs.example.test") == "forbidden: theirs.example.test CAA issue \"other-ca.example\"");
  CHECK(says(of("alias.example.test"), "forbidden"));
  CHECK(says(of("www.lost.test"), "the resolver answers SERVFAIL (while looking for CAA records of www.lost.test)"));
}

TEST_CASE("CAA: what records say") {
  using Records = std::vector<dns::Caa>;
  struct Case {
    char const* title;
    Records records;
    dns::Wildcard wildcard;
    dns::Issuance issuance;
  };
  using enum dns::Issuance;
  constexpr auto plain = dns::Wildcard::no;
  constexpr auto wild = dns::Wildcard::yes;
  dns::Caa const ours{.tag = "issue", .value = " LetsEncrypt.org. ; validationmethods=dns-01"};
  dns::Caa const theirs{.tag = "issue", .value = "other.example"};
  dns::Caa const nobody{.tag = "issue", .value = ";"};
  dns::Caa const no_wild{.tag = "issuewild", .value = ";"};
  Case const cases[] = {
      {"no records", {}, plain, none},
      {"only whom to tell", {{.tag = "iodef", .value = "mailto:a@b.example"}}, plain, none},
      {"it is named, beside another", {theirs, ours}, plain, allowed},
      {"another is named", {theirs}, plain, forbidden},
      {"nobody may", {nobody}, plain, forbidden},
      {"a wildcard goes by issue when nothing else is said", {ours}, wild, allowed},
      {"a wildcard goes by issuewild alone", {ours, no_wild}, wild, forbidden},
      {"issuewild is nothing to other names", {no_wild}, plain, none},
      {"critical and unknown", {ours, {.critical = true, .tag = "tbs"}}, plain, forbidden},
      {"unknown", {ours, {.tag = "tbs"}}, plain, allowed},
  };
  for (Case const& c : cases) SUBCASE(c.title) {
      CHECK(dns::judge_caa(name("example.test"), c.records, "letsencrypt.org", c.wildcard).issuance == c.issuance);
    }
}
