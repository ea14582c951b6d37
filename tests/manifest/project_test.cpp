#include "manifest/project.hpp"

#include "findings.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

/// Files in memory: enough for reading.
class FilesInMemory final : public Files {
 public:
  std::map<std::string, std::string> files = {};
  std::map<std::string, Ownership> owners = {};  ///< of other paths: the user's, all in one file system

  Result<Ownership> ownership(std::filesystem::path const& path) override {
    auto const found = owners.find(path.string());
    return found == owners.end() ? Ownership{} : found->second;
  }
  Result<FileKind> kind(std::filesystem::path const& path) override {
    return files.contains(path.string()) ? FileKind::file : FileKind::missing;
  }
  Result<std::string> read(std::filesystem::path const& path, std::size_t) override {
    if (auto const found = files.find(path.string()); found != files.end()) return found->second;
    return Error{.code = Errc::io, .message = "cannot read " + path.string()};
  }
  Result<> replace(std::filesystem::path const&, std::string_view) override { return refused(); }
  Result<std::unique_ptr<Appender>> append(std::filesystem::path const&) override { return refused(); }
  Result<> truncate(std::filesystem::path const&, std::uint64_t) override { return refused(); }
  Result<> make_folders(std::filesystem::path const&) override { return refused(); }
  Result<> remove(std::filesystem::path const&) override { return refused(); }
  Result<std::vector<std::string>> list(std::filesystem::path const&) override { return refused(); }

 private:
  static Error refused() { return {.code = Errc::io, .message = "read-only"}; }
};

std::string found_in(std::string const& text) {
  FilesInMemory files;
  files.files["/p/cpsctl.yaml"] = text;
  return manifest::lines(manifest::load_project({.file = "/p/cpsctl.yaml"}, files).value().findings);
}

constexpr char const* head = "apiVersion: cpsctl.dev/v1\nkind: Project\n";

}  // namespace

TEST_CASE("project: all settings are read, paths begin at the file's folder") {
  FilesInMemory files;
  files.files["/p/cpsctl.yaml"] = std::string(head) + R"(spec:
  manifests: [certificates/, /abs, ./more]
  exclude: ["**/kustomization.yaml"]
  state: .cpsctl/state.json
  credentials: { section: 7 }
  env: [CONTRACT]
  api: { schema: v12, limits: [35/60s, 20/2s], reserve: 3, parallelism: 8, timeout: 60s, settle: 300s, maxListBytes: 512MB }
  guard: { maxDeletes: 0, maxChanges: 20% }
  signers:
    corp-ca: { exec: [./sign.sh, --days, "90"], timeout: 90s, parallelism: 2, config: { profile: server, depth: 2 } }
    vault: { exec: [vault-sign] }
)";
  auto const loaded = manifest::load_project({.folder = "/p/sub/folder"}, files).value();
  CHECK(manifest::lines(loaded.findings) == "");
  auto const& project = loaded.project;
  CHECK(project.file == "/p/cpsctl.yaml");
  CHECK(project.folder == "/p");
  CHECK(project.manifests == std::vector<std::string>{"/p/certificates/", "/abs", "/p/./more"});
  CHECK(project.exclude == std::vector<std::string>{"**/kustomization.yaml"});
  CHECK(*project.state == "/p/.cpsctl/state.json");
  CHECK(*project.section == "7");
  CHECK(project.env == std::vector<std::string>{"CONTRACT"});
  CHECK(*project.schema == "v12");
  CHECK(project.limits == std::vector<std::string>{"35/60s", "20/2s"});
  CHECK(*project.reserve == 3);
  CHECK(*project.parallelism == 8);
  CHECK(*project.timeout == "60s");
  CHECK(*project.settle == "300s");
  CHECK(*project.max_list_bytes == "512MB");
  CHECK(*project.max_deletes == 0);
  CHECK(*project.max_changes == "20%");
  REQUIRE(project.signers.size() == 2);
  manifest::Program const& signer = project.signers.at("corp-ca");
  CHECK(signer.exec == std::vector<std::string>{"./sign.sh", "--days", "90"});
  CHECK(signer.timeout == std::chrono::seconds(90));
  CHECK(signer.parallelism == 2);
  CHECK(json::compact(*signer.config) == R"({"profile":"server","depth":2})");
  manifest::Program const& usual = project.signers.at("vault");
  CHECK(usual.timeout == std::chrono::minutes(5));
  CHECK(usual.parallelism == 4);
  CHECK(usual.config == nullptr);
}

