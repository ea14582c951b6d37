#pragma once
#include "program/program.hpp"
#include "sandbox/server.hpp"

/// What crash and chaos tests share: a project, a CPS that goes on, and what must be so in the end.
namespace program {

/// `version` 1 asks for something else than 0: for even numbers without a new certificate, for odd ones with one.
/// `mutual`: with client mutual authentication, which takes a second write.
std::string wanted_manifest(std::string const& name, int number, int version, bool mutual = false);

/// Writes cpsctl.yaml: manifests in certs/, times that suit a test, and limits that no test meets.
void write_project(Folder const& folder);

Run run_against(cpsctl::sandbox::Server const& server, std::filesystem::path const& folder,
                std::vector<std::string> arguments, std::map<std::string, std::string> environment = {});

/// Empty: CPS has `wanted` enrollments and no more, the state knows all of them, and the next plan is empty.
std::string wrong_with(cpsctl::sandbox::Server const& server, std::filesystem::path const& folder, std::size_t wanted);

}  // namespace program
