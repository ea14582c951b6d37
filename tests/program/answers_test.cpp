#include "http/server.hpp"
#include "program/program.hpp"

#include <atomic>
#include <memory>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace program;
namespace wire = cpsctl::http::testing;

namespace {

std::string answer(std::string const& status, std::string const& type, std::string const& body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", status, type, body.size(),
                     body);
}

/// A project whose credentials lead to a server that plays `script` for every connection.
struct Project {
  Folder folder;
  wire::Identity authority;
  wire::Identity identity;
  std::string ca;
  std::unique_ptr<wire::Server> server;

  explicit Project(wire::Script script, std::string const& names = "DNS:localhost") {
    wire::make_identity(authority, {.authority = true});
    wire::make_identity(identity, {.alternative_names = names, .issuer = &authority});
    ca = wire::write_pem(authority, folder / "ca.pem");
    server = std::make_unique<wire::Server>(wire::ServerOptions{.identity = &identity},
                                            std::vector<wire::Script>{std::move(script)});
    folder.write("edgerc",
                 fmt::format("[default]\nhost = localhost:{}\nclient_token = a\nclient_secret = b\naccess_token = c\n",
                             server->port()));
    folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  }
  Run run(std::vector<std::string> arguments) const {
    for (std::string const& more :
         {std::string("--edgerc"), (folder / "edgerc").string(), std::string("--ca-file"), ca})
      arguments.push_back(more);
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
};

wire::Script always(std::string bytes, bool then_close = true) {
  return [bytes = std::move(bytes), then_close](wire::Peer& peer) {
    while (!peer.read_request().empty()) {
      if (!peer.write(bytes) || then_close) return;
    }
  };
}

}  // namespace

TEST_CASE("whatever a server answers to the list, plan and apply end with exit 69, a text, and no write") {
  struct Case {
    char const* title;
    wire::Script script;
    char const* says;
    bool next = true;  ///< says what to do
  };
  std::string const problem =
      R"({"type":"/cps/v2/error-types/oh","title":"Oh","instance":"/cps/v2/error-types/oh?id=5eed"})";
  std::string const html = "<html><head><title>Bad Gateway</title></head><body>upstream is gone</body></html>";
  Case const cases[] = {
      {"bytes that are no HTTP", always("SSH-2.0-OpenSSH_9.2\r\n"), "HTTP"},
      {"nothing at all", [](wire::Peer& peer) { static_cast<void>(peer.read_request()); }, "localhost"},
      {"500 with an HTML body", always(answer("500 Internal Server Error", "text/html", html), false),
       "upstream is gone"},
      {"200 with an HTML body", always(answer("200 OK", "text/html", html), false), "not valid JSON", false},
      {"JSON that is cut short", always(answer("200 OK", "application/json", R"({"enrollments":[{"id":1)"), false),
       "ends before it is complete"},
      {"a body that is cut short", always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"enrollments\":["),
       "localhost"},
      {"a list that is dropped", always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), "after 0 of 1000 bytes"},
      {"500 with a problem", always(answer("500 Oh", "application/problem+json", problem), false),
       "[oh] (instance /cps/v2/error-types/oh?id=5eed)"},
      {"a redirect with a problem", always(answer("302 Found", "application/problem+json", problem), false),
       "[oh] (instance /cps/v2/error-types/oh?id=5eed)"},
      {"another document", always(answer("200 OK", "application/json", R"({"items":[]})"), false), "enrollments"},
      {"a redirect", always(answer("302 Found\r\nLocation: https://localhost:1/", "text/plain", ""), false), "302"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Project const project([&](wire::Peer& peer) { c.script(peer); });
      Run const plan = project.run({"plan"});
      INFO(plan.out, plan.err);
      CHECK(plan.exit == 69);
      CHECK(plan.out.empty());
      CHECK(plan.err.find(c.says) != std::string::npos);
      CHECK((plan.err.find("next: ") != std::string::npos || !c.next));
      CHECK(plan.err.find("\x1b") == std::string::npos);
      Run const apply = project.run({"apply", "--yes"});
      CHECK(apply.exit == 69);
    }
  }
}

TEST_CASE("an endless list ends at api.maxListBytes") {
  Project const project([](wire::Peer& peer) {
    static_cast<void>(peer.read_request());
    if (!peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"enrollments\":[\r\n")) return;
    std::string element = R"({"id":1,"csr":{"cn":"www.example.com"},"x":")" + std::string(60000, 'x') + "\"},";
    std::string const chunk = fmt::format("{:x}\r\n{}\r\n", element.size(), element);
    while (peer.write(chunk)) {
    }
  });
  project.folder.write("cpsctl.yaml",
                       "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  api: { maxListBytes: 4MB }\n");
  Run const run = project.run({"plan"});
  INFO(run.err);
  CHECK(run.exit == 69);
  CHECK(run.err.find("api.maxListBytes") != std::string::npos);
}

