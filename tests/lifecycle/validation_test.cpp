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
