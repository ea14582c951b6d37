#include "base/json.hpp"
#include "places.hpp"
#include "program/project.hpp"

/// A CPS that refuses all that CPS and its CAs are known to refuse takes everything that cpsctl sends.
namespace {

using namespace program;
namespace fs = std::filesystem;

struct Strict {
  Folder folder;

  Run run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--strict", "--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  void expect(std::vector<std::string> arguments, int exit) const {
    Run const run = this->run(std::move(arguments));
    INFO(run.out, run.err);
    REQUIRE(run.exit == exit);
  }
  void edit(std::string const& file, std::string const& from, std::string const& to) const {
    folder.write(file, replaced(read(folder / file), from, to));
  }
  std::size_t writes() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        requests(folder / "cps"), [](std::string const& line) { return !line.starts_with("GET"); }));
  }
};

}  // namespace

TEST_CASE("strict: the examples are created, changed, imported and deleted") {
  Strict const cps;
  fs::copy(places::source("manifests"), cps.folder / "manifests");
  fs::remove(cps.folder / "manifests/README.md");
  cps.expect({"apply", "--yes"}, 0);
  cps.expect({"plan", "--detailed-exitcode"}, 0);
  cps.edit("manifests/profiles.yaml", "617-555-0111", "617-555-0199");
  cps.edit("manifests/dv-san.yaml", "sans: [", "sans: [more.example.com, ");
  cps.expect({"apply", "--yes"}, 0);
  cps.expect({"plan", "--detailed-exitcode"}, 0);
  fs::remove_all(cps.folder / ".cpsctl");
  fs::rename(cps.folder / "manifests", cps.folder / "old");
  cps.expect({"import", "--contract", "1-1TJZH5", "--out-dir", "manifests"}, 0);
}

TEST_CASE("strict: names in any spelling are sent as CPS wants them: in creates, updates and adoptions") {
  Strict const cps;
  std::string const text = dv_manifest("www",
                                       "WWW.B\xC3\xBC"
                                       "cher.example.com.");
  cps.folder.write("manifests/www.yaml", replaced(text, "sans: [", "sans: [\"A.example.com.\", \"*.b.example.com\", "));
  cps.expect({"apply", "--yes"}, 0);
  cps.expect({"plan", "--detailed-exitcode"}, 0);
  cps.edit("manifests/www.yaml", "[\"A.example.com.\"",
           "[\"stra\xC3\x9F"
           "e.example.com.\", \"A.example.com.\"");
  cps.expect({"apply", "--yes"}, 0);
  cps.expect({"plan", "--detailed-exitcode"}, 0);
  fs::remove_all(cps.folder / ".cpsctl");
  cps.edit("manifests/www.yaml", "spec:\n", "spec:\n  lifecycle: { adopt: always }\n");
  cps.edit("manifests/www.yaml", "[\"stra", "[\"N.Example.com.\", \"stra");
  cps.expect({"apply", "--yes"}, 0);
  cps.expect({"plan", "--detailed-exitcode"}, 0);
}

TEST_CASE("strict: what it would refuse is held back by the plan, and never sent") {
  struct Case {
    char const *title, *from, *to;
  };
  for (Case const& one :
       {Case{"an invisible character", "www.example.com", "\"ww\\u200bw.example.com\""},
        Case{"a long common name", "www.example.com",
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com"},
        Case{"one word", "www.example.com", "intranet"}, Case{"an inner name", "www.example.com", "www.corp"},
        Case{"an underscore", "www.example.com", "w_w.example.com"},
        Case{"a blank contact", "firstName: A,", "firstName: \" \","},
        Case{"a null contact", "firstName: A,", "firstName: null,"}}) {
    CAPTURE(one.title);
    Strict const cps;
    cps.folder.write("manifests/www.yaml", replaced(dv_manifest("www", "www.example.com"), one.from, one.to));
    Run const run = cps.run({"apply", "--yes"});
    INFO(run.out, run.err);
    CHECK(run.exit == 4);
    CHECK(cps.writes() == 0);
  }
}

TEST_CASE("strict: an update in v11 keeps the fipsMode that only v12 knows") {
  Strict const cps;
  std::string const text = replaced(dv_manifest("www", "www.example.com"), "spec:\n", "spec:\n  apiSchema: v12\n");
  cps.folder.write("manifests/www.yaml",
                   replaced(text, "quicEnabled: false", "quicEnabled: false\n      fipsMode: true"));
  cps.expect({"apply", "--yes"}, 0);
  cps.edit("manifests/www.yaml", "  apiSchema: v12\n", "");
  cps.edit("manifests/www.yaml", "\n      fipsMode: true", "");
  cps.expect({"state", "forget", "www"}, 0);  // so that nothing knows of v12 any more
  cps.expect({"apply", "--yes"}, 0);
  cps.edit("manifests/www.yaml", "617-555-0102", "617-555-0109");
  cps.expect({"apply", "--yes"}, 0);
  cps.edit("manifests/www.yaml", "spec:\n", "spec:\n  apiSchema: v12\n");
  cps.edit("manifests/www.yaml", "quicEnabled: false", "quicEnabled: false\n      fipsMode: true");
  Run const plan = cps.run({"plan"});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("fipsMode") == std::string::npos);
}
