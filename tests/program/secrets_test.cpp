#include "edgegrid/credentials.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

/// Law 10: secrets stay out of everything that cpsctl writes, at the highest verbosity, also when it fails.
namespace {

using namespace cpsctl;
using namespace program;

/// What must be nowhere: the credentials' words, and signed headers.
std::vector<std::string> secrets(std::string const& edgerc) {
  auto const credentials = edgegrid::load_credentials(
      {.edgerc = edgerc}, [](std::string const&) { return std::nullopt; }, system_files());
  REQUIRE(credentials);
  return {std::string(credentials->client_secret.reveal()), std::string(credentials->client_token.reveal()),
          std::string(credentials->access_token.reveal()), "EG1-HMAC-SHA256", "signature="};
}

struct Written {
  std::map<std::string, std::string> texts;

  void add(std::string const& title, Run const& run) {
    texts[title + ": stdout"] = run.out;
    texts[title + ": stderr"] = run.err;
  }
  void add(std::filesystem::path const& folder) {
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) texts[entry.path().string()] = read(entry.path());
  }
  /// Where any of the words is.
  std::vector<std::string> holding(std::vector<std::string> const& words) const {
    std::vector<std::string> found;
    for (auto const& [title, text] : texts)
      for (std::string const& word : words)
        if (text.find(word) != std::string::npos) found.push_back(title + " holds " + word);
    return found;
  }
};

}  // namespace

TEST_CASE("secrets: nothing that cpsctl prints or writes holds one, whatever it does and however it fails") {
  Folder const project;
  Folder const cps;
  Folder const governor;
  auto started = sandbox::Server::start({.folder = cps.path()});
  REQUIRE(started);
  auto const server = std::move(*started);
  std::vector<std::string> const words = secrets(server->edgerc().string());
  for (std::string const& word : words) REQUIRE(word.size() > 8);

  project.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Written written;
  auto const run = [&](std::string const& title, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"-vv", "--edgerc", server->edgerc().string(), "--ca-file", server->ca_file().string()});
    Run const text =
        run_cpsctl(arguments, {.folder = project.path(), .environment = {{"XDG_STATE_HOME", governor.path()}}});
    written.add(title, text);
    arguments.insert(arguments.end(), {"--log-format", "json"});
    written.add(title + " (JSON log)", run_cpsctl(arguments, {.folder = project.path(),
                                                              .environment = {{"XDG_STATE_HOME", governor.path()}}}));
    return text.exit;
  };
  CHECK(run("validate", {"validate"}) == 0);
  CHECK(run("plan", {"plan", "--out", "json=plan.json", "--out", "md=plan.md", "--out", "junit=plan.xml"}) == 0);
  CHECK(run("apply", {"apply", "--yes", "--out", "json=result.json", "--out", "md=result.md"}) == 0);
  CHECK(run("status", {"status", "-o", "json"}) == 0);
  CHECK(run("state", {"state", "list"}) == 0);
  CHECK(run("import", {"import", "--contract", "1-1TJZH5", "--out-dir", "imported"}) >= 0);
  CHECK(run("a usage error", {"plan", "--rate", "many"}) == 64);

  // Refused credentials: the server knows others than these.
  std::string wrong = read(server->edgerc());
  std::string const& secret = words.front();
  auto const at = wrong.find(secret);
  REQUIRE(at != std::string::npos);
  wrong[at] = wrong[at] == 'x' ? 'y' : 'x';
  auto const edgerc = cps.write("wrong-edgerc", wrong);
  std::string const near_secret = wrong.substr(at, secret.size());
  Run const refused = run_cpsctl({"plan", "-vv", "--edgerc", edgerc.string(), "--ca-file", server->ca_file().string()},
                                 {.folder = project.path()});
  CHECK(refused.exit == 77);
  written.add("refused", refused);

  // A damaged file, and a line that is not a setting: the message must not show the line.
  std::string const broken = "[default]\nclient_secret " + secret + "\n" + secret + "\n";
  Run const damaged =
      run_cpsctl({"plan", "-vv", "--edgerc", cps.write("broken-edgerc", broken).string()}, {.folder = project.path()});
  CHECK(damaged.exit == 77);
  written.add("damaged", damaged);

  written.add(project.path());
  written.add(governor.path());
  std::vector<std::string> all = words;
  all.push_back(near_secret);
  CHECK(written.texts.size() > 25);
  for (std::string const& leak : written.holding(all)) FAIL_CHECK(leak);

  // The search finds what there is to find.
  written.add(cps.path());
  CHECK(written.holding({secret}).size() >= 2);
}

TEST_CASE("secrets: manifests use only the variables that the operator grants, and none that holds a secret") {
  Folder const project;
  std::string manifest = dv_manifest("www", "www.example.com");
  auto const at = manifest.find("o: Example Inc }");
  REQUIRE(at != std::string::npos);
  project.write("manifests/www.yaml", manifest.replace(at, 16, "o: \"${env:ORG}\" }"));
  auto const validate = [&](std::vector<std::string> more, std::map<std::string, std::string> environment) {
    more.insert(more.begin(), "validate");
    return run_cpsctl(more, {.folder = project.path(), .environment = std::move(environment)});
  };
  Run const ungranted = validate({}, {{"ORG", "Example"}});
  CHECK(ungranted.exit == 65);
  CHECK(ungranted.out.find("--env ORG") != std::string::npos);
  project.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { env: [ORG] }\n");
  CHECK(validate({}, {{"ORG", "Example"}}).exit == 65);
  CHECK(validate({"--env", "ORG"}, {{"ORG", "Example"}}).exit == 0);
  CHECK(validate({}, {{"ORG", "Example"}, {"CPSCTL_ENV", "OTHER, ORG"}}).exit == 0);

  std::string const secret = "a-secret-of-the-client";
  std::string const edgerc =
      project.write("edgerc", "[default]\nhost = a.example.com\nclient_token = tttttttttt\nclient_secret = " + secret +
                                  "\naccess_token = aaaaaaaaaa\n");
  Run const of_file = validate({"--env", "ORG", "--edgerc", edgerc}, {{"ORG", "x" + secret}});
  Run const of_environment = validate({"--env", "ORG"}, {{"ORG", secret}, {"AKAMAI_CLIENT_SECRET", secret}});
  for (Run const* run : {&of_file, &of_environment}) {
    CHECK(run->exit == 65);
    CHECK(run->out.find("holds a secret") != std::string::npos);
    CHECK((run->out + run->err).find(secret) == std::string::npos);
  }
  project.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { env: [OTHER] }\n");
  CHECK(validate({"--env", "ORG"}, {{"ORG", "Example"}}).exit == 65);
}
