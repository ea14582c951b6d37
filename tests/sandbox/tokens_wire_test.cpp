#include "base/text.hpp"
#include "dns/names.hpp"
#include "http/server.hpp"
#include "support_changes.hpp"
#include "support_server.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// Tokens that are looked for where they are published: in a real name server, and over HTTP.
namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char const* change_target = "/cps/v2/enrollments/10001/changes/10001";

/// A sandbox of one change whose names are given, over sockets.
struct Cps {
  Cps(Behaviour behaviour, std::string const& names) {
    behaviour.inputs = Inputs::wait;
    behaviour.tokens = Tokens::checked;
    ServerOptions options{.folder = folder.path, .behaviour = std::move(behaviour)};
    options.log = [this](std::string_view line) {
      std::scoped_lock const lock(mutex);
      if (line.ends_with(": token")) ++found;
      changed.notify_all();
    };
    server = Server::start(std::move(options)).value();
    std::string const wanted = with(with(dv_body, "/csr/cn", fmt::format("\"{}\"", names.substr(0, names.find(',')))),
                                    "/csr/sans", list_of(names));
    REQUIRE(send("POST", "/cps/v2/enrollments?contractId=C-1", wanted) == 202);
  }
  static std::string list_of(std::string const& names) {
    std::string list;
    for (auto const name : text::split(names, ',')) list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", name);
    return "[" + list + "]";
  }
  int send(std::string method, std::string target, std::string sent = "", std::string const& type = "") {
    auto request = signed_for(read_credentials(*server), std::move(method), std::move(target), std::move(sent));
    if (!type.empty()) request.headers.back().value = type;
    auto const answers = converse(*server, {std::move(request)});
    REQUIRE(answers.last);
    body = answers.last->body;
    return answers.last->status;
  }
  /// Acknowledges: the sandbox looks before it answers the next request. Does the change go on?
  bool passes() {
    REQUIRE(send("POST", std::string(change_target) + "/input/update/lets-encrypt-challenges-completed",
                 R"({"acknowledgement":"acknowledge"})", media_type("acknowledgement", 1)) == 200);
    return send("GET", change_target) == 404;
  }
  /// A member of a name's challenge: kind 0 is http-01 (wildcards have none), the last one dns-01.
  std::string of(std::string const& name, std::string const& what) {
    REQUIRE(send("GET", std::string(change_target) + "/input/info/lets-encrypt-challenges") == 200);
    for (int i = 0;; ++i) {
      std::string const entry = fmt::format("/dv/{}", i);
      if (text_at(body, entry + "/domain") == name) return text_at(body, entry + what);
    }
  }
  std::string value(std::string const& name) {
    return of(name, name.starts_with("*") ? "/challenges/0/responseBody" : "/challenges/1/responseBody");
  }

  Folder folder;
  std::string body;  ///< of the last answer
  std::mutex mutex;
  std::condition_variable changed;
  int found = 0;                   ///< tokens, so far
  std::unique_ptr<Server> server;  ///< goes first: its thread uses what is above
};

Behaviour asks(dns::Server const& server) {
  return {.dns = Place{.address = server.address, .port = server.port}};
}

TEST_CASE("dns-01: found at the name, and beside other values") {
  names::Bench bench;
  Cps cps(asks(names::servers().primary()), "one.acme.test,*.one.acme.test");
  CHECK_FALSE(cps.passes());
  CHECK(cps.of("one.acme.test", "/validationStatus") == "DATA_NOT_READY");
  REQUIRE(bench.add("_acme-challenge.one.acme.test", "another's"));
  CHECK_FALSE(cps.passes());
  CHECK(cps.of("one.acme.test", "/validationStatus") == "RESPONSE_ERROR");
  REQUIRE(bench.add("_acme-challenge.one.acme.test", cps.value("one.acme.test")));
  CHECK_FALSE(cps.passes());
  CHECK(cps.of("one.acme.test", "/validationStatus") == "VALIDATED");
  // Both names have one record set.
  REQUIRE(bench.add("_acme-challenge.one.acme.test", cps.value("*.one.acme.test")));
  CHECK(cps.passes());
}

TEST_CASE("dns-01: found at the end of CNAMEs, and not where they lead in a circle") {
  names::Bench bench;
  Cps cps(asks(names::servers().primary()), "far.example.test");
  REQUIRE(bench.add("far.acme.test", cps.value("far.example.test")));
  CHECK(cps.passes());
  Cps circle(asks(names::servers().primary()), "loop.example.test");
  CHECK_FALSE(circle.passes());
}

TEST_CASE("dns-01: found among more values than a datagram holds") {
  names::Bench bench;
  Cps cps(asks(names::servers().primary()), "many.acme.test");
  for (int i = 0; i < 12; ++i)
    REQUIRE(bench.add("_acme-challenge.many.acme.test", std::string(200, static_cast<char>('a' + i))));
  REQUIRE(bench.add("_acme-challenge.many.acme.test", cps.value("many.acme.test")));
  CHECK(cps.passes());
}

TEST_CASE("dns-01: a server that is silent, or not there, costs a few seconds") {
  for (auto const& server : {names::servers().silent(), names::servers().nobody()}) {
    CAPTURE(server.text());
    Cps cps(asks(server), "www.example.test");
    auto const begun = std::chrono::steady_clock::now();
    CHECK_FALSE(cps.passes());
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(cps.of("www.example.test", "/validationStatus") == "DATA_NOT_READY");
  }
}

