#include "support_server.hpp"

#include <chrono>
#include <future>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char list_target[] = "/cps/v2/enrollments?contractId=C-1";

/// A server with these faults, and its credentials.
struct Faulty {
  explicit Faulty(std::vector<std::string> const& texts, std::function<void(std::string_view)> log = {}) {
    ServerOptions options{.folder = folder.path, .log = std::move(log)};
    for (std::string const& text : texts) options.behaviour.faults.push_back(parse_fault_rule(text).value());
    auto started = Server::start(std::move(options));
    REQUIRE(started);
    server = std::move(*started);
    known = read_credentials(*server);
  }
  http::Request post() const { return signed_for(known, "POST", list_target, dv_body); }
  http::Request list() const { return signed_for(known, "GET", list_target); }

  Folder folder;
  std::unique_ptr<Server> server;
  edgegrid::Credentials known;
};

TEST_CASE("wire faults: what the client meets, and whether the enrollment was created") {
  struct Case {
    char const* rule;
    int status;  ///< 0: no answer
    Errc code;   ///< then
    char const* says;
    bool created;
  };
  Case const cases[] = {
      {"POST: drop-before", 0, Errc::unavailable, "", false},
      {"POST: drop-after", 0, Errc::unavailable, "", true},
      {"POST: reset-before", 0, Errc::unavailable, "closed the connection before it answered", false},
      {"POST: reset-after", 0, Errc::unavailable, "closed the connection before it answered", true},
      {"POST: truncate", 0, Errc::protocol, "after 48 of 96 bytes", true},
      {"POST: truncate 0", 0, Errc::protocol, "after 0 of 96 bytes", true},
      {"POST: delay 30ms", 202, {}, "", true},
      {"POST: delay-before 30ms", 202, {}, "", true},
      {"POST: drip 1ms 16", 202, {}, "", true},
      {"POST: malformed", 202, {}, "", true},
      {"POST: content-type text/plain", 202, {}, "", true},
      {"POST: status 503 empty", 503, {}, "", false},
      {"POST: status 502 html after", 502, {}, "", true},
      {"POST: limit mangled 5s", 429, {}, "", false},
      {"POST: waf", 400, {}, "", false},
      {"POST: skew 45s", 400, {}, "", false},
      {"POST: close-idle", 202, {}, "", true},
      {"POST: limit 5s + truncate 8", 429, {}, "", false},
      {"POST: status 504 after + truncate + delay 30ms", 504, {}, "", true},
      {"POST: truncate + drip 1ms 16", 0, Errc::protocol, "after 48 of 96 bytes", true},
      {"POST: drop-after + delay 30ms", 0, Errc::unavailable, "", true},
  };
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      Faulty const faulty({c.rule});
      Answers const answers = converse(*faulty.server, {faulty.post(), faulty.list()});
      REQUIRE(answers.last);
      CHECK(answers.statuses == std::vector<int>{c.status, 200});
      CHECK((at(answers.last->body, "/enrollments/0/id") == "10001") == c.created);
      if (c.status != 0) return;
      REQUIRE(answers.errors.size() == 1);
      CAPTURE(answers.texts.front());
      CHECK(answers.errors.front() == c.code);
      CHECK(answers.texts.front().find(c.says) != std::string::npos);
    }
  }
}

TEST_CASE("wire faults: where no connection was made, nothing can have been sent") {
  struct Case {
    char const *rule, *fault, *says;
  };
  Case const cases[] = {
      {"*: refuse first 1", "refuse", "localhost"},  // when the reset is noticed is a matter of luck
      {"*: handshake first 1", "handshake", "closed the connection"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      std::vector<std::string> lines;
      Faulty const faulty({c.rule}, [&](std::string_view line) { lines.emplace_back(line); });
      Answers const answers = converse(*faulty.server, {faulty.post(), faulty.list()});
      CHECK(answers.statuses == std::vector<int>{0, 200});
      REQUIRE(answers.last);
      CHECK(answers.last->body == R"({"enrollments":[]})");
      CAPTURE(answers.texts.front());
      CHECK(answers.errors.front() == Errc::unavailable);
      CHECK(answers.reached.front() == Reached::no);
      CHECK(answers.texts.front().find(c.says) != std::string::npos);
      faulty.server->stop();
      REQUIRE(lines.size() == 2);
      CHECK(lines.front() == fmt::format("a connection refused: fault: {}", c.fault));
      auto const log = system_files().read(faulty.folder.path / "requests.log", 1 << 20);
      REQUIRE(log);
      std::string const first = log->substr(0, log->find('\n'));
      CHECK(at(first, "/method") == "\"\"");
      CHECK(at(first, "/fault") == fmt::format("\"{}\"", c.fault));
    }
  }
}

