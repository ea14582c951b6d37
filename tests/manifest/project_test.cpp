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
  return manifest::lines(manifest::load_project("/p/cpsctl.yaml", ".", files).value().findings);
}

constexpr char const* head = "apiVersion: cpsctl.dev/v1\nkind: Project\n";

}  // namespace

TEST_CASE("project: all settings are read, paths begin at the file's folder") {
  FilesInMemory files;
  files.files["/p/cpsctl.yaml"] = std::string(head) + R"(spec:
  manifests: [certificates/, /abs, ./more]
  exclude: ["**/kustomization.yaml"]
  state: .cpsctl/state.json
  credentials: { edgerc: ~/.edgerc, section: 7 }
  env: [CONTRACT]
  api: { schema: v12, limits: [35/60s, 20/2s], reserve: 3, parallelism: 8, timeout: 60s, settle: 300s, maxListBytes: 512MB }
  guard: { maxDeletes: 0, maxChanges: 20% }
)";
  auto const loaded = manifest::load_project({}, "/p/sub/folder", files).value();
  CHECK(manifest::lines(loaded.findings) == "");
  auto const& project = loaded.project;
  CHECK(project.file == "/p/cpsctl.yaml");
  CHECK(project.folder == "/p");
  CHECK(project.manifests == std::vector<std::string>{"/p/certificates/", "/abs", "/p/./more"});
  CHECK(project.exclude == std::vector<std::string>{"**/kustomization.yaml"});
  CHECK(*project.state == "/p/.cpsctl/state.json");
  CHECK(*project.edgerc == "~/.edgerc");
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
}

TEST_CASE("project: without a file everything is unset; a named file must be there") {
  FilesInMemory files;
  auto const none = manifest::load_project({}, "/p", files).value().project;
  CHECK(none.file == "");
  CHECK(none.folder == ".");
  CHECK(!none.state);
  auto const missing = manifest::load_project("/p/other.yaml", "/p", files);
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
