#include "attack/attack.hpp"
#include "base/json.hpp"

#include <sys/stat.h>

#include <unistd.h>

/// A change by somebody who may write to the repository and to nothing else: manifests, cpsctl.yaml, links, file names.
namespace {

using namespace attack;
namespace fs = std::filesystem;

void refused(Run const& run, int exit, std::string const& words) {
  INFO(run.out, run.err);
  CHECK(run.exit == exit);
  CHECK(says(run, words));
}

std::string organisation(std::string const& name, std::string const& value) {
  std::string text = dv_manifest(name, name + ".example.com");
  auto const at = text.find("o: Example Inc }");
  REQUIRE(at != std::string::npos);
  return text.replace(at, 14, "o: " + value);
}

}  // namespace

TEST_CASE("repository: its variables are those that the operator grants, and never the API client's") {
  Job const job;
  job.project("  env: [AKAMAI_CLIENT_SECRET, AKAMAI_ACCESS_TOKEN, HTTPS_PROXY, HOME, TEAM]\n");
  for (char const* const name : {"AKAMAI_CLIENT_SECRET", "AKAMAI_ACCESS_TOKEN", "HTTPS_PROXY", "HOME", "TEAM"}) {
    CAPTURE(name);
    job.write("manifests/www.yaml", organisation("www", fmt::format("\"${{env:{}}}\"", name)));
    bool const never = std::string_view(name) != "HOME" && std::string_view(name) != "TEAM";
    refused(job.bare({"apply", "--yes"}, {{"TEAM", "web"}}), 65,
            never ? "is for credentials or settings" : "is not allowed here");
  }
  job.project("  env: [COPY]\n");
  job.write("manifests/www.yaml", organisation("www", "\"${env:COPY}\""));
  // Granted, but somebody has put the secret into it.
  refused(job.bare({"apply", "--yes", "--env", "COPY"}, {{"COPY", "x" + job.secret("client_secret")}}), 65,
          "holds a secret");
  CHECK(job.writes() == 0);
  Run const plan = job.bare({"plan", "--env", "COPY"}, {{"COPY", "Example Inc"}});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("${env:COPY} used") != std::string::npos);
}

TEST_CASE("repository: no link, folder or path of the project leads out of it, and nothing behind it is quoted") {
  Job const job;
  fs::remove(job.repo() / "manifests/www.yaml");
  struct Case {
    char const* title;
    char const* target;
    char const* name;
    char const* spec;
  };
  std::string const home = job.home().string();
  for (Case const& one :
       {Case{"the process's environment", "/proc/self/environ", "manifests/x.yaml", ""},
        Case{"a token", "../../home/token", "manifests/x.yaml", ""},
        Case{"the credentials", "../../home/.edgerc", "manifests/x.yaml", ""},
        Case{"the whole file system", "/", "manifests/root", ""}, Case{"a process", "/proc/self", "manifests/p", ""},
        Case{"a path of the project file", "", "", "  manifests: [/proc/self/environ]\n"},
        Case{"a path that climbs", "", "", "  manifests: [../home]\n"},
        Case{"a link that the project file names", "../home", "linked", "  manifests: [linked]\n"}}) {
    SUBCASE(one.title) {
      if (*one.name != '\0') job.link(one.target, one.name);
      if (*one.spec != '\0') job.project(one.spec);
      refused(job.bare({"validate"}), 65, "leads out of");
      refused(job.bare({"apply", "--yes"}), 65, "leads out of");
      CHECK(job.requests().empty());
    }
  }
}

TEST_CASE("repository: a given PATH that is a link is followed no further than its folder") {
  Job const job;
  job.link("../../home/token", "manifests/x.yaml");
  refused(job.bare({"validate", "manifests/x.yaml"}), 65, "leads out of");
  job.link("manifests", "current");
  Run const fine = job.bare({"validate", "current/www.yaml"});
  CHECK(fine.exit == 0);
}

TEST_CASE("repository: files that are not manifests are never quoted") {
  Job const job;
  job.write("manifests/leak.yaml", "password: [QUOTED-SECRET\n");
  Run const run = job.bare({"validate"});
  CHECK(run.exit == 65);
  CHECK(says(run, "leak.yaml:"));
  CHECK_FALSE(says(run, "QUOTED-SECRET"));
}

