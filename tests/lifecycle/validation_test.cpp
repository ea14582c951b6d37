#include "lifecycle/validation.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

TEST_CASE("awaited: names whose tokens can be published, each once, and since when") {
  auto const name = [](std::string domain, std::string status, std::string asked, bool challenged = true) {
    cps::DomainValidation one{
        .domain = std::move(domain), .validation_status = std::move(status), .request_timestamp = std::move(asked)};
    if (challenged) one.challenges = {{.type = "dns-01", .status = "pending"}};
    return one;
  };
  lifecycle::Awaited const some = lifecycle::awaited(
      {.dv = {name("b.example.com", "IN_PROGRESS", "2026-11-23T11:00:00Z"),
              name("a.example.com", "", "2026-11-23T10:00:00Z"),
              name("b.example.com", "IN_PROGRESS", "2026-11-23T09:00:00Z"),
              name("done.example.com", "VALIDATED", "2026-11-23T08:00:00Z"),
              name("old.example.com", "EXPIRED", "2026-11-23T08:00:00Z"), name("none.example.com", "", "", false)}});
  CHECK(some.names == std::vector<std::string>{"b.example.com", "a.example.com"});
  CHECK(some.since == parse_timestamp("2026-11-23T10:00:00Z").value());
  CHECK_FALSE(lifecycle::awaited({.dv = {name("a.example.com", "", "yesterday")}}).since);
  CHECK(lifecycle::awaited({}).names.empty());
}

TEST_CASE("tokens: what there is to publish of the names that are awaited, each once") {
  cps::Challenge const dns{.type = "dns-01",
                           .status = "pending",
                           .full_path = "_acme-challenge.www.example.com.",
                           .response_body = "abc-_1"};
  cps::Challenge const http{.type = "http-01",
                            .status = "pending",
                            .full_path = "http://www.example.com/.well-known/acme-challenge/t0-K_n",
                            .redirect_full_path = "http://dcv.akamai.com/.well-known/acme-challenge/t0-K_n",
                            .response_body = "t0-K_n.print"};
  cps::DomainValidation const www{.domain = "www.example.com",
                                  .validation_status = "IN_PROGRESS",
                                  .request_timestamp = "2026-11-23T10:00:00Z",
                                  .expires = "2026-11-30T10:00:00Z",
                                  .challenges = {dns, http, dns, {.type = "tls-alpn-01", .status = "pending"}}};
  cps::DomainValidation done = www;
  done.validation_status = "VALIDATED";
  auto const found = lifecycle::tokens({.dv = {done, www}});
  REQUIRE(found.tokens.size() == 2);
  CHECK(found.odd.empty());
  CHECK(found.tokens[0] == lifecycle::Token{.domain = "www.example.com",
                                            .kind = lifecycle::TokenKind::dns,
                                            .name = "_acme-challenge.www.example.com.",
                                            .value = "abc-_1",
                                            .requested = parse_timestamp("2026-11-23T10:00:00Z").value(),
                                            .expires = parse_timestamp("2026-11-30T10:00:00Z").value()});
  CHECK(found.tokens[1].kind == lifecycle::TokenKind::http);
  CHECK(found.tokens[1].url == http.full_path);
  CHECK(found.tokens[1].redirect == http.redirect_full_path);
  CHECK(found.tokens[1].value == "t0-K_n.print");

  cps::DomainValidation wildcard = www;
  wildcard.domain = "*.www.example.com";
  wildcard.challenges = {dns};
  CHECK(lifecycle::tokens({.dv = {wildcard}}).tokens.front().name == "_acme-challenge.www.example.com.");
}

TEST_CASE("tokens: what is none is named, and goes nowhere") {
  struct Case {
    char const* domain;
    char const* type;
    char const* path;
    char const* body;
  };
  for (Case const& one : {
           Case{"a.example.com", "dns-01", "_acme-challenge.b.example.com.", "abc"},
           Case{"a.example.com", "dns-01", "_acme-challenge.a.example.com.", "abc\" TXT \"x"},
           Case{"a.example.com", "dns-01", "_acme-challenge.a.example.com.", ""},
           Case{"a.example.com", "dns-01", "_acme-challenge.a.example.com.\nsend", "abc"},
           Case{"a\n.example.com", "dns-01", "_acme-challenge.a\n.example.com.", "abc"},
           Case{"a.example.com", "http-01", "http://b.example.com/.well-known/acme-challenge/t", "abc"},
           Case{"a.example.com", "http-01", "http://a.example.com/.well-known/acme-challenge/../t", "abc"},
           Case{"a.example.com", "http-01", "file:///etc/passwd", "abc"},
           Case{"*.example.com", "http-01", "http://example.com/.well-known/acme-challenge/t", "abc"},
           Case{"a.example.com", "http-01", "http://a.example.com/.well-known/acme-challenge/t", "<script>"},
       }) {
    CAPTURE(one.path);
    CAPTURE(one.body);
    auto const found = lifecycle::tokens(
        {.dv = {{.domain = one.domain,
                 .challenges = {
                     {.type = one.type, .status = "pending", .full_path = one.path, .response_body = one.body}}}}});
    CHECK(found.tokens.empty());
    REQUIRE(found.odd.size() == 1);
    CHECK(found.odd.front().find('\n') == std::string::npos);
  }
}
