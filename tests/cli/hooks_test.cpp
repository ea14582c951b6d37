#include "cli/hooks.hpp"

#include "cli/arguments.hpp"

#include <cstdlib>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;

namespace {

using Variables = std::map<std::string, std::string>;

Result<hooks::Surroundings> surroundings(Variables const& variables, std::vector<hooks::Grant> grants) {
  std::istringstream in;
  std::ostringstream out;
  World world{.in = in,
              .out = out,
              .err = out,
              .files = system_files(),
              .clock = system_clock(),
              .random = system_random(),
              .environment = [&](std::string const& name) {
                auto const found = variables.find(name);
                return found == variables.end() ? std::nullopt : std::optional(found->second);
              }};
  Settings settings{.hook_grants = std::move(grants)};
  settings.project.folder = "/p";
  settings.credentials.edgerc = "/nowhere/edgerc";
  return hook_surroundings(settings, world);
}

/// A variable of this process while it lives.
struct Variable {
  Variable(char const* named, char const* value) : name(named) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
  Variable(Variable const&) = delete;
  Variable& operator=(Variable const&) = delete;
  char const* name;
};

}  // namespace

TEST_CASE("hooks: a program gets a few variables of all, and those that it was granted") {
  Variables const variables{
      {"PATH", "/bin"},          {"HOME", "/home/u"},     {"LANG", "C.UTF-8"},
      {"TOKEN", "hook-secret"},  {"OTHER", "x"},          {"AKAMAI_CLIENT_SECRET", "client-secret"},
      {"CPSCTL_STATE", "state"}, {"HTTPS_PROXY", "proxy"}};
  auto const all = surroundings(variables, {{"ca", "TOKEN"}, {"ca", "UNSET"}, {"dns", "OTHER"}}).value();
  CHECK(all.places.folder == "/p");
  CHECK(all.places.path == "/bin");
  CHECK(all.environment == Variables{{"PATH", "/bin"}, {"HOME", "/home/u"}, {"LANG", "C.UTF-8"}});
  REQUIRE(all.granted.size() == 2);
  REQUIRE(all.granted.at("ca").size() == 1);
  CHECK(all.granted.at("ca").at("TOKEN").reveal() == "hook-secret");
  CHECK(all.granted.at("dns").at("OTHER").reveal() == "x");
  CHECK(std::ranges::any_of(all.secrets, [](Secret const& one) { return one.reveal() == "client-secret"; }));
  CHECK(surroundings({}, {}).value().places.path == "/usr/local/bin:/usr/bin:/bin");
}

TEST_CASE("hooks: a variable that holds a secret of the API client is not granted") {
  auto const refused =
      surroundings({{"COPY", "x client-secret"}, {"AKAMAI_CLIENT_SECRET", "client-secret"}}, {{"ca", "COPY"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::usage);
  CHECK(refused.error().message == "the variable COPY, granted to ca, holds a secret of the API client");
}

TEST_CASE("hooks: the option and its variable grant together") {
  Variable const more("CPSCTL_HOOK_ENV", "dns=KEY, ca=CERT");
  auto const parsed = parse_arguments({"plan", "--hook-env", "ca=TOKEN", "x"});
  REQUIRE(parsed);
  CHECK(parsed->options.global.hook_grants ==
        std::vector<hooks::Grant>{{"ca", "TOKEN"}, {"dns", "KEY"}, {"ca", "CERT"}});
  Variable const manifests("CPSCTL_ENV", "OWNER KEY");
  auto const both = parse_arguments({"plan", "x"});
  REQUIRE_FALSE(both);
  CHECK(both.error().code == Errc::usage);
  CHECK(both.error().message == "the variable KEY is granted both to manifests and to the program dns");
}