TEST_CASE("repository: pipes and devices are refused before they are opened") {
  Job const job;
  ::mkfifo((job.repo() / "manifests/pipe.yaml").c_str(), 0600);
  refused(job.bare({"validate"}), 65, "pipe.yaml");
  fs::remove(job.repo() / "manifests/pipe.yaml");
  job.link("/dev/zero", "manifests/zero.yaml");
  refused(job.bare({"validate"}), 65, "zero.yaml");
}

TEST_CASE("repository: the state lies below the project, also where links lead") {
  Job const job;
  for (std::string const state : {"../home/.bash_profile", "/tmp/cpsctl-attack/state.json", "~/x"}) {
    CAPTURE(state);
    job.project("  manifests: [manifests]\n  state: " + state + "\n");
    refused(job.run({"apply", "--yes"}), 65, "outside of the project");
  }
  job.project("  manifests: [manifests]\n");
  job.link("../home", ".cpsctl");
  refused(job.run({"apply", "--yes"}), 65, "outside of the project");
  CHECK(job.writes() == 0);
}

TEST_CASE("repository: a project file that leads elsewhere is not read, and what is not a file is not skipped") {
  Job const job;
  job.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  for (std::string const target : {"../home/.edgerc", "../home/victim", "/etc/passwd"}) {
    CAPTURE(target);
    job.link(target, "cpsctl.yaml");
    refused(job.bare({"validate", "manifests"}), 65, "leads out of");
    refused(job.bare({"validate", "--config", "cpsctl.yaml", "manifests"}), 65, "leads out of");
    fs::remove(job.repo() / "cpsctl.yaml");
  }
  job.link("nowhere", "cpsctl.yaml");
  refused(job.bare({"validate", "manifests"}), 65, "is a link to nothing");
  fs::remove(job.repo() / "cpsctl.yaml");
  fs::create_directory(job.repo() / "cpsctl.yaml");
  refused(job.bare({"validate", "manifests"}), 65, "is not a regular file");
  fs::remove(job.repo() / "cpsctl.yaml");
  // A link that stays is how a configuration is mounted.
  job.write("versions/1/cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { manifests: [manifests] }\n");
  job.link("versions/1/cpsctl.yaml", "cpsctl.yaml");
  CHECK(job.bare({"validate"}).exit == 0);
}

TEST_CASE("repository: no folder that is a link leads what is written elsewhere") {
  Job const job;
  job.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  SUBCASE("the sandbox's folder") {
    fs::create_directory(job.repo() / ".cpsctl");
    job.link("../../home", ".cpsctl/sandbox");
    refused(job.run({"plan", "--sandbox", "manifests"}), 64, "--sandbox .cpsctl/sandbox leads out of");
    refused(job.run({"sandbox"}), 64, "leads out of");
  }
  SUBCASE("the folder around it, and a state that the operator names") {
    job.link("../home", ".cpsctl");
    refused(job.run({"plan", "--sandbox", "manifests"}), 64, "leads out of");
    refused(job.run({"apply", "--yes", "--state", ".cpsctl/state.json", "manifests"}), 64, "--state");
  }
  SUBCASE("imported manifests and reports") {
    job.link("../home", "out");
    refused(job.run({"import", "--contract", "1-1TJZH5", "--out-dir", "out"}), 64, "--out-dir out leads out of");
    refused(job.run({"validate", "--out", "json=out/v.json", "manifests"}), 64, "--out out/v.json leads out of");
  }
  CHECK(job.writes() == 0);
}

TEST_CASE("repository: nothing is written through a link") {
  Job const job;
  fs::create_directories(job.repo() / ".cpsctl/sandbox");
  SUBCASE("the lock") {
    job.link("../../home/victim", ".cpsctl/state.json.lock");
    refused(job.run({"apply", "--yes"}), 74, "state.json.lock");
    refused(job.run({"state", "unlock", "--force"}), 74, "state.json.lock");
  }
  SUBCASE("the lock, by a second name") {
    fs::create_hard_link(job.home() / "victim", job.repo() / ".cpsctl/state.json.lock");
    refused(job.run({"apply", "--yes"}), 74, "second name");
  }
  SUBCASE("the journal") {
    fs::create_hard_link(job.home() / "victim", job.repo() / ".cpsctl/state.json.journal");
    CHECK(job.run({"apply", "--yes"}).exit == 74);
  }
  SUBCASE("the sandbox's log") {
    job.link("../../../home/victim", ".cpsctl/sandbox/requests.log");
    CHECK(job.run({"plan", "--sandbox"}).exit == 74);
  }
  SUBCASE("the sandbox's lock") {
    job.link("../../../home/victim", ".cpsctl/sandbox/lock");
    CHECK(job.run({"plan", "--sandbox"}).exit == 74);
  }
  CHECK(job.writes() == 0);
}

