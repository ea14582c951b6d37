#include "program.hpp"

#include <algorithm>
#include <csignal>
#include <set>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

constexpr char const* people =
    R"(    org: { name: Example Corp, addressLineOne: 150 Broadway, city: Cambridge, region: MA, postalCode: "02142", country: US, phone: 617-555-0111 }
    adminContact: { firstName: Ana, lastName: Diaz, email: ana@example.com, phone: 617-555-0111 }
    techContact: { firstName: Jo, lastName: Smith, email: jo@example.com, phone: 617-555-0112 }
)";

struct Kind {
  char const* validation;
  char const* ra;
  char const* type;
  char const* more;
};
constexpr Kind kinds[] = {{"dv", "lets-encrypt", "san", ""},
                          {"ov", "symantec", "san", "    signatureAlgorithm: SHA-256\n"},
                          {"ev", "symantec", "san", "    orgId: null\n"},
                          {"third-party", "third-party", "third-party", "    thirdParty: { excludeSans: false }\n"}};

/// An account as ten years of clicking leave it: all types, both networks, odd names, twins.
std::string account_of(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    Kind const& kind = kinds[static_cast<std::size_t>(i % 4)];
    bool const twin = i % 50 == 49;
    bool const sni = i % 7 != 0;
    bool const wildcard = i % 11 == 0 && std::string(kind.validation) != "ev";
    std::string cn = fmt::format("{}site-{}.example.com", wildcard ? "*." : "", twin ? i - 4 : i);
    if (i % 13 == 0 && !wildcard) cn = fmt::format("bücher-{}.example.com", i);
    std::string network = fmt::format("geography: core, secureNetwork: {}, sniOnly: {}, quicEnabled: {}",
                                      i % 3 == 0 ? "standard-tls" : "enhanced-tls", sni, i % 2 == 0);
    if (twin)
      network = fmt::format("geography: core, secureNetwork: {}, sniOnly: true, quicEnabled: true",
                            (i - 4) % 3 == 0 ? "enhanced-tls" : "standard-tls");
    if (sni || twin) network += ", dnsNameSettings: { cloneDnsNames: true }";
    if (i % 17 == 0) network += R"(, disallowedTlsVersions: [TLSv1], ocspStapling: "off")";
    if (i % 29 == 0) network += ", clientMutualAuthentication: { setId: Custom-7 }";
    text += fmt::format(
        "---\napiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: {{ name: n{} }}\nspec:\n  contractId: 1-1TJZH5\n"
        "{}  enrollment:\n    ra: {}\n    validationType: {}\n    certificateType: {}\n    changeManagement: {}\n"
        "    enableMultiStackedCertificates: false\n{}"
        "    csr: {{ cn: \"{}\", sans: [alt-{}.example.com], c: US, o: Example Corp{} }}\n"
        "    networkConfiguration: {{ {} }}\n{}",
        i, "  lifecycle: { allowDuplicateCn: true }\n", kind.ra, kind.validation, kind.type, i % 5 == 0, kind.more, cn,
        i, i % 6 == 0 ? ", st: \"\", ou: 'No. 1: \"Web\" #2'" : "", network, people);
  }
  return text;
}

struct Account {
  Folder folder;
  std::vector<std::string> switches = {"--complete-after", "0s"};

  Run run(std::vector<std::string> arguments) const {
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  void lose_state() const {
    for (char const* const name : {"state.json", "state.json.journal", "state.json.bak"})
      std::filesystem::remove(folder / "cps" / name);
  }
  std::size_t asked() const { return requests(folder / "cps").size(); }
};

std::string count_of(Run const& run) {
  return fmt::format("exit {}\n{}{}", run.exit, run.out, run.err);
}

}  // namespace

TEST_CASE("import: an account of 300 enrollments becomes manifests with an empty plan, by one request") {
  Account account;
  SUBCASE("as CPS shows documents by default") {}
  SUBCASE("in shapes that mean the same") {
    account.switches.insert(account.switches.end(), {"--normalise-seed", "7"});
  }
  account.folder.write("old/all.yaml", account_of(300));
  Run const made = account.run({"apply", "--yes", "--quiet", "old"});
  INFO(count_of(made));
  REQUIRE(made.exit == 0);
  REQUIRE(account.run({"plan", "old", "--detailed-exitcode"}).exit == 0);
  account.lose_state();

  std::size_t before = account.asked();
  Run const imported = account.run({"import", "--contract", "ctr_1-1TJZH5", "--out-dir", "certs"});
  INFO(count_of(imported));
  CHECK(imported.exit == 0);
  CHECK(imported.out.find("Imported 300 enrollments into certs") != std::string::npos);
  CHECK(imported.out.find("The plan is empty") != std::string::npos);
  CHECK(account.asked() == before + 1);
  std::filesystem::directory_iterator const files(account.folder / "certs");
  CHECK(std::distance(begin(files), end(files)) == 301);  // and the profiles

  before = account.asked();
  Run const plan = account.run({"plan", "certs", "--detailed-exitcode"});
  INFO(count_of(plan));
  CHECK(plan.exit == 0);
  CHECK(plan.out.find("No changes: 300 unchanged.") != std::string::npos);
  CHECK(account.asked() == before + 1);
  CHECK(run_cpsctl({"validate", "certs"}, {.folder = account.folder.path()}).exit == 0);

  account.lose_state();
  before = account.asked();
  Run const rebuilt = account.run({"state", "rebuild", "certs"});
  INFO(count_of(rebuilt));
  CHECK(rebuilt.exit == 0);
  CHECK(account.asked() == before + 1);
  CHECK(account.run({"plan", "certs", "--detailed-exitcode"}).exit == 0);

  Run const again = account.run({"import", "--contract", "1-1TJZH5", "--out-dir", "certs"});
  INFO(count_of(again));
  CHECK(again.exit == 0);
  CHECK(again.out.find("Nothing to import") != std::string::npos);
}

