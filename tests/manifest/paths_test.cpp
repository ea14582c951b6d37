#include "findings.hpp"
#include "manifest/project.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;

namespace {

namespace fs = std::filesystem;

/// A folder of its own that goes when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "cpsctl-manifest-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path path() const { return path_; }
  void write(std::string const& name, std::string const& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  /// Findings with the folder's name cut off.
  std::string findings(std::vector<Finding> const& all) const {
    std::string text = manifest::lines(all);
    for (std::string const& folder : {path_.string() + "/", path_.string()})
      for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at))
        text.erase(at, folder.size());
    return text;
  }
  manifest::Loaded load(std::vector<std::string> names, manifest::LoadOptions options = {}) const {
    for (std::string& name : names) name = (path_ / name).string();
    options.paths = std::move(names);
    return manifest::load(options, system_files());
  }

 private:
  fs::path path_;
};

std::string profile(std::string const& name) {
  return "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: { name: " + name + " }\nspec: {}\n";
}

}  // namespace

TEST_CASE("paths: folders are searched in depth for .yaml, .yml and .json, hidden ones are skipped") {
  Folder const folder;
  folder.write("b.yaml", profile("b"));
  folder.write("a/c.yml", profile("c"));
  folder.write("a/d.json", R"({"apiVersion":"cpsctl.dev/v1","kind":"Profile","metadata":{"name":"d"},"spec":{}})");
  folder.write("a/readme.md", "- no: manifest");
  folder.write(".hidden/e.yaml", "]");
  folder.write(".f.yaml", "]");
  auto const loaded = folder.load({"."});
  CHECK(folder.findings(loaded.findings) == "");
  CHECK(loaded.files == 3);
  CHECK(loaded.profiles == 3);
}

TEST_CASE("paths: a file that several paths reach is read once") {
  Folder const folder;
  folder.write("a/b.yaml", profile("b"));
  fs::create_symlink("b.yaml", folder.path() / "a/link.yaml");
  fs::create_directory_symlink(".", folder.path() / "a/loop");
  fs::create_directory_symlink("..", folder.path() / "a/up");
  auto const loaded = folder.load({"a", "a/b.yaml", "a/", "a/../a/b.yaml", "."});
  CHECK(folder.findings(loaded.findings) == "");
  CHECK(loaded.files == 1);
  CHECK(loaded.paths.size() == 5);
  CHECK(loaded.paths[2] == (folder.path() / "a").string());
  CHECK(loaded.paths[3] == (folder.path() / "a/b.yaml").string());
}

TEST_CASE("paths: what yields no manifest is an error, never an empty wish") {
  Folder const folder;
  folder.write("empty/readme.md", "x");
  folder.write("comments.yaml", "# nothing\n---\n---\n");
  folder.write("foreign/k.yaml", "resources: []\n");
  fs::create_symlink("nowhere", folder.path() / "foreign/dangling.yaml");
  CHECK(folder.findings(folder.load({"missing"}).findings) ==
        "missing:0:0: error CPS021: there is no such file or folder; check the path\n");
  CHECK(folder.findings(folder.load({"empty"}).findings) ==
        "empty:0:0: error CPS022: this folder holds no manifest; manifests end in .yaml, .yml or .json; hidden and "
        "excluded files are skipped\n");
  CHECK(folder.findings(folder.load({"comments.yaml"}).findings) ==
        "comments.yaml:0:0: error CPS022: this file holds no manifest; write a document with apiVersion: cpsctl.dev/v1 "
        "and a kind, or remove the file\n");
  CHECK(folder.findings(folder.load({"foreign"}).findings) ==
        "foreign/dangling.yaml:0:0: error CPS021: is a link to nothing; remove it, or exclude it in cpsctl.yaml\n"
        "foreign/k.yaml:1:1: error CPS023: this is not a cpsctl.dev/v1 document: it has no apiVersion; add apiVersion: "
        "cpsctl.dev/v1, or list the file under exclude: in cpsctl.yaml\n");
}

TEST_CASE("paths: globs of the project file exclude files, and the project file is never a manifest") {
  Folder const folder;
  folder.write(
      "cpsctl.yaml",
      "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { exclude: [\"**/kustomization.yaml\", \"x/*.json\"] }\n");
  folder.write("a/kustomization.yaml", "resources: []\n");
  folder.write("kustomization.yaml", "resources: []\n");
  folder.write("x/package.json", "{}");
  folder.write("x/y.yaml", profile("y"));
  auto const project = manifest::load_project({.folder = folder.path() / "a"}, system_files()).value().project;
  CHECK(project.file == (folder.path() / "cpsctl.yaml").string());
  auto const loaded = folder.load({"."}, {.exclude = project.exclude, .project_file = project.file});
  CHECK(folder.findings(loaded.findings) == "");
  CHECK(loaded.files == 1);
  CHECK(folder.findings(folder.load({"cpsctl.yaml"}, {.project_file = project.file}).findings) ==
        "cpsctl.yaml:0:0: error CPS021: is the project file, not a manifest; give the folder of the manifests\n");
}

TEST_CASE("paths: profiles may be in another file, before or after") {
  Folder const folder;
  folder.write("a.yaml",
               "apiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: { name: a }\nspec: { profiles: [z], enrollment: "
               "{ csr: {} } }\n");
  folder.write(
      "z.yaml",
      "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: { name: z }\nspec:\n  enrollment: { nonsense: 1 }\n");
  auto const text = folder.findings(folder.load({"."}).findings);
  CAPTURE(text);
  CHECK(text.find("z.yaml:5:17: error CPS001 spec.enrollment.nonsense") != std::string::npos);
  CHECK(text.find("z.yaml:5:17", text.find("z.yaml:5:17") + 1) == std::string::npos);
  CHECK(text.find("a.yaml:4:38: error CPS003 spec.enrollment.csr: the required field \"cn\" is missing, also in the "
                  "profile z") != std::string::npos);
}

TEST_CASE("paths: a file that cannot be read, or a pipe, is a finding") {
  Folder const folder;
  ::mkfifo((folder.path() / "pipe.yaml").c_str(), 0600);
  CHECK(folder.findings(folder.load({"pipe.yaml"}).findings) ==
        "pipe.yaml:0:0: error CPS021: is neither a file nor a folder; use - to read from a pipe\n");
  CHECK(folder.load({"."}).findings.size() == 1);
}