TEST_CASE("repository: file names and values that are not UTF-8 never get into our files") {
  Job const job;
  SUBCASE("a file name") {
    job.write("manifests/a\xff.yaml", dv_manifest("a", "a.example.com"));
    refused(job.run({"apply", "--yes"}), 65, "its name is not UTF-8");
    cpsctl::json::Document const report = job.run({"validate", "-o", "json"}).json();
    CHECK(report.IsObject());
    CHECK(job.writes() == 0);
  }
  SUBCASE("an escape of YAML is a character, and what is written can be read") {
    job.write("manifests/www.yaml", organisation("www", R"("Example\_Corp\N")"));
    CHECK(job.run({"apply", "--yes"}).exit == 0);
    for (std::vector<std::string> const& command :
         std::initializer_list<std::vector<std::string>>{{"plan"}, {"state", "list"}, {"apply", "--yes"}}) {
      Run const run = job.run(command);
      INFO(run.out, run.err);
      CHECK(run.exit == 0);
    }
    CHECK(says(job.run({"state", "show", "www", "-o", "json"}), "Example\u00a0Corp"));
    CHECK(job.writes() == 1);
  }
  SUBCASE("the working directory, also where a link leads there") {
    fs::path const odd = job.repo() / "w\xff";
    fs::create_directory(odd);
    fs::rename(job.repo() / "manifests", odd / "manifests");
    job.link("w\xff", "link");
    for (std::vector<std::string> const& command : std::initializer_list<std::vector<std::string>>{
             {"apply", "--yes"}, {"plan", "--out", "json=p.json"}, {"validate", "-o", "json"}, {"state", "rebuild"}}) {
      CAPTURE(command.front());
      std::vector<std::string> by_link = command;
      by_link.insert(by_link.end(), {"-C", "link"});
      refused(job.run(std::move(by_link)), 64, "the name of the working directory is not UTF-8");
      refused(program::run_cpsctl(command, {.folder = odd}), 64, "the name of the working directory is not UTF-8");
    }
    CHECK(std::distance(fs::directory_iterator(odd), {}) == 1);
    CHECK(job.requests().empty());
  }
  SUBCASE("arguments and variables of ours") {
    CHECK(job.run({"plan", "--state", "x\xff.json"}).exit == 64);
    CHECK(job.run({"plan"}, {{"CPSCTL_STATE", "x\xff.json"}}).exit == 64);
  }
}

TEST_CASE("repository: commands of CI systems in names and keys are inert") {
  Job const job;
  job.write("manifests/::stop-commands::x.yaml",
            "apiVersion: cpsctl.dev/v1\nkind: Enrollment\nspec:\n"
            "  ::error file=README.md,line=1::approved: 1\n"
            "  \"##vso[task.setvariable variable=PATH]/tmp/x\": 2\n");
  CHECK(job.run({"validate", "."}).exit == 65);
  CHECK(job.run({"plan"}).exit == 65);
  for (std::string const format : {"json", "sarif"}) {
    CAPTURE(format);
    Run const run = job.run({"validate", "-o", format, "."});
    CHECK(run.exit == 65);
    CHECK(run.out.find("##") == std::string::npos);
    CHECK(cpsctl::json::parse(run.out, "the document").has_value());
  }
}

