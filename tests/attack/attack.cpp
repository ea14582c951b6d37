#include "attack/attack.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <fstream>

namespace attack {
namespace {

namespace fs = std::filesystem;
using namespace cpsctl;

std::map<std::string, std::string> contents_of(fs::path const& folder) {
  std::map<std::string, std::string> all;
  for (auto const& entry : fs::recursive_directory_iterator(folder))
    all.emplace(entry.path().string(),
                entry.is_regular_file() && !entry.is_symlink() ? program::read(entry.path()) : "(no file)");
  return all;
}

/// "client_secret = x" lines of an .edgerc.
std::map<std::string, std::string> values_of(std::string const& edgerc) {
  std::map<std::string, std::string> values;
  for (auto const line : text::split(edgerc, '\n'))
    if (auto const equals = line.find('='); equals != std::string_view::npos)
      values.emplace(text::trimmed(line.substr(0, equals)), text::trimmed(line.substr(equals + 1)));
  return values;
}

}  // namespace

Job::Job() {
  cps_ = sandbox::Server::start({.folder = folder_ / "cps"}).value();
  credentials_ = values_of(program::read(cps_->edgerc()));
  for (char const* const name : {"client_secret", "client_token", "access_token"})
    REQUIRE(credentials_.at(name).size() > 8);
  folder_.write("home/.edgerc", program::read(cps_->edgerc()));
  folder_.write("home/.netrc", "machine git.example login ci password NETRC-SECRET-1\n");
  folder_.write("home/token", "TOKEN-SECRET-2\n");
  folder_.write("home/victim", "not yours\n");
  write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
}

void Job::project(std::string const& spec) const {
  write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n" + spec);
}

void Job::link(std::string const& target, std::string const& name) const {
  fs::create_directories((repo() / name).parent_path());
  fs::create_symlink(target, repo() / name);
}

Run Job::run(std::vector<std::string> arguments, std::map<std::string, std::string> environment) const {
  arguments.insert(arguments.end(), {"--edgerc", (home() / ".edgerc").string(), "--ca-file", cps_->ca_file().string()});
  return checked(std::move(arguments), std::move(environment));
}

Run Job::bare(std::vector<std::string> arguments, std::map<std::string, std::string> environment) const {
  for (auto const& [key, value] : credentials_) {
    std::string name = "AKAMAI_" + key;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    environment.emplace(std::move(name), value);
  }
  arguments.insert(arguments.end(), {"--ca-file", cps_->ca_file().string()});
  return checked(std::move(arguments), std::move(environment));
}

Run Job::checked(std::vector<std::string> arguments, std::map<std::string, std::string> environment) const {
  environment.emplace("HOME", home().string());
  auto const before = contents_of(home());
  Run run = program::run_cpsctl(std::move(arguments), {.folder = repo(), .environment = std::move(environment)});
  check_whole(run, before);
  return run;
}

void Job::check_whole(Run const& run, std::map<std::string, std::string> const& before) const {
  INFO("exit ", run.exit, "\n", run.out, run.err);
  CHECK(contents_of(home()) == before);
  std::vector<std::string> secrets{"NETRC-SECRET-1", "TOKEN-SECRET-2"};
  for (char const* const name : {"client_secret", "client_token", "access_token"})
    secrets.push_back(credentials_.at(name));
  auto const written = contents_of(repo());
  for (std::string const& secret : secrets) {
    CHECK(run.out.find(secret) == std::string::npos);
    CHECK(run.err.find(secret) == std::string::npos);
    for (auto const& [file, bytes] : written) {
      INFO(file);
      CHECK(bytes.find(secret) == std::string::npos);
    }
  }
  // Nothing steers the terminal, and no line is a command of a CI system.
  for (std::string const* const stream : {&run.out, &run.err}) {
    CHECK(stream->find('\x1b') == std::string::npos);
    for (auto const line : text::split(*stream, '\n')) {
      INFO(line);
      CHECK_FALSE(text::trimmed(line).starts_with("::"));
      CHECK(line.find("##vso[") == std::string_view::npos);
      CHECK(line.find("##[") == std::string_view::npos);
    }
  }
}

std::vector<std::string> Job::requests() const {
  return program::requests(folder_ / "cps");
}

std::size_t Job::writes() const {
  auto const all = requests();
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [](std::string const& line) { return !line.starts_with("GET"); }));
}

bool says(Run const& run, std::string const& text) {
  return run.out.find(text) != std::string::npos || run.err.find(text) != std::string::npos;
}

}  // namespace attack
