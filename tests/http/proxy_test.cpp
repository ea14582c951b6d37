#include "http/client.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::http;

TEST_CASE("endpoint: hosts and ports") {
  struct Case {
    char const *text, *host;
    int port;
    char const* authority;
  };
  Case const cases[] = {
      {"Example.COM", "example.com", 443, "example.com"},
      {"h:8443", "h", 8443, "h:8443"},
      {"[::1]:5", "::1", 5, "[::1]:5"},
      {"::1", "::1", 443, "[::1]"},
      {"127.0.0.1:443", "127.0.0.1", 443, "127.0.0.1"},
  };
  for (Case const& c : cases) {
    auto const parsed = Endpoint::parse(c.text);
    REQUIRE_MESSAGE(parsed.has_value(), parsed);
    CHECK(parsed->host == c.host);
    CHECK(parsed->port == c.port);
    CHECK(parsed->authority() == c.authority);
  }
  for (char const* const wrong : {"", ":1", "h:", "h:0", "h:65536", "h:x", "a b", "[::1", "[x]", "[::1]x", "h/p"}) {
    CAPTURE(wrong);
    CHECK(!Endpoint::parse(wrong).has_value());
  }
}

TEST_CASE("proxy: HTTPS_PROXY and NO_PROXY") {
  struct Case {
    char const *title, *proxy, *none, *host;
    bool used;
  };
  Case const cases[] = {
      {"no proxy is set", "", "", "api.example.com", false},
      {"a proxy for all", "http://p:3128", "", "api.example.com", true},
      {"the host itself is exempt", "p:3128", "api.example.com", "api.example.com", false},
      {"a domain exempts what is below it", "p:3128", "example.com", "api.example.com", false},
      {"a dot exempts only what is below", "p:3128", ".example.com", "example.com", true},
      {"a name that merely ends alike", "p:3128", "ample.com", "example.com", true},
      {"spaces and capitals", "p:3128", "x, API.example.com ", "api.example.com", false},
      {"everything is exempt", "p:3128", "*", "api.example.com", false},
      {"another port", "p:3128", "api.example.com:8443", "api.example.com", true},
      {"an address", "p:3128", "10.0.0.1", "10.0.0.1", false},
      {"another address", "p:3128", "0.0.1", "10.0.0.1", true},
      {"loopback never goes through a proxy", "p:3128", "", "127.0.0.1", false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    std::map<std::string, std::string> const set = {{"https_proxy", c.proxy}, {"NO_PROXY", c.none}};
    auto const choice = choose_proxy({.host = c.host}, [&](std::string const& name) {
      auto const found = set.find(name);
      return found == set.end() ? std::nullopt : std::optional(found->second);
    });
    REQUIRE_MESSAGE(choice.has_value(), choice);
    CHECK(choice->proxy.has_value() == c.used);
  }
}

TEST_CASE("proxy: credentials come from the URL and stay out of messages") {
  auto const with = [](std::string const& url) {
    return choose_proxy({.host = "api.example.com"}, [&](std::string const& name) {
      return name == "HTTPS_PROXY" ? std::optional(url) : std::nullopt;
    });
  };
  auto const good = with("http://user:p%40ss@proxy:3128/");
  REQUIRE(good.has_value());
  CHECK(good->authorization == "Basic dXNlcjpwQHNz");
  CHECK(good->proxy->port == 3128);
  for (char const* const wrong : {"https://u:hidden@p", "socks5://u:hidden@p", "http://u:hidden@p:x"}) {
    auto const bad = with(wrong);
    REQUIRE(!bad.has_value());
    CHECK(bad.error().code == Errc::usage);
    CHECK((bad.error().message + bad.error().next).find("hidden") == std::string::npos);
  }
}
