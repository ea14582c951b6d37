#include "program/project.hpp"

using namespace cpsctl;
using namespace program;
using namespace std::chrono_literals;

namespace {

/// The machine's time, moved.
struct SkewedClock final : Clock {
  std::chrono::milliseconds skew;
  explicit SkewedClock(std::chrono::milliseconds by) : skew(by) {}
  WallTime wall() const override { return system_clock().wall() + skew; }
  SteadyTime steady() const override { return system_clock().steady(); }
};

}  // namespace

TEST_CASE("credentials: what is missing or wrong is reported, with exit code 77") {
  Project const project;
  std::string const good = read(project.server->edgerc());
  std::string const ca = project.server->ca_file().string();
  auto const plan = [&](std::string const& edgerc, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"plan", "--edgerc", edgerc, "--ca-file", ca};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(arguments, {.folder = project.folder.path()});
  };
  SUBCASE("no file") {
    Run const run = plan("/nonexistent/edgerc");
    CHECK(run.exit == 77);
    contains(run, "/nonexistent/edgerc");
  }
  SUBCASE("no such section") {
    Run const run = plan(project.server->edgerc().string(), {"--section", "papi"});
    CHECK(run.exit == 77);
    contains(run, "papi");
    contains(run, "default");
  }
  SUBCASE("a key is missing") {
    auto const file = project.folder.write("edgerc", replaced(good, "client_token", "client_tokem"));
    Run const run = plan(file.string());
    CHECK(run.exit == 77);
    contains(run, "client_token");
  }
  SUBCASE("a wrong secret") {
    auto const at = good.find("client_secret");
    auto const line_end = good.find('\n', at);
    auto const file =
        project.folder.write("edgerc", good.substr(0, at) + "client_secret = d3Jvbmc=" + good.substr(line_end));
    Run const run = plan(file.string());
    CHECK(run.exit == 77);
    contains(run, "signature");
    CHECK(run.err.find("d3Jvbmc") == std::string::npos);
  }
}

TEST_CASE("a clock that is wrong is exit 77, and the words say by how much") {
  SkewedClock const clock(10min);
  Project const project(&clock);
  Run const run = project.run({"plan"});
  CHECK(run.exit == 77);
  contains(run, "clock");
  contains(run, " s behind the server's");
}

TEST_CASE("an API that cannot be reached or trusted is exit 69") {
  Project const project;
  std::string const good = read(project.server->edgerc());
  auto const with_host = [&](std::string const& host) {
    return project.folder.write("edgerc", replaced(good, project.server->authority(), host)).string();
  };
  Settings const here{.folder = project.folder.path()};
  SUBCASE("an unknown host") {
    Run const run = run_cpsctl({"plan", "--edgerc", with_host("akab-nobody.invalid")}, here);
    CHECK(run.exit == 69);
    contains(run, "akab-nobody.invalid");
  }
  SUBCASE("a refused connection") {
    Run const run = run_cpsctl({"plan", "--edgerc", with_host("localhost:1")}, here);
    CHECK(run.exit == 69);
    contains(run, "localhost:1");
  }
  SUBCASE("a certificate that nobody vouches for") {
    Run const run = run_cpsctl({"plan", "--edgerc", project.server->edgerc().string()}, here);
    CHECK(run.exit == 69);
    contains(run, "--ca-file");
  }
  SUBCASE("SSL_CERT_FILE vouches for it") {
    Run const run = run_cpsctl(
        {"plan", "--edgerc", project.server->edgerc().string()},
        {.folder = project.folder.path(), .environment = {{"SSL_CERT_FILE", project.server->ca_file().string()}}});
    INFO(run.err);
    CHECK(run.exit == 0);
  }
  SUBCASE("a CA file that is none") {
    Run const run =
        run_cpsctl({"plan", "--edgerc", project.server->edgerc().string(), "--ca-file", "manifests/www.yaml"}, here);
    CHECK(run.exit == 69);
    contains(run, "manifests/www.yaml");
  }
}