TEST_CASE("project: without a file everything is unset; a named file must be there") {
  FilesInMemory files;
  auto const none = manifest::load_project({.folder = "/p"}, files).value().project;
  CHECK(none.file == "");
  CHECK(none.folder == ".");
  CHECK(!none.state);
  auto const missing = manifest::load_project({.file = "/p/other.yaml", .folder = "/p"}, files);
  REQUIRE(!missing);
  CHECK(missing.error().code == Errc::io);
}

TEST_CASE("project: the file is checked as strictly as a manifest") {
  struct Case {
    std::string title, text, expect;
  };
  Case const cases[] = {
      {"no spec is fine", head, ""},
      {"an empty file", "",
       "/p/cpsctl.yaml:0:0: error CPS022: the project file is empty; write apiVersion: cpsctl.dev/v1 and kind: "
       "Project\n"},
      {"an unknown key", std::string(head) + "spec: { manifest: [a] }\n",
       "/p/cpsctl.yaml:3:9: error CPS001 spec.manifest: unknown field \"manifest\"; did you mean \"manifests\"?\n"},
      {"a wrong type", std::string(head) + "spec: { api: { parallelism: many } }\n",
       "/p/cpsctl.yaml:3:29: error CPS002 spec.api.parallelism: \"many\" is not a whole number; write decimal digits "
       "only\n"},
      {"a wrong version", std::string(head) + "spec: { api: { schema: v1 } }\n",
       "/p/cpsctl.yaml:3:24: error CPS006 spec.api.schema: there is no api schema \"v1\"; write one of v11, v12\n"},
      {"a variable", std::string(head) + "spec: { state: \"${env:HOME}\" }\n",
       "/p/cpsctl.yaml:3:16: error CPS041 spec.state: the environment variable HOME is not allowed here; grant it "
       "with --env HOME; spec.env of cpsctl.yaml, if it is there, must list it too\n"},
      {"the file of the credentials", std::string(head) + "spec: { credentials: { edgerc: ../x } }\n",
       "/p/cpsctl.yaml:3:24: error CPS009 spec.credentials.edgerc: is for the operator to say, never for a file of the "
       "project; name the file with --edgerc or AKAMAI_EDGERC\n"},
      {"the input", std::string(head) + "spec: { manifests: [\"-\"] }\n",
       "/p/cpsctl.yaml:3:21: error CPS006 spec.manifests[0]: \"-\" does not fit; write a file or a folder; - (stdin) "
       "is "
       "for the command line\n"},
      {"a signer without a program", std::string(head) + "spec: { signers: { a: { timeout: 5m } } }\n",
       "/p/cpsctl.yaml:3:20: error CPS003 spec.signers.a: the required field \"exec\" is missing; add it: a list\n"},
      {"a signer whose program is no word",
       std::string(head) + "spec: { signers: { a: { exec: [\"a\\0b\", \"\"] } } }\n",
       "/p/cpsctl.yaml:3:32: error CPS006 spec.signers.a.exec[0]: \"a\\x00b\" does not fit; write a word of one line\n"
       "/p/cpsctl.yaml:3:40: error CPS006 spec.signers.a.exec[1]: \"\" does not fit; write a word of one line\n"},
      {"a signer with a line break for a name", std::string(head) + "spec: { signers: { \"a\\nb\": { exec: [x] } } }\n",
       "/p/cpsctl.yaml:3:20: error CPS006 spec.signers.a\\nb: \"a\\nb\" cannot be a name here; write a name of "
       "letters, "
       "digits, dots and dashes\n"},
      {"a signer with a key that nobody knows",
       std::string(head) + "spec: { signers: { a: { exec: [], shell: x } } }\n",
       "/p/cpsctl.yaml:3:31: error CPS007 spec.signers.a.exec: has 0 elements, needs at least 1\n"
       "/p/cpsctl.yaml:3:35: error CPS001 spec.signers.a.shell: unknown field \"shell\"; known here: exec, timeout, "
       "parallelism, config\n"},
      {"a signer with a variable", std::string(head) + "spec: { signers: { a: { exec: [\"${env:HOME}/sign\"] } } }\n",
       "/p/cpsctl.yaml:3:32: error CPS041 spec.signers.a.exec[0]: the environment variable HOME is not allowed here; "
       "grant it with --env HOME; spec.env of cpsctl.yaml, if it is there, must list it too\n"},
      {"two documents", std::string(head) + "---\na: b\n",
       "/p/cpsctl.yaml:4:1: error CPS016: a project file is one document; remove this one\n"},
      {"a list", "[]",
       "/p/cpsctl.yaml:1:1: error CPS002: is a list, must be a map of fields; its fields: apiVersion, kind, spec\n"},
      {"bad YAML", "a: [",
       "/p/cpsctl.yaml:1:4: error CPS011: the bracket that opens here is not closed, or a ',' is missing in it; close "
       "it with ']'\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title.c_str()) {
      CHECK(found_in(c.text) == c.expect);
    }
  }
}

