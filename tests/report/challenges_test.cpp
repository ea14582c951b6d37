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

TEST_CASE("challenges: the document fits its schema") {
  auto const schema = schema::named("challenges.v1").value();
  CHECK(schema::check(report::challenges_document(some()), schema->root(), {.direction = schema::Direction::any})
            .empty());
  CHECK(schema::check(report::challenges_document({}), schema->root(), {.direction = schema::Direction::any}).empty());
}

TEST_CASE("challenges: a zone takes what lies below it, and not what only ends alike") {
  lifecycle::Token const token{.name = "_acme-challenge.www.Example.com."};
  CHECK(report::lies_in(token, "example.com"));
  CHECK(report::lies_in(token, "EXAMPLE.com"));
  CHECK(report::lies_in(token, "www.example.com"));
  CHECK_FALSE(report::lies_in(token, "ample.com"));
  CHECK_FALSE(report::lies_in(token, "example.net"));
  CHECK(report::challenges_octodns(some(), "example.org") == "---\n{}\n");
  CHECK(report::challenges_octodns(some(), "shop.example.com") ==
        "---\n_acme-challenge:\n  type: TXT\n  ttl: 120\n  values:\n    - 'AAA'\n    - 'BBB'\n");
}