TEST_CASE("a huge answer to a write is refused, and the write stays in doubt") {
  Project const project([](wire::Peer& peer) {
    for (;;) {
      std::string const request = peer.read_request();
      if (request.empty()) return;
      bool const list = request.starts_with("GET");
      if (list && !peer.write(answer("200 OK", "application/json", R"({"enrollments":[]})"))) return;
      if (!list && !peer.write("HTTP/1.1 202 Accepted\r\nContent-Length: 209715200\r\n\r\n" + std::string(65536, ' ')))
        return;
    }
  });
  Run const run = project.run({"apply", "--yes", "--deadline", "10s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(run.out.find("in doubt") != std::string::npos);
  Run const again = project.run({"apply", "--yes"});
  INFO(again.out, again.err);
  CHECK(again.exit == 75);
  CHECK(again.out.find("its answer was lost") != std::string::npos);
  CHECK(again.out.find("run again after") != std::string::npos);
}

TEST_CASE("a write that is refused with a body cut short was not done: no doubt, and a 429 pauses") {
  struct Case {
    char const* title;
    char const* head;  ///< of the first answer to a write
    int exit;
    int writes;
    char const* says;
  };
  Case const cases[] = {
      {"400", "400 Bad Request", 1, 1, "\"/cps/v2/error-types/x\", \"title\": \"Con; the answer's body was cut"},
      {"429", "429 Too Many Requests\r\nRetry-After: 1", 0, 2, ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::atomic<int> writes = 0;
      Project const project([&](wire::Peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
          if (request.starts_with("GET")) {
            peer.write(answer("200 OK", "application/json", R"({"enrollments":[]})"));
          } else if (++writes == 1) {
            peer.write(
                fmt::format("HTTP/1.1 {}\r\nContent-Length: 1000\r\n\r\n"
                            "{{\"type\": \"/cps/v2/error-types/x\", \"title\": \"Con",
                            c.head));
            return;
          } else {
            peer.write(
                answer("202 Accepted", "application/json",
                       R"({"enrollment":"/cps/v2/enrollments/7","changes":["/cps/v2/enrollments/7/changes/8"]})"));
          }
        }
      });
      Run const run = project.run({"apply", "--yes", "--deadline", "30s"});
      INFO(run.out, run.err);
      CHECK(run.exit == c.exit);
      CHECK(writes == c.writes);
      CHECK((run.out + run.err).find(c.says) != std::string::npos);
      CHECK(run.out.find("in doubt") == std::string::npos);
    }
  }
}

TEST_CASE("a write that is accepted with a problem for an answer is in doubt, and the problem's instance is said") {
  Project const project([](wire::Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();)
      peer.write(request.starts_with("GET")
                     ? answer("200 OK", "application/json", R"({"enrollments":[]})")
                     : answer("202 Accepted", "application/problem+json",
                              R"({"type":"/cps/v2/error-types/oh","instance":"/cps/v2/error-types/oh?id=5eed"})"));
  });
  Run const run = project.run({"apply", "--yes", "--deadline", "5s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(run.out.find("in doubt") != std::string::npos);
  CHECK((run.out + run.err).find("[oh] (instance /cps/v2/error-types/oh?id=5eed)") != std::string::npos);
}

TEST_CASE("a certificate for another host is refused, and both names are said") {
  Project const project(always(answer("200 OK", "application/json", R"({"enrollments":[]})")), "DNS:other.example.com");
  Run const run = project.run({"plan"});
  INFO(run.err);
  CHECK(run.exit == 69);
  CHECK(run.err.find("localhost") != std::string::npos);
  CHECK(run.err.find("other.example.com") != std::string::npos);
}

TEST_CASE("a wrong media type version, a missing grant and a rate limit that never ends are told apart") {
  SUBCASE("406") {
    Project const project(
        always(answer("406 Not Acceptable", "application/problem+json", R"({"title":"Not Acceptable"})"), false));
    Run const run = project.run({"plan"});
    CHECK(run.exit == 1);
    CHECK(run.err.find("Not Acceptable") != std::string::npos);
  }
  SUBCASE("403") {
    Project const project(
        always(answer("403 Forbidden", "application/problem+json", R"({"title":"Forbidden"})"), false));
    Run const run = project.run({"plan"});
    CHECK(run.exit == 77);
    CHECK(run.err.find("grant") != std::string::npos);
  }
  SUBCASE("429 until the deadline") {
    Project const project(always(
        answer("429 Too Many Requests\r\nRetry-After: 60", "application/problem+json", R"({"title":"Too many"})"),
        false));
    Run const run = project.run({"plan", "--deadline", "2s"});
    INFO(run.err);
    CHECK(run.exit == 75);
    CHECK(run.err.find("request limit") != std::string::npos);
  }
}