/// Answers each request by a function of its path and its Host.
struct Web {
  explicit Web(std::function<std::string(std::string const& head)> answer)
      : server({}, {[answer = std::move(answer)](http::testing::Peer& peer) {
                 auto const head = peer.read_request();
                 if (!head.empty()) peer.write(answer(head));
               }}) {}
  Behaviour behaviour() const { return {.http = Place{.address = "127.0.0.1", .port = server.port()}}; }
  http::testing::Server server;
};

TEST_CASE("http-01: found at the name's path, by its Host") {
  std::mutex mutex;
  std::string body = "not yet";
  std::string seen;
  Web const web([&](std::string const& head) {
    std::scoped_lock const lock(mutex);
    seen = head;
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body + "\n";
  });
  Cps cps(web.behaviour(), "www.example.com");
  std::string const wanted = cps.of("www.example.com", "/challenges/0/responseBody");
  std::string const token = cps.of("www.example.com", "/challenges/0/token");
  CHECK_FALSE(cps.passes());
  CHECK(cps.of("www.example.com", "/validationStatus") == "RESPONSE_ERROR");
  {
    std::scoped_lock const lock(mutex);
    CHECK(seen.starts_with(fmt::format("GET /.well-known/acme-challenge/{} HTTP/1", token)));
    CHECK(seen.find("Host: www.example.com\r\n") != std::string::npos);
    body = wanted;
  }
  CHECK(cps.passes());
}

TEST_CASE("http-01: redirects to where Akamai serves the token count, and others are followed") {
  struct Case {
    char const* name;
    std::function<std::string(std::string const& head)> answer;
    bool passes;
  };
  auto const to = [](std::string const& where) {
    return fmt::format("HTTP/1.1 301 Moved\r\nLocation: {}\r\n\r\n", where);
  };
  auto const path = [](std::string const& head) { return head.substr(4, head.find(' ', 4) - 4); };
  std::vector<Case> const cases = {
      {"to Akamai", [&](auto const& head) { return to("http://dcv.akamai.com" + path(head)); }, true},
      {"to another host, and from there to Akamai",
       [&](auto const& head) {
         bool const there = head.find("Host: other.example.com") != std::string::npos;
         return to((there ? "http://dcv.akamai.com" : "http://other.example.com") + path(head));
       },
       true},
      {"in a circle", [&](auto const& head) { return to("http://www.example.com" + path(head)); }, false},
      {"to HTTPS", [&](auto const&) { return to("https://www.example.com/"); }, false},
      {"not found", [](auto const&) { return "HTTP/1.1 404 Not Found\r\n\r\n"; }, false},
      {"garbage", [](auto const&) { return "garbage"; }, false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.name);
    Web const web(c.answer);
    Cps cps(web.behaviour(), "www.example.com");
    CHECK(cps.passes() == c.passes);
  }
}

TEST_CASE("dns-01: found in the sandbox's own zones, and from there by CNAMEs in name servers") {
  names::Bench bench;
  Behaviour behaviour = asks(names::servers().primary());
  behaviour.edge_zones = {"example.com", "cdn.example.com"};
  Cps cps(behaviour, "www.example.com,*.www.example.com,far.cdn.example.com");
  auto const put = [&](std::string const& zone, std::string const& name, std::string const& type, std::string rdata) {
    std::string const path = fmt::format("/config-dns/v2/zones/{}/names/{}/types/{}", zone, name, type);
    return cps.send("POST", path,
                    fmt::format(R"({{"name":"{}","type":"{}","ttl":60,"rdata":[{}]}})", name, type, rdata),
                    "application/json");
  };
  std::string const one = cps.value("www.example.com");
  std::string const other = cps.value("*.www.example.com");
  REQUIRE(put("example.com", "_acme-challenge.www.example.com", "TXT",
              fmt::format(R"("\"{}\"","\"{}\" \"{}\"")", other, one.substr(0, 9), one.substr(9))) == 201);
  REQUIRE(put("cdn.example.com", "_acme-challenge.far.cdn.example.com", "CNAME", R"("hop.acme.test.")") == 201);
  CHECK_FALSE(cps.passes());
  CHECK(cps.of("www.example.com", "/validationStatus") == "VALIDATED");
  REQUIRE(bench.add("hop.acme.test", cps.value("far.cdn.example.com")));
  CHECK(cps.passes());
}

TEST_CASE("tokens: looked for also while nobody asks") {
  names::Bench bench;
  Behaviour behaviour = asks(names::servers().primary());
  behaviour.look_every = 1ms;
  Cps cps(behaviour, "idle.acme.test");
  std::string const published = cps.value("idle.acme.test");
  REQUIRE(bench.add("_acme-challenge.idle.acme.test", published));
  {
    std::unique_lock lock(cps.mutex);
    REQUIRE(cps.changed.wait_for(lock, 10s, [&] { return cps.found > 0; }));
  }
  REQUIRE(bench.remove("_acme-challenge.idle.acme.test", published));
  CHECK(cps.send("GET", change_target) == 404);
}

}  // namespace
}  // namespace cpsctl::sandbox::test
