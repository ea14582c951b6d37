#include "http/client.hpp"

#include "server.hpp"

#include <filesystem>
#include <future>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <unistd.h>

using namespace cpsctl;
using namespace cpsctl::http;
using namespace cpsctl::http::testing;
using namespace std::chrono_literals;

namespace {

/// The test's authority, and a server certificate of it for localhost and 127.0.0.1.
struct World {
  Identity authority, server, elsewhere, expired, lonely;
  std::string ca_file;
  World() {
    make_identity(authority, {.authority = true});
    make_identity(server, {.issuer = &authority});
    make_identity(elsewhere, {.alternative_names = "DNS:other.example", .issuer = &authority});
    make_identity(expired, {.valid_from = -7200, .valid_until = -3600, .issuer = &authority});
    make_identity(lonely, {});
    ca_file =
        write_pem(authority, std::filesystem::temp_directory_path() / fmt::format("cpsctl-http-{}-ca.pem", ::getpid()));
  }
  ~World() { std::filesystem::remove(ca_file); }
};

World& world() {
  static World the_world;
  return the_world;
}

Script const forever = [](Peer& peer) {
  while (!peer.read_request().empty()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
};

/// Reads one request, says `bytes` and closes, properly or by cutting the stream.
Script says(std::string bytes, bool properly = true) {
  return [bytes = std::move(bytes), properly](Peer& peer) {
    peer.read_request();
    peer.write(bytes);
    if (properly) peer.say_goodbye();
  };
}

Script const silent = [](Peer& peer) { peer.wait_for_close(); };
Script const closes = [](Peer&) {};

ClientOptions to(std::uint16_t port, std::string host = "localhost") {
  return {.endpoint = {.host = std::move(host), .port = port}, .ca_file = world().ca_file, .connect_timeout = 5s};
}

Result<Response> ask(ClientOptions options, Request request = {}, SendOptions sending = {}) {
  Loop loop;
  auto const client = Client::open(loop, std::move(options));
  if (!client) return client.error();
  return loop.run((*client)->send(std::move(request), std::move(sending)));
}

}  // namespace

TEST_CASE("client: kept connections serve one request after the other") {
  Server const server({.identity = &world().server}, {forever});
  for (char const* const host : {"localhost", "127.0.0.1"}) {
    Loop loop;
    auto const client = Client::open(loop, to(server.port(), host));
    REQUIRE(client.has_value());
    int const before = server.connections();
    for (int i = 0; i < 5; ++i) {
      auto const answer = loop.run((*client)->send({.method = i == 2 ? "POST" : "GET", .body = i == 2 ? "x" : ""}, {}));
      REQUIRE_MESSAGE(answer.has_value(), answer);
      CHECK(answer->status == 200);
      CHECK(answer->body == "ok");
    }
    CHECK(server.connections() == before + 1);
  }
}

TEST_CASE("client: parallel requests share at most `connections` connections") {
  Server const server({.identity = &world().server}, {forever});
  Loop loop;
  ClientOptions options = to(server.port());
  options.connections = 3;
  auto const client = Client::open(loop, std::move(options));
  int done = 0;
  auto const one = [](Client& through, int& count) -> Task<> {
    auto const answer = co_await through.send(Request(), SendOptions());
    count += answer.has_value() ? 1 : 0;
  };
  for (int i = 0; i < 20; ++i) loop.spawn(one(**client, done));
  loop.run();
  CHECK(done == 20);
  CHECK(server.connections() == 3);
}

TEST_CASE("client: answers that are values") {
  struct Case {
    char const* title;
    std::string bytes;
    int status;
    std::string body;
    char const* method = "GET";
  };
  Case const cases[] = {
      {"an error status", "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", 404, "no!"},
      {"a redirect is not followed", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, ""},
      {"chunks with trailers",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n", 200,
       "abcde"},
      {"interim answers are skipped",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 202 "
       "Accepted\r\nContent-Length: 1\r\n\r\na",
       202, "a"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304, ""},
      {"the answer to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 200, "", "HEAD"},
      {"a body that ends with the stream", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Server const server({.identity = &world().server}, {says(c.bytes)});
    auto const answer = ask(to(server.port()), {.method = c.method});
    REQUIRE_MESSAGE(answer.has_value(), answer);
    CHECK(answer->status == c.status);
    CHECK(answer->body == c.body);
    CHECK(answer->header("X-T").empty());
  }
}

TEST_CASE("client: answers that are errors") {
  struct Case {
    char const* title;
    Script script;
    Errc code;
    char const* message;
  };
  std::string const host = "localhost";
  Case const cases[] = {
      {"garbage", says("SSH-2.0-OpenSSH\r\n\r\n"), Errc::protocol, "answered with something that is not HTTP"},
      {"a bad chunk", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Errc::protocol, "not HTTP"},
      {"a short body", says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), Errc::protocol,
       "closed the connection after 3 of 10 bytes of the body"},
      {"a cut body without a length", says("HTTP/1.1 200 OK\r\n\r\nabc", false), Errc::protocol,
       "closed the connection after 3 bytes of the body, before its end"},
      {"half a header", says("HTTP/1.1 200 OK\r\nContent-"), Errc::protocol, "in the middle of the header"},
      {"nothing", says(""), Errc::unavailable, "closed the connection before it answered"},
      {"a cut connection", closes, Errc::unavailable, "closed the connection before it answered"},
      {"an announced giant", says("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"), Errc::protocol,
       "announces a body of 2000 bytes, more than the 1000 bytes allowed"},
      {"a giant in chunks",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
         while (peer.write("10\r\n0123456789abcdef\r\n")) {
         }
       },
       Errc::protocol, "longer than the 1000 bytes allowed"},
      {"an endless header",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 200 OK\r\n");
         while (peer.write("X-More: 0123456789abcdef\r\n")) {
         }
       },
       Errc::protocol, "the header of the answer of"},
      {"endless interim answers",
       [](Peer& peer) {
         peer.read_request();
         while (peer.write("HTTP/1.1 100 Continue\r\n\r\n")) {
         }
       },
       Errc::protocol, "interim answers without end"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Server const server({.identity = &world().server}, {c.script});
    auto const answer = ask(to(server.port()), {.method = "POST", .body = "{}"}, {.timeout = 10s, .max_body = 1000});
    REQUIRE(!answer.has_value());
    CHECK(answer.error().code == c.code);
    CHECK_MESSAGE(answer.error().message.find(c.message) != std::string::npos, answer.error());
    CHECK(answer.error().reached == Reached::unknown);
  }
}

TEST_CASE("client: an error whose head has come is a value, whatever becomes of its body") {
  struct Case {
    char const* title;
    Script script;
    int status;
    std::string body;
  };
  std::string const limited = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2000\r\n\r\n";
  std::string const chunked = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n";
  Case const cases[] = {
      {"cut properly", says("HTTP/1.1 409 Conflict\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nabc"), 409, "abc"},
      {"cut on the way", says("HTTP/1.1 409 Conflict\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nabc", false), 409,
       "abc"},
      {"nothing of it", says("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\n", false), 429, ""},
      {"cut without a length", says("HTTP/1.1 500 Oh\r\nRetry-After: 7\r\n\r\nabc", false), 500, "abc"},
      {"a bad chunk", says(chunked + "3\r\nabc\r\nzz\r\n"), 503, "abc"},
      {"an announced giant", says(limited), 429, ""},
      {"a giant in chunks",
       [chunked](Peer& peer) {
         peer.read_request();
         peer.write(chunked + "3\r\nabc\r\n");
         while (peer.write("400\r\n" + std::string(1024, 'x') + "\r\n")) {
         }
       },
       503, "abc"},
      {"one that never ends",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nabc");
         peer.wait_for_close();
       },
       429, "abc"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Server const server({.identity = &world().server}, {c.script, forever});
    Loop loop;
    auto const client = Client::open(loop, to(server.port()));
    SendOptions const how{.timeout = 300ms, .max_body = 1000};
    auto const answer = loop.run((*client)->send({.method = "POST", .body = "{}"}, how));
    REQUIRE_MESSAGE(answer.has_value(), answer);
    CHECK(answer->status == c.status);
    CHECK(answer->body.substr(0, 3) == c.body);
    CHECK(answer->header("Retry-After") == "7");
    CHECK(answer->cut);
    auto const next = loop.run((*client)->send({}, {}));
    REQUIRE_MESSAGE(next.has_value(), next);
    CHECK(!next->cut);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE(
    "client: a 2xx or a redirect without the whole of its body, an error without the whole of its head, is lost") {
  char const* const cases[] = {
      "HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nabc",
      "HTTP/1.1 302 Found\r\nContent-Length: 10\r\n\r\nabc",
      "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 10\r\n",
      "HTTP/1.1 429 Too Many Requests\r\nContent-Length: x\r\n\r\n",
  };
  for (char const* const bytes : cases) {
    CAPTURE(bytes);
    Server const server({.identity = &world().server}, {says(bytes)});
    auto const answer = ask(to(server.port()), {.method = "POST", .body = "{}"});
    REQUIRE(!answer.has_value());
    CHECK(answer.error().reached == Reached::unknown);
  }
}

TEST_CASE("client: a server that cannot be trusted or reached gets no request") {
  struct Case {
    char const* title;
    ServerOptions server;
    char const* host;
    Errc code;
    char const* message;
  };
  Case const cases[] = {
      {"another name",
       {.identity = &world().elsewhere},
       "localhost",
       Errc::unavailable,
       "has a certificate for other.example"},
      {"another name than the address",
       {.identity = &world().elsewhere},
       "127.0.0.1",
       Errc::unavailable,
       "has a certificate for other.example"},
      {"expired", {.identity = &world().expired}, "localhost", Errc::unavailable, "has expired on 20"},
      {"self-signed",
       {.identity = &world().lonely},
       "localhost",
       Errc::unavailable,
       "is not trusted: self-signed certificate"},
      {"TLS 1.1 at most",
       {.identity = &world().server, .newest_tls = TLS1_1_VERSION},
       "localhost",
       Errc::unavailable,
       "offers no TLS 1.2 or later"},
      {"an unresolvable name",
       {.identity = &world().server},
       "nowhere.invalid",
       Errc::unavailable,
       "looking up the address of nowhere.invalid failed"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Server const server(c.server, {forever});
    auto const answer = ask(to(server.port(), c.host));
    REQUIRE(!answer.has_value());
    CHECK(answer.error().code == c.code);
    CHECK_MESSAGE(answer.error().message.find(c.message) != std::string::npos, answer.error());
    CHECK(answer.error().reached == Reached::no);
    CHECK(!answer.error().next.empty());
  }
}

TEST_CASE("client: a server without TLS, a closed port") {
  Server const plain({}, {[](Peer& peer) {
                       peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
                       peer.wait_for_close();
                     }});
  auto const answer = ask(to(plain.port()));
  REQUIRE(!answer.has_value());
  CHECK_MESSAGE(answer.error().message.find("does not speak TLS") != std::string::npos, answer.error());
  std::uint16_t port = 0;
  { port = Server({}, {closes}).port(); }
  auto const refused = ask(to(port));
  REQUIRE(!refused.has_value());
  CHECK_MESSAGE(refused.error().message.find("Connection refused") != std::string::npos, refused.error());
  CHECK(refused.error().reached == Reached::no);
}

TEST_CASE("client: time limits") {
  Server const server({.identity = &world().server}, {silent});
  auto const slow = ask(to(server.port()), {}, {.timeout = 100ms});
  REQUIRE(!slow.has_value());
  CHECK(slow.error().code == Errc::timeout);
  CHECK_MESSAGE(slow.error().message.find("took longer than 100 ms") != std::string::npos, slow.error());
  CHECK(slow.error().reached == Reached::unknown);
  auto const ended = ask(to(server.port()), {}, {.deadline = system_clock().steady() + 50ms});
  REQUIRE(!ended.has_value());
  CHECK_MESSAGE(ended.error().message.find("deadline of the run") != std::string::npos, ended.error());
  Server const mute({}, {silent});  // accepts, and never answers the handshake
  ClientOptions options = to(mute.port());
  options.connect_timeout = 100ms;
  auto const unconnected = ask(std::move(options));
  REQUIRE(!unconnected.has_value());
  CHECK(unconnected.error().code == Errc::timeout);
  CHECK(unconnected.error().reached == Reached::no);
}

TEST_CASE("client: what is over before a byte was sent is not sent any more") {
  Server const server({.identity = &world().server}, {forever});
  Loop loop;
  auto const client = Client::open(loop, to(server.port()));
  REQUIRE(loop.run((*client)->send({}, {})).has_value());
  SendOptions late{.timeout = 1s, .begun = system_clock().steady() - 2s};
  auto const kept = loop.run((*client)->send({.method = "POST"}, late));  // on the connection that is open
  REQUIRE(!kept);
  CHECK(kept.error().code == Errc::timeout);
  CHECK(kept.error().reached == Reached::no);
  CHECK_MESSAGE(kept.error().message.find("took longer than 1 s") != std::string::npos, kept.error());
  auto const fresh = ask(to(server.port()), {.method = "POST"}, late);
  REQUIRE(!fresh);
  CHECK(fresh.error().code == Errc::timeout);
  CHECK(fresh.error().reached == Reached::no);
  CHECK(loop.run((*client)->send({}, {})).has_value());
}

TEST_CASE("client: a machine that slept does not send what others take as over") {
  Server const server({.identity = &world().server}, {forever});
  Loop loop;
  auto const client = Client::open(loop, to(server.port()));
  WallTime const now = system_clock().wall();
  SendOptions const in_time{.begun = system_clock().steady(), .ends_by = now + 60s};
  SendOptions const late{.begun = system_clock().steady(), .ends_by = now - 1ms};
  REQUIRE(loop.run((*client)->send({.method = "POST"}, in_time)).has_value());
  for (bool const kept : {true, false}) {
    CAPTURE(kept);
    auto const answer =
        kept ? loop.run((*client)->send({.method = "POST"}, late)) : ask(to(server.port()), {.method = "POST"}, late);
    REQUIRE(!answer);
    CHECK(answer.error().code == Errc::timeout);
    CHECK(answer.error().reached == Reached::no);
  }
  CHECK(loop.run((*client)->send({.method = "POST"}, in_time)).has_value());
}

TEST_CASE("client: what ended too late, or was cancelled, or went wrong, is reset: no more of it arrives") {
  struct Case {
    char const* title;
    char const* answer;
    Duration timeout;
    Duration cancelled_after;
    Errc code;
  };
  Case const cases[] = {
      {"too late", "", 200ms, 10s, Errc::timeout},
      {"cancelled", "", 10s, 200ms, Errc::cancelled},
      {"garbage", "SSH-2.0-OpenSSH\r\n\r\n", 10s, 10s, Errc::protocol},
      {"an error that does not end", "HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n", 200ms, 10s, {}},
  };
  auto const close_later = [](Loop& on, Client& which, Duration wait) -> Task<> {
    bool const rested = co_await on.sleep_until(system_clock().steady() + wait);
    if (rested) which.close();
  };
  auto const ask_once = [](Loop& on, Client& through, Duration timeout, Errc& code) -> Task<> {
    SendOptions how{.timeout = timeout};
    auto const answer = co_await through.send({.method = "POST", .body = "{}"}, how);
    code = answer ? Errc{} : answer.error().code;
    on.wake_sleepers();
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    std::promise<Peer::End> ended;
    Server const server({.identity = &world().server}, {[&](Peer& peer) {
                          peer.read_request();
                          if (*c.answer != '\0') peer.write(c.answer);
                          ended.set_value(peer.wait_for_close());
                        }});
    Loop loop;
    auto const client = Client::open(loop, to(server.port()));
    Errc code = Errc::internal;
    loop.spawn(ask_once(loop, **client, c.timeout, code));
    loop.spawn(close_later(loop, **client, c.cancelled_after));
    loop.run();
    CHECK(code == c.code);
    CHECK(ended.get_future().get().reset);
  }
}

TEST_CASE("client: of a request that ended on its way, what lies in the kernel is not delivered later") {
  constexpr std::size_t size = std::size_t{16} << 20;  // more than the sockets' buffers hold
  std::promise<void> over;
  std::promise<Peer::End> ended;
  Server const server({.identity = &world().server}, {[&](Peer& peer) {
                        over.get_future().wait();  // reads nothing while the client sends
                        ended.set_value(peer.wait_for_close());
                      }});
  SendOptions const how{.timeout = 1s};
  auto const answer = ask(to(server.port()), {.method = "PUT", .body = std::string(size, ' ')}, how);
  over.set_value();
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::timeout);
  CHECK(answer.error().reached == Reached::unknown);
  Peer::End const end = ended.get_future().get();
  CHECK(end.received < size);
  CHECK(end.reset);
}

TEST_CASE("client: a kept connection that breaks is an error for every method, and the next request gets a new one") {
  Script const once = [](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    peer.read_request();  // and cut without an answer
  };
  for (char const* const method : {"GET", "POST"}) {
    CAPTURE(method);
    Server const server({.identity = &world().server}, {once, forever});
    Loop loop;
    auto const client = Client::open(loop, to(server.port()));
    auto const first = loop.run((*client)->send({}, {}));
    REQUIRE_MESSAGE(first.has_value(), first);
    auto const second = loop.run((*client)->send({.method = method}, {}));
    REQUIRE(!second);
    CHECK(second.error().code == Errc::unavailable);
    CHECK(second.error().reached == Reached::unknown);
    CHECK(loop.run((*client)->send({.method = method}, {})).has_value());
  }
}

TEST_CASE("client: close() ends what waits, connects and reads") {
  Server const server({.identity = &world().server}, {silent});
  Loop loop;
  ClientOptions options = to(server.port());
  options.connections = 1;
  auto const client = Client::open(loop, std::move(options));
  std::vector<Errc> ends;
  auto const one = [](Client& through, std::vector<Errc>& into) -> Task<> {
    auto const answer = co_await through.send(Request(), SendOptions());
    into.push_back(answer ? Errc::internal : answer.error().code);
  };
  auto const stop = [](Loop& on, Client& which) -> Task<> {
    bool const rested = co_await on.sleep_until(system_clock().steady() + std::chrono::milliseconds(30));
    if (rested) which.close();
  };
  loop.spawn(one(**client, ends));
  loop.spawn(one(**client, ends));
  loop.spawn(stop(loop, **client));
  loop.run();
  CHECK(ends == std::vector<Errc>{Errc::cancelled, Errc::cancelled});
  auto const late = loop.run((*client)->send({}, {}));
  CHECK(!late.has_value());
}

TEST_CASE("client: a request is completed when its connection is there, and its time begins then") {
  char const* const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  Server const server({.identity = &world().server}, {says(empty), says(empty)});
  Loop loop;
  ClientOptions options = to(server.port());
  options.connections = 1;
  auto const client = Client::open(loop, std::move(options));
  std::vector<std::string> events;
  auto const one = [&events](Client& through, std::string name, SendOptions how) -> Task<> {
    how.complete = [&events, name](Request& request) {
      events.push_back("complete " + name);
      request.headers.push_back({.name = "X-Name", .value = name});
    };
    auto const answer = co_await through.send(Request(), how);
    events.push_back((answer ? "answer " : "error ") + name);
  };
  loop.spawn(one(**client, "a", SendOptions()));
  loop.spawn(one(**client, "b", SendOptions()));
  loop.run();
  CHECK(events == std::vector<std::string>{"complete a", "answer a", "complete b", "answer b"});
}

TEST_CASE("client: a sink takes a 2xx body, an error body stays with the answer") {
  Server const server({.identity = &world().server}, {says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"),
                                                      says("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nabcd")});
  std::string taken;
  Sink const sink = [&](std::string_view piece) {
    taken += piece;
    return Result<>();
  };
  auto const good = ask(to(server.port()), {}, {.sink = sink});
  REQUIRE(good.has_value());
  CHECK(good->body.empty());
  auto const bad = ask(to(server.port()), {}, {.sink = sink});
  REQUIRE(bad.has_value());
  CHECK(bad->body == "abcd");
  CHECK(taken == "abcd");
}

TEST_CASE("client: through a proxy") {
  std::string asked;
  SSL_CTX* context = nullptr;
  Server const target({.identity = &world().server}, {forever});
  context = target.context();
  Server const proxy({}, {[&](Peer& peer) {
                            asked = peer.read_request();
                            peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
                            peer.start_tls(context);
                            forever(peer);
                          },
                          [](Peer& peer) {
                            peer.read_request();
                            peer.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nlogin");
                            peer.wait_for_close();
                          }});
  ClientOptions options = to(443);
  options.proxy = Endpoint{.host = "127.0.0.1", .port = proxy.port()};
  options.proxy_authorization = "Basic dTpw";
  auto const answer = ask(options);
  REQUIRE_MESSAGE(answer.has_value(), answer);
  CHECK(asked == "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
  auto const refused = ask(options);
  REQUIRE(!refused.has_value());
  CHECK_MESSAGE(refused.error().message.find("wants other credentials (407)") != std::string::npos, refused.error());
  CHECK(refused.error().reached == Reached::no);
}

TEST_CASE("client: a CA file that cannot be used is reported at once") {
  ClientOptions options = to(1);
  options.ca_file = "/nonexistent/ca.pem";
  auto const answer = ask(options);
  REQUIRE(!answer.has_value());
  CHECK(answer.error().message == "the CA file /nonexistent/ca.pem does not exist");
}