TEST_CASE("import: one enrollment under a name of one's own; what is there is never overwritten") {
  Account const account;
  account.folder.write("old/all.yaml", account_of(3));
  REQUIRE(account.run({"apply", "--yes", "old"}).exit == 0);
  account.lose_state();
  account.folder.write("certs/shop.yaml", "# mine\n");
  CHECK(account.run({"import", "shop", "--contract", "1-1TJZH5", "--out-dir", "certs"}).exit == 64);
  CHECK(account.run({"import", "shop", "--id", "1", "--contract", "1-1TJZH5", "--out-dir", "other"}).exit == 64);
  Run const one = account.run({"import", "shop", "--id", "10002", "--contract", "1-1TJZH5", "--out-dir", "other"});
  INFO(count_of(one));
  CHECK(one.exit == 0);
  CHECK(std::filesystem::exists(account.folder / "other/shop.yaml"));
  CHECK(read(account.folder / "certs/shop.yaml") == "# mine\n");
  CHECK(account.run({"plan", "other", "--detailed-exitcode"}).exit == 0);
  Run const unmanaged = account.run({"status", "--unmanaged", "-o", "json"});
  CHECK(json::find(unmanaged.json(), "enrollments")->Size() == 2);
}

TEST_CASE("import: an account that is not the credentials' own is named in its manifests") {
  Account const account;
  std::string const ours = dv_manifest("ours", "ours.example.com");
  std::string theirs = dv_manifest("theirs", "theirs.example.com");
  theirs.insert(theirs.find("spec:\n") + 6, "  accountSwitchKey: 1-5C0YLB:1-8BYUX\n");
  account.folder.write("old/ours.yaml", ours);
  account.folder.write("old/theirs.yaml", theirs);
  Run const made = account.run({"apply", "--yes", "old"});
  INFO(count_of(made));
  REQUIRE(made.exit == 0);
  account.lose_state();
  std::filesystem::remove(account.folder / "old/theirs.yaml");
  // The contract is listed for both accounts: the manifests that are there belong to the other one.
  account.folder.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { manifests: [old, certs] }\n");
  Run const imported = account.run(
      {"import", "--contract", "1-1TJZH5", "--account-key", "1-5C0YLB:1-8BYUX", "--out-dir", "certs", "-o", "json"});
  INFO(count_of(imported));
  CHECK(imported.exit == 0);
  REQUIRE(json::find(imported.json(), "enrollments")->Size() == 1);
  CHECK(json::find(imported.json(), "notTaken")->Empty());
  std::string const written = read(account.folder / "certs/theirs-example-com.yaml");
  CHECK(written.find("accountSwitchKey: 1-5C0YLB:1-8BYUX") != std::string::npos);
  Run const plan = account.run({"plan", "certs", "--detailed-exitcode"});
  INFO(count_of(plan));
  CHECK(plan.exit == 0);
}

TEST_CASE("import: manifests are for others to read, the state is not") {
  Account const account;
  account.folder.write("old/all.yaml", account_of(2));
  REQUIRE(account.run({"apply", "--yes", "old"}).exit == 0);
  account.lose_state();
  REQUIRE(account.run({"import", "--contract", "1-1TJZH5", "--out-dir", "certs"}).exit == 0);
  mode_t const mask = ::umask(0);
  ::umask(mask);
  auto const mode_of = [](std::filesystem::path const& file) {
    return static_cast<mode_t>(std::filesystem::status(file).permissions());
  };
  for (auto const& file : std::filesystem::directory_iterator(account.folder / "certs"))
    CHECK(mode_of(file) == (0644 & ~mask));
  CHECK(mode_of(account.folder / "cps/state.json") == 0600);
}

TEST_CASE("import: what could not be taken into the state is reported, with why and what takes it") {
  Account const account;
  account.folder.write("old/all.yaml", account_of(12));
  REQUIRE(account.run({"apply", "--yes", "--quiet", "old"}).exit == 0);
  account.lose_state();
  Background served({"sandbox", "--dir", (account.folder / "cps").string(), "--complete-after", "0s"});
  served.await("use it with");
  Run const full =
      run_cpsctl({"import", "--contract", "1-1TJZH5", "--out-dir", "certs", "--edgerc", "cps/edgerc", "--ca-file",
                  "cps/ca.pem", "--state", "cps/state.json", "-o", "json", "--out", "text=report.txt"},
                 {.folder = account.folder.path(), .file_size = 8'000});
  served.signal(SIGTERM);
  served.finish();
  INFO(count_of(full));
  CHECK(full.exit == 74);
  CHECK(full.err.find("raise the limit on file sizes") != std::string::npos);
  json::Document const document = full.json();
  REQUIRE(json::find(document, "enrollments") != nullptr);
  CHECK(json::find(document, "enrollments")->Size() == 12);
  json::Value const* const left = json::find(document, "notTaken");
  REQUIRE(left != nullptr);
  REQUIRE(!left->Empty());
  CHECK(!json::text_or(json::find((*left)[0], "message"), "").empty());
  CHECK(read(account.folder / "report.txt").find(" is not in the state: ") != std::string::npos);
  Run const applied = account.run({"apply", "--yes", "certs"});
  INFO(count_of(applied));
  CHECK(applied.exit == 0);
  CHECK(account.run({"plan", "certs", "--detailed-exitcode"}).exit == 0);
}