TEST_CASE("project: the search ends where a project does") {
  struct Case {
    char const* title;
    char const* end;   ///< a file that is there, too
    char const* home;  ///< the user's
    char const* border;
    bool found;
  };
  Case const cases[] = {
      {"nothing is in the way", "", "", "", true},
      {"a checkout in between", "/p/a/.git", "", "", false},
      {"a checkout where it begins", "/p/a/b/.git", "", "", false},
      {"a checkout next to the file", "/p/.git", "", "", true},
      {"a home in between", "", "/p/a", "", false},
      {"a home next to the file", "", "/p", "", true},
      {"a home elsewhere", "", "/home/u", "", true},
      {"another file system in between", "", "", "/p/a", false},
      {"another file system where it begins", "", "", "/p/a/b", false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    FilesInMemory files;
    files.files["/p/cpsctl.yaml"] = head;
    if (*c.end != '\0') files.files[c.end] = "";
    if (*c.border != '\0')
      for (std::string path = "/p/a/b"; path.size() >= std::string_view(c.border).size(); path.resize(path.rfind('/')))
        files.owners[path] = {.device = 7};
    auto const loaded = manifest::load_project({.folder = "/p/a/b", .home = c.home}, files);
    REQUIRE(loaded);
    CHECK(loaded->project.file == (c.found ? "/p/cpsctl.yaml" : ""));
  }
}

TEST_CASE("project: what is found must be the user's or root's, what is named is taken") {
  FilesInMemory files;
  files.files["/p/cpsctl.yaml"] = head;
  for (Owner const owner : {Owner::user, Owner::root, Owner::stranger}) {
    files.owners["/p/cpsctl.yaml"] = {.owner = owner};
    CHECK(manifest::load_project({.file = "/p/cpsctl.yaml", .folder = "/p/a"}, files));
    auto const found = manifest::load_project({.folder = "/p/a"}, files);
    CHECK(found.has_value() == (owner != Owner::stranger));
    if (found) continue;
    CHECK(found.error().code == Errc::manifest);
    CHECK(found.error().message == "/p/cpsctl.yaml belongs to another user");
    CHECK(found.error().next.find("--config /p/cpsctl.yaml") != std::string::npos);
  }
}
