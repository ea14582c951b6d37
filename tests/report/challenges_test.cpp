#include "report/challenges.hpp"

#include "base/json.hpp"
#include "report/golden.hpp"
#include "schema/schema.hpp"

#include <sstream>

#include <doctest/doctest.h>

using namespace cpsctl;
using report::testing::golden;

namespace {

report::TokenRow row(std::string name, std::int64_t change, std::string domain, std::string value) {
  std::string const host = domain.starts_with("*.") ? domain.substr(2) : domain;
  return {.name = std::move(name),
          .id = 10'000 + change,
          .change = change,
          .token = {.domain = std::move(domain),
                    .name = "_acme-challenge." + host + ".",
                    .value = std::move(value),
                    .requested = parse_timestamp("2026-11-23T10:00:00Z").value(),
                    .expires = parse_timestamp("2026-11-30T10:00:00Z").value()}};
}

/// A wildcard and its base name with one record set, a file, a record that was looked up, another zone, and nothing.
report::Challenges some() {
  report::Challenges all{
      .tokens = {row("shop", 2, "shop.example.com", "AAA"), row("shop", 2, "*.shop.example.com", "BBB"),
                 row("shop", 2, "*.shop.example.com", "AAA"), row("site", 3, "www.example.net", "CCC")},
      .without = {{.name = "done", .change = 4, .reason = "the CA has validated all of its names"}}};
  report::TokenRow file = row("shop", 2, "shop.example.com", "t.print");
  file.token.kind = lifecycle::TokenKind::http;
  file.token.name.clear();
  file.token.url = "http://shop.example.com/.well-known/acme-challenge/t";
  file.token.redirect = "http://dcv.akamai.com/.well-known/acme-challenge/t";
  all.tokens.insert(all.tokens.begin() + 1, file);
  all.tokens[4].token.expires.reset();
  all.tokens[4].check = report::CheckRow{.target = "www.acme.example.net.",
                                         .aliases = {"_acme-challenge.www.example.net"},
                                         .zone = "acme.example.net",
                                         .servers = {{.server = "ns1.example.net",
                                                      .address = "192.0.2.1",
                                                      .has = "it",
                                                      .words = "ns1.example.net (192.0.2.1) has it"},
                                                     {.server = "ns2.example.net",
                                                      .address = "192.0.2.2",
                                                      .has = "nothing",
                                                      .words = "ns2.example.net (192.0.2.2) lacks it"}},
                                         .standing = "notYet",
                                         .reason = "ns2.example.net (192.0.2.2) lacks it",
                                         .dnssec = "bogus",
                                         .caa = "forbidden",
                                         .notes = {"CAA of example.net: 0 issue \"other.example\""}};
  return all;
}

/// What --leftovers and --delegations find.
report::Challenges found() {
  using enum report::DelegationStanding;
  return {.leftovers = {{.origin = report::Origin::published,
                         .name = "shop",
                         .change = 2,
                         .record = "shop.acme.example.net.",
                         .value = "AAA",
                         .zone = "acme.example.net",
                         .domains = {"shop.example.com"},
                         .publisher = "corp-dns"},
                        {.origin = report::Origin::published,
                         .name = "shop",
                         .change = 2,
                         .url = "http://shop.example.com/.well-known/acme-challenge/t",
                         .value = "t.print",
                         .domains = {"shop.example.com"},
                         .publisher = "site"},
                        {.record = "_acme-challenge.old.example.com.",
                         .value = "BBB",
                         .zone = "example.com",
                         .domains = {"old.example.com", "*.old.example.com"}}},
          .delegations = {{.names = {"shop"},
                           .domains = {"shop.example.com"},
                           .record = "_acme-challenge.shop.example.com.",
                           .standing = right,
                           .target = "shop.acme.example.net.",
                           .aliases = {"_acme-challenge.shop.example.com"},
                           .publisher = "corp-dns",
                           .zone = "acme.example.net"},
                          {.names = {"site", "www"},
                           .domains = {"www.example.com", "*.www.example.com"},
                           .record = "_acme-challenge.www.example.com.",
                           .standing = missing,
                           .target = "_acme-challenge.www.example.com.",
                           .publisher = "corp-dns",
                           .zone = "acme.example.net",
                           .cname = "www.example.com.acme.example.net."},
                          {.names = {"api"},
                           .domains = {"api.example.com"},
                           .record = "_acme-challenge.api.example.com.",
                           .standing = elsewhere,
                           .target = "api.example.org.",
                           .aliases = {"_acme-challenge.api.example.com", "hop.example.org"},
                           .publisher = "corp-dns",
                           .zone = "acme.example.net",
                           .cname = "api.example.com.acme.example.net."},
                          {.names = {"dark"},
                           .domains = {"dark.example.com"},
                           .record = "_acme-challenge.dark.example.com.",
                           .reason = "the resolver answers SERVFAIL"}}};
}

std::string as_text(report::Challenges const& challenges) {
  std::ostringstream out;
  report::challenges_text(challenges, {}, out);
  return out.str();
}

}  // namespace

TEST_CASE("challenges: the forms") {
  golden("challenges.txt", as_text(some()));
  golden("challenges.json", json::pretty(report::challenges_document(some())) + '\n');
  golden("challenges.zone", report::challenges_zone(some()));
  golden("challenges.nsupdate", report::challenges_nsupdate(some()));
  golden("challenges.octodns.yaml", report::challenges_octodns(some(), "example.com"));
}

TEST_CASE("challenges: the forms of leftovers and delegations") {
  golden("found.txt", as_text(found()));
  golden("found.json", json::pretty(report::challenges_document(found())) + '\n');
  golden("found.zone", report::challenges_zone(found()));
  golden("found.nsupdate", report::challenges_nsupdate(found()));
  golden("found.octodns.yaml", report::challenges_octodns(found(), "example.com"));
}

TEST_CASE("challenges: the document fits its schema") {
  auto const schema = schema::named("challenges.v1").value();
  CHECK(schema::check(report::challenges_document(some()), schema->root(), {.direction = schema::Direction::any})
            .empty());
  CHECK(schema::check(report::challenges_document(found()), schema->root(), {.direction = schema::Direction::any})
            .empty());
  CHECK(schema::check(report::challenges_document({}), schema->root(), {.direction = schema::Direction::any}).empty());
}

TEST_CASE("challenges: a zone takes what lies below it, and not what only ends alike") {
  std::string const token = "_acme-challenge.www.Example.com.";
  CHECK(report::lies_in(token, "example.com"));
  CHECK(report::lies_in(token, "EXAMPLE.com"));
  CHECK(report::lies_in(token, "www.example.com"));
  CHECK_FALSE(report::lies_in(token, "ample.com"));
  CHECK_FALSE(report::lies_in(token, "example.net"));
  CHECK(report::challenges_octodns(some(), "example.org") == "---\n{}\n");
  CHECK(report::challenges_octodns(some(), "shop.example.com") ==
        "---\n_acme-challenge:\n  type: TXT\n  ttl: 120\n  values:\n    - 'AAA'\n    - 'BBB'\n");
}
