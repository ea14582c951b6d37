#define DOCTEST_CONFIG_IMPLEMENT
#include "program/counted.hpp"

#include <cstdlib>

/// How many requests each operation takes, counted in the sandbox's log, next to what Akamai's Terraform provider (9.2)
/// takes for each enrollment by its code: n is the number of its polls, ten seconds apart (of deletes: thirty).
namespace {

using program::Counted;

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

void row(std::string const& operation, int enrollments, std::size_t requests, char const* terraform) {
  double const each = static_cast<double>(requests) / enrollments;
  fmt::print("{:<44} {:>11} {:>9} {:>7.3f}   {}\n", operation, enrollments, requests, each, terraform);
}

struct Project : Counted {
  void edit(std::string const& from, std::string const& to) const {
    folder.write("manifests/all.yaml", replaced(program::read(folder / "manifests/all.yaml"), from, to));
  }
  void lose_state() const {
    for (char const* const file : {"state.json", "state.json.bak", "state.json.journal"})
      std::filesystem::remove(folder / "cps" / file);
  }
};

std::vector<std::string> const apply{"apply", "--yes", "--quiet"};

void many() {
  constexpr int count = 1000;
  Project const project;
  project.sites(count, "quicEnabled: false");
  row("create", count, project.cost(apply), "6 + n");
  row("plan, nothing to do", count, project.cost({"plan", "--detailed-exitcode"}), "2; 4 to 5 with changes pending");
  row("apply again, nothing to do", count, project.cost(apply), "2");
  project.lose_state();
  row("state lost: state rebuild", count, project.cost({"state", "rebuild"}), "-");
  project.lose_state();
  row("state lost: apply adopts what is identical", count, project.cost(apply), "-");
  project.lose_state();
  std::filesystem::remove_all(project.folder / "manifests");
  row("import", count, project.cost({"import", "--contract", "1-1TJZH5", "--out-dir", "manifests"}), "-");
}

void some() {
  constexpr int count = 50;
  Project const mutual;
  mutual.sites(count, "quicEnabled: false", count);
  row("create, with client mutual authentication", count, mutual.cost(apply), "7 + n");

  Project const project;
  project.sites(count + 1, "quicEnabled: false");  // the last manifest of a project is never a wish to delete
  project.cost(apply);
  project.edit("617-555-0102", "617-555-0199");
  row("update, stored at once (a phone number)", count + 1, project.cost(apply), "3");
  project.edit("sans: [", "sans: [one-more.example.com, ");
  row("update, a new certificate (a SAN)", count + 1, project.cost(apply), "6 + n");
  project.edit("spec:\n", "spec:\n  lifecycle: { deletion: delete }\n");
  row("a policy changed, nothing to write to CPS", count + 1, project.cost(apply), "-");
  project.folder.write("manifests/all.yaml", replaced(program::dv_manifest("n0", "n0.example.com"), "spec:\n",
                                                      "spec:\n  lifecycle: { deletion: delete }\n"));
  project.edit("617-555-0102", "617-555-0199");
  project.edit("sans: [", "sans: [one-more.example.com, ");
  std::vector<std::string> deletes = apply;
  deletes.insert(deletes.end(), {"--allow-delete", "--max-deletes", std::to_string(count)});
  for (int i = 1; i <= count; ++i) deletes.insert(deletes.end(), {"--confirm-delete", fmt::format("n{}", i)});
  row("delete", count, project.cost(deletes), "2 + n");
}

/// Changes that wait for their challenges.
void pending() {
  constexpr int count = 200;
  Project const project;
  auto const cost = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--inputs", "wait"});
    return project.cost(std::move(arguments));
  };
  project.sites(count, "quicEnabled: false");
  cost(apply);
  row("plan, changes pending that nobody has seen", count, cost({"plan"}), "4 to 5");
  row("apply, the same", count, cost(apply), "4 to 5 + n");
  row("plan, and it is not their turn", count, cost({"plan"}), "4 to 5");
  row("status, the same", count, cost({"status"}), "-");
}

}  // namespace

int main() {
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](doctest::AssertData const& at) {
    if (!at.m_failed) return;
    fmt::print(stderr, "{}:{}: {} is {}\n", at.m_file, at.m_line, at.m_expr, at.m_decomp.c_str());
    std::exit(1);
  });
  fmt::print("{:<44} {:>11} {:>9} {:>7}   {}\n", "operation", "enrollments", "requests", "each", "Terraform, each");
  many();
  some();
  pending();
  return 0;
}
