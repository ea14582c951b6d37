// Where CNAMEs are to lead, and what of what stands there is left over: decisions without a name server.
#include "cli/delegations.hpp"

#include "cli/leftovers.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using cpsctl::cli::Needs;
using cpsctl::cli::Place;

namespace {

dns::Name name(std::string const& text) {
  return dns::Name::parse(text).value();
}

std::string const token(43, 'a');
std::string const other(43, 'b');

state::Publication publication(std::string value, state::Medium medium = state::Medium::txt) {
  bool const txt = medium == state::Medium::txt;
  return {.name = "www",
          .change = 10,
          .publisher = "corp-dns",
          .domain = "www.example.com",
          .medium = medium,
          .at = txt ? "_acme-challenge.www.example.com." : "http://www.example.com/.well-known/acme-challenge/t",
          .target = txt ? "www.acme.test." : "",
          .value = std::move(value),
          .zone = txt ? "acme.test" : ""};
}

Place place(std::vector<std::string> values) {
  return {.target = "www.acme.test.", .zone = "acme.test", .domains = {"www.example.com"}, .values = std::move(values)};
}

/// "published a, found b", by the first letter of each value.
std::string told(plan::Publications const& published, std::vector<Place> const& places, Needs const& needs) {
  std::string text;
  for (report::LeftoverRow const& row : cli::leftovers(published, places, needs))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        row.origin == report::Origin::found ? "found" : "published", row.value.substr(0, 1));
  return text;
}

}  // namespace

TEST_CASE("delegations: each host name has a place of its own in the zone, whatever its length") {
  CHECK(cli::delegate("www.example.com", name("acme.test")).value().text() == "www.example.com.acme.test.");
  CHECK(cli::delegate("*.example.com", name("acme.test")).value().text() == "example.com.acme.test.");
  CHECK(cli::delegate("WWW.example.com", name("acme.test")).value().text() == "www.example.com.acme.test.");
  std::string const label(62, 'x');
  std::string const host = fmt::format("{0}.{0}.{0}.{0}", label);
  dns::Name const shortened = cli::delegate(host, name("acme.test")).value();
  CHECK(shortened.text().size() == 32 + std::string(".acme.test.").size());
  CHECK(shortened.lies_in(name("acme.test")));
  CHECK(cli::delegate("a" + host.substr(1), name("acme.test")).value() != shortened);
  CHECK_FALSE(cli::delegate("www..example.com", name("acme.test")));
}

TEST_CASE("delegations: right where somebody takes it, with a CNAME or without") {
  using enum report::DelegationStanding;
  dns::Target const plain{.name = name("_acme-challenge.www.example.com")};
  dns::Target const led{.name = name("www.acme.test"), .aliases = {plain.name}};
  CHECK(cli::standing_of(plain, true) == right);
  CHECK(cli::standing_of(led, true) == right);
  CHECK(cli::standing_of(plain, false) == missing);
  CHECK(cli::standing_of(led, false) == elsewhere);
}

TEST_CASE("leftovers: of what was published, what is not known to be gone") {
  plan::Publications const ended{.needless = {publication(token)}};
  CHECK(told(ended, {place({token})}, {}) == "published a");
  CHECK(told(ended, {place({other})}, {}) == "found b");
  CHECK(told(ended, {place({})}, {}).empty());
  CHECK(told(ended, {}, {}) == "published a");  // it could not be looked up
  CHECK(told({.needless = {publication("t.print", state::Medium::file)}}, {}, {}) == "published t");
}

TEST_CASE("leftovers: of what was found, no value that anybody may need") {
  std::vector<Place> const places{place({token, other, "v=spf1 -all"})};
  CHECK(told({}, places, {}) == "found a, found b");
  CHECK(told({}, places, {.values = {token}}) == "found b");
  CHECK(told({.needed = {publication(token)}}, places, {}) == "found b");
  CHECK(told({.shared = {publication(token)}}, places, {}) == "found b");
  CHECK(told({.unknown = {publication(token)}}, places, {}) == "found b");
  CHECK(told({.needless = {publication(token)}}, places, {.values = {token}}) == "found b");
  CHECK(told({}, places, {.open = {"www.acme.test."}}).empty());
  CHECK(told({}, places, {.open = {"api.acme.test."}}) == "found a, found b");
  CHECK(told({}, places, {.anywhere = true}).empty());
}