TEST_CASE("wire faults: an answer that is late, or comes in drops, takes its time") {
  struct Case {
    char const* rule;
    Duration least;
  };
  Case const cases[] = {{"GET: delay 120ms", 120ms}, {"GET: delay-before 120ms", 120ms}, {"GET: drip 5ms 8", 100ms}};
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      Faulty const faulty({c.rule});
      auto const before = std::chrono::steady_clock::now();
      Answers const answers = converse(*faulty.server, {faulty.list()});
      CHECK(std::chrono::steady_clock::now() - before >= c.least);
      REQUIRE(answers.last);
      CHECK(answers.last->body == R"({"enrollments":[]})");
    }
  }
}

TEST_CASE("wire faults: a limit whose body is cut still says when to come back, and its connection is not kept") {
  Faulty const faulty({"GET: limit 5s + truncate 8"});
  Answers const answers = converse(*faulty.server, {faulty.list()});
  REQUIRE(answers.last);
  CHECK(answers.last->status == 429);
  CHECK(answers.last->header("Retry-After") == "5");
  CHECK(answers.last->body.size() == 8);
  CHECK(answers.last->cut);
}

TEST_CASE("wire faults: a server whose clock is wrong shows it in its Date") {
  Faulty const faulty({"GET: skew 3600s"});
  Answers const answers = converse(*faulty.server, {faulty.list()});
  REQUIRE(answers.last);
  CHECK(answers.last->status == 400);
  std::string const next_hour = http_date(system_clock().wall() + 1h);
  CHECK(answers.last->header("Date").substr(0, 16) == next_hour.substr(0, 16));
  CHECK(answers.last->header("Date") != http_date(system_clock().wall()));
}

TEST_CASE("wire faults: a seed repeats a whole run") {
  auto const statuses = [] {
    Faulty const faulty({"*: status 503 empty 40%", "*: drop-before 20%"});
    std::vector<http::Request> requests;
    for (int i = 0; i < 40; ++i) requests.push_back(signed_for(faulty.known, "PUT", "/cps/v2/enrollments/1", "{}"));
    return converse(*faulty.server, std::move(requests)).statuses;
  };
  auto const first = statuses();
  CHECK(std::count(first.begin(), first.end(), 503) > 5);
  CHECK(std::count(first.begin(), first.end(), 0) > 1);
  CHECK(statuses() == first);
}

TEST_CASE("wire faults: stopping does not wait for an answer that is held back") {
  std::promise<void> arrived;
  Faulty const faulty({"GET: delay 1h"}, [&](std::string_view) { arrived.set_value(); });
  Answers answers;
  std::thread client([&] { answers = converse(*faulty.server, {faulty.list()}); });
  arrived.get_future().wait();
  auto const before = std::chrono::steady_clock::now();
  faulty.server->stop();
  CHECK(std::chrono::steady_clock::now() - before < 20s);
  client.join();
  CHECK(answers.statuses == std::vector<int>{0});
}

TEST_CASE("wire faults: a connection that is promised and closed costs a client nothing") {
  Faulty const faulty({"GET: close-idle"});
  std::vector<http::Request> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(faulty.list());
  Answers const answers = converse(*faulty.server, std::move(requests));
  CHECK(answers.statuses == std::vector<int>(20, 200));
}

}  // namespace
}  // namespace cpsctl::sandbox::test
