// Until when certificates are valid: apply learns it, at hardly any cost; plan, status and guard rails know it.
#include "program/counted.hpp"

#include <filesystem>

using namespace program;

namespace {

struct Dated : Counted {
  explicit Dated(int count = 3) { sites(count, "quicEnabled: false"); }
  std::string says_after(std::vector<std::string> arguments) const {
    Run const done = run(std::move(arguments));
    INFO(done.out, done.err);
    REQUIRE(done.exit == 0);
    return done.out;
  }
  void lose_state() const {
    for (char const* const file : {"state.json", "state.json.bak", "state.json.journal"})
      std::filesystem::remove(folder / "cps" / file);
  }
  std::size_t sent(std::string const& part) const {
    auto const all = requests(folder / "cps");
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](auto const& line) { return says(line, part); }));
  }
};

std::vector<std::string> const apply{"apply", "--yes"};

}  // namespace

TEST_CASE("dates: one request a contract and day; then plan and status know them, at no cost") {
  Dated const project;
  CHECK(project.cost(apply) == 1 + 3);
  CHECK_FALSE(says(project.says_after({"status"}), "expires"));
  CHECK(project.cost(apply) == 2);
  CHECK(project.sent("/active-certificates") == 1);
  CHECK(project.cost(apply) == 1);

  CHECK(project.cost({"status", "--expiring", "400d"}) == 1);
  std::string const expiring = project.says_after({"status", "--expiring", "400d"});
  CHECK(says(expiring, "3 enrollments whose certificate ends within"));
  CHECK_FALSE(says(expiring, "Not known"));
  CHECK(project.cost({"status", "n1"}) == 1);

  project.folder.write("manifests/all.yaml", replaced(read(project.folder / "manifests/all.yaml"), "quicEnabled: false",
                                                      "quicEnabled: true"));
  CHECK(says(project.says_after({"plan"}), "production · expires 20"));
}

TEST_CASE("dates: after a lost state plan does not know them, and apply learns them again") {
  Dated const project;
  project.cost(apply);
  project.cost(apply);
  project.lose_state();
  CHECK(project.cost(apply) == 1);  // takes over what is identical
  CHECK_FALSE(says(project.says_after({"status"}), "expires"));
  CHECK(project.cost(apply) == 2);
  CHECK(says(project.says_after({"status"}), "expires"));
}

TEST_CASE("dates: where CPS does not list active certificates, each is asked for, once") {
  Dated const project;
  project.cost(apply);
  std::vector<std::string> without = apply;
  without.insert(without.end(), {"--fault", "GET /active-certificates: status 404 not-found"});
  CHECK(project.cost(without) == 2 + 3);
  CHECK(project.sent("/deployments") == 3);
  CHECK(project.cost(without) == 1);
  CHECK(says(project.says_after({"status"}), "expires"));
}

TEST_CASE("dates: what cannot be read at the moment is left to the next run, and fails none") {
  Dated const project;
  project.cost(apply);
  std::vector<std::string> away = apply;
  away.insert(away.end(), {"--fault", "GET /active-certificates: status 503 empty"});
  project.cost(away);
  CHECK(project.cost(apply) == 2);
  CHECK(says(project.says_after({"status"}), "expires"));
}

TEST_CASE("dates: another certificate is learned of by one request; the guard of dates asks for nothing") {
  Dated const project(1);
  std::string const text = read(project.folder / "manifests/all.yaml");
  project.folder.write("manifests/all.yaml", replaced(text, "changeManagement: false", "changeManagement: true"));
  project.cost(apply);
  project.cost(apply);
  std::string const managed = read(project.folder / "manifests/all.yaml");
  project.folder.write("manifests/all.yaml", replaced(managed, "sans: [", "sans: [new.example.com, "));
  project.cost(apply);
  CHECK(project.cost({"apply", "--yes", "--settle", "0s"}) == 2);
  CHECK(project.sent("/deployments") == 1);

  project.folder.write("manifests/all.yaml", replaced(replaced(managed, "sans: [", "sans: [other.example.com, "),
                                                      "spec:\n", "spec:\n  deploy: { notBefore: 2040-01-02 }\n"));
  CHECK(project.cost({"plan", "--settle", "0s"}) == 1);
  CHECK(says(project.says_after({"plan", "--settle", "0s"}),
             "spec.deploy.notBefore 2040-01-02 is later than seven days before the live certificate ends"));
}
