#include "program/wanted.hpp"

#include <fmt/format.h>

namespace program {
namespace {}  // namespace

using namespace cpsctl;

std::string wanted_manifest(std::string const& name, int number, int version, bool mutual) {
  std::string text = dv_manifest(name, name + ".example.com");
  // What may not be adopted by its looks is ours by the state and the journal alone.
  char const* const adopt = number % 3 == 0 ? "never" : "ifIdentical";
  text = replaced(text, "spec:\n", fmt::format("spec:\n  lifecycle: {{ deletion: delete, adopt: {} }}\n", adopt));
  if (mutual)
    text = replaced(text, "      quicEnabled: false\n",
                    "      quicEnabled: false\n      clientMutualAuthentication: { setId: S1 }\n");
  if (version == 0) return text;
  if (number % 2 == 0) return replaced(text, "617-555-0101", "617-555-0909");
  return replaced(text, "sans: [", fmt::format("sans: [new.{}.example.com, ", name));
}

void write_project(Folder const& folder) {
  folder.write("cpsctl.yaml",
               "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [certs/]\n"
               "  api: { timeout: 2s }\n");
}

Run run_against(sandbox::Server const& server, std::filesystem::path const& folder, std::vector<std::string> arguments,
                std::map<std::string, std::string> environment) {
  environment.emplace("CPSCTL_SETTLE", "1s");
  environment.emplace("CPSCTL_REQUEST_LIMIT", "1000/1s");
  arguments.insert(arguments.end(), {"--edgerc", server.edgerc().string(), "--ca-file", server.ca_file().string()});
  return run_cpsctl(std::move(arguments),
                    {.folder = folder, .environment = std::move(environment), .patience = std::chrono::seconds(300)});
}

std::string wrong_with(sandbox::Server const& server, std::filesystem::path const& folder, std::size_t wanted) {
  json::Document const state = run_against(server, folder, {"state", "list", "-o", "json"}).json();
  std::size_t const known = json::find(state, "enrollments")->Size();
  if (known != wanted) return fmt::format("the state knows {} enrollments, {} are wanted", known, wanted);
  Run const status = run_against(server, folder, {"status", "--unmanaged", "-o", "json"});
  if (status.exit != 0) return fmt::format("status: exit {}\n{}{}", status.exit, status.out, status.err);
  json::Document const others = status.json();
  if (json::find(others, "enrollments")->Size() != 0) return "CPS has more than is wanted:\n" + json::compact(others);
  Run const plan = run_against(server, folder, {"plan", "--detailed-exitcode"});
  return plan.exit == 0 ? "" : "the next plan is not empty:\n" + plan.out + plan.err;
}

}  // namespace program
