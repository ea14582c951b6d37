#include "program/project.hpp"

#include <csignal>
#include <sstream>
#include <sys/stat.h>

#include <unistd.h>

using namespace cpsctl;
using namespace program;

namespace {

constexpr uid_t nobody = 65534;

/// The path of a process's file below /proc.
std::filesystem::path proc(Background const& process, char const* name) {
  return fmt::format("/proc/{}/{}", process.pid(), name);
}

}  // namespace

TEST_CASE("the process: its memory becomes no core file, and other processes of the user cannot read it") {
  Folder const folder;
  Settings settings{.folder = folder.path()};
  // To root everything belongs to root: another user shows the difference.
  bool const as_root = ::geteuid() == 0;
  if (as_root) settings.user = nobody;
  REQUIRE((!as_root || ::chown(folder.path().c_str(), nobody, nobody) == 0));
  if (as_root && ::access("/proc/self/limits", R_OK) != 0) {
    MESSAGE("SKIPPED: there is no /proc");
    return;
  }
  Background server({"sandbox", "--dir", "cps"}, settings);
  server.await("ca.pem");
  std::string const limits = read(proc(server, "limits"));
  auto const at = limits.find("Max core file size");
  REQUIRE(at != std::string::npos);
  std::istringstream words(limits.substr(at + 18));
  std::string soft, hard;
  words >> soft >> hard;
  CHECK(soft == "0");
  CHECK(hard == "0");
  // The kernel gives /proc/PID/environ of a process that must not be dumped to root.
  struct stat info {};
  REQUIRE(::stat(proc(server, "environ").c_str(), &info) == 0);
  CHECK(info.st_uid == 0);
  server.signal(SIGTERM);
  server.finish();
}

TEST_CASE("the process: reports go to its own descriptors by name, also as a user who cannot look at it") {
  Folder const folder;
  Settings settings{.folder = folder.path()};
  if (::geteuid() == 0) settings.user = nobody;
  for (char const* const place : {"/dev/stdout", "/proc/self/fd/2", "/dev/fd/2"}) {
    CAPTURE(place);
    Run const run = run_cpsctl({"version", "--out", std::string("json=") + place}, settings);
    CHECK(run.exit == 0);
    CHECK((run.out + run.err).find("format_version") != std::string::npos);
  }
}

TEST_CASE("the process: OpenSSL's configuration neither stops it nor lowers what TLS demands") {
  Project const project;
  auto const rubbish = project.folder.write("rubbish.cnf", "[[[ = \x01\n.include /nonexistent\n");
  // With this in force the server would be talked to in TLS 1.0, or not at all.
  auto const old = project.folder.write("old.cnf",
                                        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n"
                                        "[tls]\nMaxProtocol = TLSv1.1\nMinProtocol = TLSv1\n");
  for (std::string const& file : {rubbish.string(), old.string(), std::string("/nonexistent/openssl.cnf")}) {
    CAPTURE(file);
    Run const run = project.run({"plan"}, {.environment = {{"OPENSSL_CONF", file}}});
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
  }
}

TEST_CASE("version: says what the program is made of when it is asked") {
  CHECK(run_cpsctl({"version"}).out.find("OpenSSL") == std::string::npos);
  Run const full = run_cpsctl({"version", "-v"});
  CHECK(full.exit == 0);
  CHECK(full.out.starts_with("cpsctl "));
  json::Document const document = run_cpsctl({"version", "-o", "json"}).json();
  for (auto const& [name, key] : std::map<std::string, std::string>{{"OpenSSL", "openssl"},
                                                                    {"Boost", "boost"},
                                                                    {"yaml-cpp", "yaml-cpp"},
                                                                    {"RapidJSON", "rapidjson"},
                                                                    {"cmark-gfm", "cmark-gfm"},
                                                                    {"fmt", "fmt"},
                                                                    {"compiler", "compiler"},
                                                                    {"build", "buildType"}}) {
    CAPTURE(name);
    std::string const what(json::text_or(json::at(document, "/madeOf/" + key), ""));
    CHECK(what.find_first_of("0123456789DRM") != std::string::npos);
    CHECK(full.out.find("\n  " + name) != std::string::npos);
    CHECK(full.out.find(what + "\n") != std::string::npos);
  }
}

TEST_CASE("credentials: a file that others can use is reported once, with the command that ends it") {
  Project const project;
  auto const file = project.folder.write("edgerc", read(project.server->edgerc()));
  auto const plan = [&](mode_t mode) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    return run_cpsctl({"plan", "--edgerc", file.string(), "--ca-file", project.server->ca_file().string()},
                      {.folder = project.folder.path()});
  };
  Run const closed = plan(0600);
  CHECK(closed.exit == 0);
  CHECK(closed.err.find("chmod") == std::string::npos);
  for (mode_t const mode : {0644U, 0666U}) {
    Run const open = plan(mode);
    CHECK(open.exit == 0);
    std::string const words = fmt::format("{} can be {} by its group and others; to fix it: chmod 600 {}",
                                          file.string(), mode == 0644 ? "read" : "changed", file.string());
    contains(open, words);
    CHECK(open.err.find("chmod") == open.err.rfind("chmod"));
  }
}