TEST_CASE("repository: a folder of its manifests whose name is a command is printed inert by import") {
  Job const job;
  REQUIRE(job.run({"apply", "--yes"}).exit == 0);
  fs::remove_all(job.repo() / "manifests");
  fs::remove_all(job.repo() / ".cpsctl");
  job.project(R"(  manifests: ["m/\e]0;x\a\n::error::y"])"
              "\n");
  Run const run = job.run({"import", "--contract", "1-1TJZH5"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(says(run, R"(Imported 1 enrollment into m/\x1b]0;x\x07\n::error::y: 1 file)"));
}

TEST_CASE("repository: what it says about times and limits makes cpsctl more careful, never less") {
  Job const job;
  job.project("  manifests: [manifests]\n  api: { settle: 0s, createSpacing: 0s, limits: [\"100000/1s\"] }\n");
  Run const run = job.run({"plan"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(says(run, "spec.api.settle of the project file is shorter than 5 min"));
  CHECK(says(run, "spec.api.createSpacing"));
  CHECK_FALSE(says(run, "Settings:"));
  CHECK_FALSE(says(run, "not shared"));
  Run const operators = job.run({"plan", "--settle", "1s", "--request-limit", "100/1s"});
  INFO(operators.out, operators.err);
  CHECK(says(operators, "Settings: "));
  CHECK(says(operators, "settle 1 s instead of 5 min"));
  Run const longer = [&] {
    job.project("  manifests: [manifests]\n  api: { settle: 1h }\n");
    return job.run({"plan"});
  }();
  CHECK(says(longer, "settle 1 h instead of 5 min"));
}

TEST_CASE("repository: it names no file of credentials, and a section only where no variables choose") {
  Job const job;
  job.write("evil.rc", "[default]\nhost = evil.example.com\nclient_token = a\nclient_secret = b\naccess_token = c\n");
  for (std::string const one : {"edgerc: evil.rc", "edgerc: ~/.gitconfig", "host: evil.example.com"}) {
    CAPTURE(one);
    job.project("  manifests: [manifests]\n  credentials: { " + one + " }\n");
    refused(job.bare({"plan"}), 65, "is for the operator to say");
  }
  job.project("  manifests: [manifests]\n  credentials: { section: \"x]\\nhost = y\" }\n");
  refused(job.bare({"plan"}), 65, "spec.credentials.section");

  // Variables of two accounts: the job means AKAMAI_*.
  job.project("  manifests: [manifests]\n  credentials: { section: prod }\n");
  std::map<std::string, std::string> other;
  for (char const* const key : {"HOST", "CLIENT_TOKEN", "CLIENT_SECRET", "ACCESS_TOKEN"})
    other.emplace(std::string("AKAMAI_PROD_") + key, "other.example.com");
  refused(job.bare({"plan"}, other), 77, "the project file names section prod");
  refused(job.bare({"plan"}), 77, "--section default or --section prod");
  CHECK(job.requests().empty());
  CHECK(job.bare({"plan", "--section", "default"}, other).exit == 0);
  CHECK(job.bare({"plan"}, {{"AKAMAI_EDGERC_SECTION", "default"}}).exit == 0);
  CHECK(job.bare({"validate"}, other).exit == 0);
}

TEST_CASE("repository: the names of sections of another file are not shown") {
  Job const job;
  job.write("gitconfig", "[user]\n[url \"https://oauth2:TOKEN-SECRET-3@gitlab.example.com/\"]\n");
  Run const run = job.bare({"plan"}, {{"AKAMAI_EDGERC", "gitconfig"}, {"AKAMAI_EDGERC_SECTION", "x"}});
  refused(run, 77, "only [user] and 1 section with another name");
  CHECK_FALSE(says(run, "TOKEN-SECRET-3"));
}

TEST_CASE("repository: its project file does not wait for the input") {
  Job const job;
  job.project("  manifests: [\"-\"]\n");
  refused(job.run({"plan"}), 65, "is for the command line");
}

TEST_CASE("repository: a project file of another user, or from outside the checkout, is not found by search") {
  Job const job;
  fs::create_directories(job.repo() / "deep/er");
  job.project("  manifests: [manifests]\n  credentials: { edgerc: x }\n");  // whoever reads it fails
  Run const read = job.run({"-C", "deep/er", "plan", "../../manifests"});
  refused(read, 65, "is for the operator to say");
  SUBCASE("a checkout ends the search") {
    fs::create_directories(job.repo() / "deep/.git");
    Run const run = job.run({"-C", "deep/er", "plan", "../../manifests"});
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
  }
  SUBCASE("the home folder ends it") {
    Run const run = job.run({"-C", "deep/er", "plan", "../../manifests"}, {{"HOME", (job.repo() / "deep").string()}});
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
  }
  SUBCASE("another owner") {
    if (::geteuid() != 0) {
      MESSAGE("SKIPPED: only root can give files away");
      return;
    }
    job.project("  manifests: [manifests]\n");
    REQUIRE(::chown((job.repo() / "cpsctl.yaml").c_str(), 65534, 65534) == 0);
    refused(job.run({"-C", "deep/er", "plan", "../../manifests"}), 65, "belongs to another user");
    refused(job.run({"plan"}), 65, "--config cpsctl.yaml");
    CHECK(job.run({"plan", "--config", "cpsctl.yaml"}).exit == 0);
  }
}
