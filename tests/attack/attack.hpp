#pragma once
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// A job that runs cpsctl on what others have written: the repository, its cache and artefacts, CPS's answers. After
/// each run nothing of the operator's has leaked, and nothing outside the project has changed.
namespace attack {

using program::dv_manifest;
using program::Run;

/// home/ (the operator's: credentials, other secrets, files to lose), repo/ (theirs: the working directory), cps/ (the
/// CPS that the operator means).
class Job {
 public:
  Job();

  std::filesystem::path repo() const { return folder_ / "repo"; }
  std::filesystem::path home() const { return folder_ / "home"; }
  void write(std::string const& name, std::string const& text) const { folder_.write("repo/" + name, text); }
  /// cpsctl.yaml with these lines below spec.
  void project(std::string const& spec) const;
  void link(std::string const& target, std::string const& name) const;

  /// cpsctl in repo/, with the operator's credentials; checks afterwards that the job is still whole.
  Run run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const;
  /// The same with no flag of the operator's; the credentials come from the environment (AKAMAI_*).
  Run bare(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const;

  /// "POST /cps/v2/enrollments?…" and so on, as CPS has seen them.
  std::vector<std::string> requests() const;
  std::size_t writes() const;
  std::string secret(std::string const& name) const { return credentials_.at(name); }
  cpsctl::sandbox::Server& cps() const { return *cps_; }
  std::filesystem::path folder() const { return folder_.path(); }

 protected:
  Run checked(std::vector<std::string> arguments, std::map<std::string, std::string> environment) const;

 private:
  void check_whole(Run const& run, std::map<std::string, std::string> const& before) const;

  program::Folder folder_;
  std::unique_ptr<cpsctl::sandbox::Server> cps_;
  std::map<std::string, std::string> credentials_;
};

/// `text` is in one of the streams.
bool says(Run const& run, std::string const& text);

}  // namespace attack
