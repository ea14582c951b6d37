// An apply that uploads, approves and acknowledges is killed, and run again: nothing is answered twice.
#include "base/clock.hpp"
#include "pki/authority.hpp"
#include "program/crash.hpp"
#include "program/program.hpp"
#include "program/wanted.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

std::string changed(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string third_party(std::string const& name) {
  std::string text = dv_manifest(name, name + ".example.com");
  text = changed(text, "ra: lets-encrypt", "ra: third-party");
  text = changed(text, "validationType: dv", "validationType: third-party");
  text = changed(text, "certificateType: san", "certificateType: third-party\n    thirdParty: { excludeSans: false }");
  text = changed(text, "changeManagement: false", "changeManagement: true");
  return changed(
      text, "spec:\n",
      fmt::format("spec:\n  lifecycle: {{ certificate: {{ files: [signed/{}.pem] }}, promotion: auto }}\n", name));
}

std::unique_ptr<sandbox::Server> serve(std::filesystem::path const& folder, Clock const& clock = system_clock()) {
  auto server = sandbox::Server::start({.folder = folder / "cps",
                                        .behaviour = {.complete_after = Duration{}, .inputs = sandbox::Inputs::wait},
                                        .clock = &clock});
  REQUIRE(server.has_value());
  return std::move(*server);
}

/// One waits for its certificate, one for its approval; the manifests allow both.
struct Start {
  Folder folder;

  Start() {
    write_project(folder);
    for (char const* const name : {"api", "pay"}) folder.write(fmt::format("certs/{}.yaml", name), third_party(name));
    auto const server = serve(folder.path());
    fine(*server, {"apply", "--yes"});
    sign(*server, "pay");
    fine(*server, {"apply", "--yes"});
    sign(*server, "api");
  }
  void fine(sandbox::Server const& server, std::vector<std::string> arguments) const {
    Run const run = run_against(server, folder.path(), std::move(arguments));
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  void sign(sandbox::Server const& server, std::string const& name) const {
    static authority::Authority const ca = authority::Authority::root().intermediate();
    Run const csr = run_against(server, folder.path(), {"csr", name});
    REQUIRE(csr.exit == 0);
    WallTime const now = system_clock().wall();
    folder.write(fmt::format("signed/{}.pem", name),
                 ca.issue(csr.out, {.common_name = name + ".example.com",
                                    .names = fmt::format("DNS:{0}.example.com,DNS:alt.{0}.example.com", name),
                                    .not_before = now - std::chrono::hours(24),
                                    .not_after = now + std::chrono::hours(24 * 150)}) +
                     ca.pem());
  }
};

/// How often each input was given to CPS, which took each at once.
std::map<std::string, int> answers(std::filesystem::path const& folder) {
  std::map<std::string, int> counts;
  for (std::string const& line : requests(folder / "cps"))
    if (line.starts_with("POST ") && line.find("/input/update/") != std::string::npos) ++counts[line];
  return counts;
}

std::string ends_well(std::filesystem::path const& folder) {
  Later const clock;
  auto const server = serve(folder, clock);
  // The first one uploads, unless the killed one did; then all that is left is to be approved.
  for (int i = 0; i < 2; ++i) {
    Run const run = run_against(*server, folder, {"apply", "--yes"}, later());
    if (run.exit != 0) return fmt::format("exit {}\n{}{}", run.exit, run.out, run.err);
  }
  Run const plan = run_against(*server, folder, {"plan"}, later());
  if (plan.out.find("No changes: 2 unchanged.") == std::string::npos) return plan.out + plan.err;
  auto const counts = answers(folder);
  if (counts.size() != 4) return fmt::format("{} inputs were answered", counts.size());
  for (auto const& [line, count] : counts)
    if (count != 1) return fmt::format("{} times: {}", count, line);
  return "";
}

}  // namespace

TEST_CASE(
    "crash: killed anywhere in an apply that uploads and approves, the next runs end it, and answer nothing twice") {
  Start const start;
  Kills const kills =
      kill_apply(start.folder, {.serve = [](auto const& folder) { return serve(folder); }, .wrong_after = ends_well});
  for (std::string const& wrong : kills.wrong) FAIL_CHECK(wrong);
  MESSAGE(fmt::format("{} runs were killed ({} calls in a whole run)", kills.killed, kills.calls));
  CHECK(kills.killed > 5);
}
