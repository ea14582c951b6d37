#include "program/program.hpp"

#include "places.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

namespace program {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void failed(char const* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) failed("pipe");
  }
};

struct Started {
  pid_t pid;
  int out;
  int err;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

Started start(std::vector<std::string> arguments, Settings const& settings) {
  arguments.insert(arguments.begin(), settings.program.empty() ? places::program() : settings.program.string());
  static Folder const state;  // one for all processes of this test run, as they would have on one machine
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=/nonexistent",
                                       "XDG_STATE_HOME=" + state.path().string()};
  for (char const* kept : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"})
    if (char const* const value = std::getenv(kept)) environment.push_back(fmt::format("{}={}", kept, value));
  for (auto const& [name, value] : settings.environment) {
    std::erase_if(environment, [&](std::string const& old) { return old.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
  }
  auto argv = pointers(arguments);
  auto envp = pointers(environment);
  std::string const folder = settings.folder.string();

  FILE* const input = std::tmpfile();
  if (input == nullptr) failed("tmpfile");
  if (std::fwrite(settings.input.data(), 1, settings.input.size(), input) != settings.input.size()) failed("fwrite");
  std::rewind(input);

  Pipe out;
  Pipe err;
  int terminal = -1;
  pid_t const pid = settings.terminal ? ::forkpty(&terminal, nullptr, nullptr, nullptr) : ::fork();
  if (pid < 0) failed("fork");
  if (pid == 0) {
    if (!settings.terminal) {
      ::dup2(::fileno(input), STDIN_FILENO);
      ::dup2(out.ends[1], STDOUT_FILENO);
      ::dup2(settings.one_stream ? out.ends[1] : err.ends[1], STDERR_FILENO);
    }
    if (!folder.empty() && ::chdir(folder.c_str()) != 0) ::_exit(126);
    if (settings.file_size) {
      rlimit const limit{.rlim_cur = *settings.file_size, .rlim_max = *settings.file_size};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    for (int const fd : settings.closed) ::close(fd);
    if (settings.user && (::setgid(*settings.user) != 0 || ::setuid(*settings.user) != 0)) ::_exit(126);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  std::fclose(input);
  ::close(out.ends[1]);
  ::close(err.ends[1]);
  if (settings.terminal) {
    ::close(out.ends[0]);
    return {.pid = pid, .out = terminal, .err = err.ends[0]};
  }
  return {.pid = pid, .out = out.ends[0], .err = err.ends[0]};
}

/// Reads what is there into `to`; false at the end of the stream.
bool drain(int fd, std::string& to) {
  std::array<char, 65536> buffer{};
  ssize_t const got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) to.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

}  // namespace

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) failed("mkdtemp");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::write(std::string const& name, std::string const& text) const {
  auto const file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

bool says(std::string const& text, std::string const& words) {
  return text.find(words) != std::string::npos;
}

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string read(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

cpsctl::json::Document Run::json() const {
  auto parsed = cpsctl::json::parse(out, "stdout");
  INFO("stdout: ", out, "\nstderr: ", err);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

Background::Background(std::vector<std::string> arguments, Settings settings) : patience_(settings.patience) {
  auto const started = start(std::move(arguments), settings);
  pid_ = started.pid;
  out_ = started.out;
  err_ = started.err;
}

Background::~Background() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

std::string Background::await(std::string const& text) {
  auto const deadline = std::chrono::steady_clock::now() + patience_;
  bool out_open = true;
  bool err_open = true;
  while (run_.out.find(text) == std::string::npos && run_.err.find(text) == std::string::npos) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "waited for: ", text, "\n", run_.out, run_.err);
    REQUIRE_MESSAGE((out_open || err_open), "ended before it said: ", text, "\n", run_.out, run_.err);
    std::array<pollfd, 2> ready{{{.fd = out_open ? out_ : -1, .events = POLLIN, .revents = 0},
                                 {.fd = err_open ? err_ : -1, .events = POLLIN, .revents = 0}}};
    ::poll(ready.data(), ready.size(), 1000);
    if (ready[0].revents != 0) out_open = drain(out_, run_.out);
    if (ready[1].revents != 0) err_open = drain(err_, run_.err);
  }
  return run_.out;
}

void Background::signal(int number) const {
  ::kill(pid_, number);
}

void Background::type(std::string const& text) const {
  REQUIRE(::write(out_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void Background::await_stop() const {
  siginfo_t what{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid_), &what, WSTOPPED | WEXITED | WNOWAIT) == 0);
  REQUIRE_MESSAGE(what.si_code == CLD_STOPPED, "ended instead of stopping");
}

Run Background::finish() {
  auto const deadline = std::chrono::steady_clock::now() + patience_;
  bool out_open = true;
  bool err_open = true;
  bool late = false;
  while (out_open || err_open) {
    std::array<pollfd, 2> ready{{{.fd = out_open ? out_ : -1, .events = POLLIN, .revents = 0},
                                 {.fd = err_open ? err_ : -1, .events = POLLIN, .revents = 0}}};
    ::poll(ready.data(), ready.size(), 1000);
    if (ready[0].revents != 0) out_open = drain(out_, run_.out);
    if (ready[1].revents != 0) err_open = drain(err_, run_.err);
    if (!late && std::chrono::steady_clock::now() > deadline) {
      late = true;
      ::kill(pid_, SIGKILL);
    }
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  run_.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  REQUIRE_MESSAGE(!late, "took too long\n", run_.out, run_.err);
  return run_;
}

std::filesystem::path program_folder() {
  return std::filesystem::path(places::program()).parent_path();
}

Run run_cpsctl(std::vector<std::string> arguments, Settings settings) {
  return Background(std::move(arguments), std::move(settings)).finish();
}

std::vector<std::string> requests(std::filesystem::path const& sandbox_folder) {
  std::vector<std::string> lines;
  std::istringstream log(read(sandbox_folder / "requests.log"));
  for (std::string line; std::getline(log, line);) {
    auto const parsed = cpsctl::json::parse(line, "a line of requests.log");
    REQUIRE(parsed.has_value());
    lines.push_back(fmt::format("{} {}", cpsctl::json::text_or(cpsctl::json::find(*parsed, "method"), "?"),
                                cpsctl::json::text_or(cpsctl::json::find(*parsed, "target"), "?")));
  }
  return lines;
}

std::string dv_manifest(std::string const& name, std::string const& common_name) {
  return fmt::format(R"(apiVersion: cpsctl.dev/v1
kind: Enrollment
metadata: {{ name: {0} }}
spec:
  contractId: 1-1TJZH5
  enrollment:
    ra: lets-encrypt
    validationType: dv
    certificateType: san
    changeManagement: false
    enableMultiStackedCertificates: false
    csr: {{ cn: {1}, sans: [alt.{1}], c: US, o: Example Inc }}
    networkConfiguration:
      geography: core
      secureNetwork: enhanced-tls
      sniOnly: true
      quicEnabled: false
      dnsNameSettings: {{ cloneDnsNames: true }}
    org: {{ name: Example Inc, addressLineOne: 1 Main St, city: Cambridge, region: MA, postalCode: "02142", country: US, phone: 617-555-0100 }}
    adminContact: {{ firstName: A, lastName: B, email: a@example.com, phone: 617-555-0101 }}
    techContact: {{ firstName: C, lastName: D, email: c@akamai.example, phone: 617-555-0102 }}
)",
                     name, common_name);
}

}  // namespace program
