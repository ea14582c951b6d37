// DV without people: tokens go to real name servers, a program or a folder, and the sandbox looks for them there.
#include "dns/names.hpp"
#include "places.hpp"
#include "program/project.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// Adds to spec.lifecycle of a manifest.
std::string with_publishers(std::string manifest, std::string const& publishers) {
  return manifest + fmt::format("  lifecycle:\n    dv: {{ publisher: [{}], grace: 0s }}\n", publishers);
}

/// A project with publishers, and a sandbox that looks for tokens at the name server.
struct Publishing {
  Folder folder;
  std::string host;
  std::string dns = names::servers().primary().text();  ///< where the sandbox looks for the tokens

  explicit Publishing(std::string const& publishers = "corp-dns", std::string const& named = "h1.example.com")
      : host(named) {
    folder.write("manifests/www.yaml", with_publishers(dv_manifest("www", host), publishers));
    project(fmt::format(
        "    corp-dns: {{ zones: [acme.test], rfc2136: {{ server: \"127.0.0.1:{}\", key: env:TSIG_KEY }} }}\n",
        names::servers().port()));
  }
  void project(std::string const& publishers) const {
    folder.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  publishers:\n" + publishers);
  }
  Run run(std::vector<std::string> arguments, std::vector<std::string> const& more = {}) const {
    arguments.insert(arguments.end(),
                     {"--sandbox=" + (folder / "sandbox").string(), "--inputs", "wait", "--complete-after", "0s",
                      "--tokens", "checked", "--look-every", "1h", "--dns", dns, "--dns-resolver",
                      names::servers().resolver().text(), "--dns-port", std::to_string(names::servers().port())});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path(), .environment = variables});
  }
  std::map<std::string, std::string> variables = {{"TSIG_KEY", fmt::format("hmac-sha256:writer:{}", names::secret)}};
  /// With all that the operator grants.
  Run apply(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--allow-host", "127.0.0.1", "--hook-env", "corp-dns=TSIG_KEY"});
    return run({"apply", "--yes"}, more);
  }
  /// Where the tokens of its names belong.
  std::string record = host.substr(0, host.find('.')) + ".acme.test";
  std::string other = "alt-" + record;
  /// What the secondary lacks it fetches now.
  void transfer() const {
    names::Bench bench;
    for (std::string const& name : {record, other}) names::servers().transfer(names::name(name), bench.values(name));
  }
};

}  // namespace

TEST_CASE("publishing: from nothing to deployed by dynamic updates, and nothing stays behind") {
  Publishing const project("corp-dns", "h2.example.com");
  names::Bench bench;
  Run const ordered = project.apply();
  INFO(ordered.out, ordered.err);
  REQUIRE(ordered.exit == 0);

  Run const planned = project.run({"plan"});
  CHECK(says(planned.out, "waits for the validation of 2 names; corp-dns publishes their tokens"));

  // The secondary knows nothing of it yet.
  Run const published = project.apply();
  INFO(published.out, published.err);
  CHECK(published.exit == 0);
  CHECK(says(published.out + published.err, "published, unconfirmed: "));
  CHECK(says(published.out + published.err, "ns2.example.test (127.0.0.2)"));
  CHECK(bench.values(project.record).size() > 40);

  project.transfer();
  Run const answered = project.apply({"--name", "www"});  // what is named is read although its turn has not come
  INFO(answered.out, answered.err);
  CHECK(answered.exit == 0);
  CHECK(says(answered.out, "1 answered"));
  Run const over = project.apply();
  INFO(over.out, over.err);
  CHECK(over.exit == 0);
  CHECK(says(over.err, "withdrawn: "));
  CHECK(says(project.run({"status", "www"}).out, "production"));
  CHECK(bench.values(project.record).empty());
  CHECK(bench.values(project.other).empty());
}

TEST_CASE("publishing: a colleague's value at the same name survives it all") {
  Publishing project("corp-dns", "h3.example.com");
  project.dns = names::servers().nobody().text();  // so that its change stays pending
  names::Bench bench;
  REQUIRE(bench.add(project.record, "of a colleague"));
  REQUIRE(project.apply().exit == 0);
  REQUIRE(project.apply().exit == 0);
  CHECK(says(bench.values(project.record), "of a colleague"));
  CHECK(bench.values(project.record) != "of a colleague");
  Run const all = project.run({"challenges", "www"});
  CHECK(says(all.out, "TXT   _acme-challenge.h3.example.com."));
  Run const changed = project.run({"challenges", "www", "--changed"});
  INFO(changed.out, changed.err);
  CHECK(changed.exit == 0);
  CHECK(changed.out.empty());
  CHECK(says(changed.err, "2 names left out"));
  Run const cancelled = project.run({"cancel", "www", "--yes", "--confirm-delete", "www"});
  INFO(cancelled.out, cancelled.err);
  REQUIRE(cancelled.exit == 0);
  Run const left = project.run({"challenges", "--leftovers"});
  INFO(left.out, left.err);
  CHECK(says(left.out, "h3.acme.test.\n    TXT   "));
  CHECK(says(left.out, "published for www, change "));
  CHECK_FALSE(says(left.out, "of a colleague"));
  Run const withdrawn =
      project.run({"apply", "--yes"}, {"--allow-host", "127.0.0.1", "--hook-env", "corp-dns=TSIG_KEY"});
  INFO(withdrawn.out, withdrawn.err);
  CHECK(says(withdrawn.err, "withdrawn: _acme-challenge.h3.example.com."));
  CHECK(bench.values(project.record) == "of a colleague");
  REQUIRE(bench.remove(project.record, "of a colleague"));
}

TEST_CASE("publishing: a value that somebody removed is put back while its change is pending") {
  Publishing project("corp-dns", "h4.example.com");
  project.dns = names::servers().nobody().text();  // so that its change stays pending
  names::Bench bench;
  REQUIRE(project.apply().exit == 0);
  REQUIRE(project.apply().exit == 0);
  std::string const value = bench.values(project.record);
  REQUIRE_FALSE(value.empty());
  REQUIRE(bench.remove(project.record, value));
  REQUIRE(project.apply().exit == 0);
  CHECK(bench.values(project.record) == value);
}

TEST_CASE(
    "publishing: what is left of a contract without manifests is withdrawn, and stays while it cannot be listed") {
  Publishing project("corp-dns", "h8.example.com");
  project.dns = names::servers().nobody().text();  // so that its change stays pending
  names::Bench bench;
  REQUIRE(project.apply().exit == 0);
  REQUIRE(project.apply().exit == 0);
  REQUIRE_FALSE(bench.values(project.record).empty());
  REQUIRE(project.run({"cancel", "www", "--yes", "--confirm-delete", "www"}).exit == 0);
  std::string other = dv_manifest("other", "www.example.com");
  std::string const contract = "1-1TJZH5";
  for (auto at = other.find(contract); at != std::string::npos; at = other.find(contract, at))
    other.replace(at, contract.size(), "1-2OTHER");
  project.folder.write("manifests/www.yaml", other);

  Run const refused = project.apply({"--contracts", "1-2OTHER"});
  INFO(refused.out, refused.err);
  CHECK(says(refused.err, "values that were published for contract 1-1TJZH5 stay where they are"));
  CHECK_FALSE(bench.values(project.record).empty());
  Run const withdrawn = project.apply();
  INFO(withdrawn.out, withdrawn.err);
  CHECK(withdrawn.exit == 0);
  CHECK(says(withdrawn.err, "withdrawn: _acme-challenge.h8.example.com."));
  CHECK(bench.values(project.record).empty());
}

TEST_CASE("publishing: with check: recursive the resolver's answer is enough") {
  Publishing const project("corp-dns", "h6.example.com");
  project.folder.write("manifests/www.yaml",
                       dv_manifest("www", "h6.example.com") +
                           "  lifecycle:\n    dv: { publisher: [corp-dns], grace: 0s, check: recursive }\n");
  REQUIRE(project.apply().exit == 0);
  Run const answered = project.apply();
  INFO(answered.out, answered.err);
  CHECK(says(answered.out, "1 answered"));
  REQUIRE(project.apply().exit == 0);
  names::Bench bench;
  CHECK(bench.values(project.record).empty());
}

TEST_CASE(
    "publishing: one certificate whose names lie in three zones with a publisher each, a wildcard beside its base") {
  Publishing project("corp-dns, akamai, script", "h7.example.com");
  project.project(
      fmt::format("    corp-dns: {{ zones: [acme.test], rfc2136: {{ server: \"127.0.0.1:{}\", key: env:TSIG_KEY }} }}\n"
                  "    script: {{ zones: [certbot.acme.test], exec: [./lego-exec.sh] }}\n"
                  "    akamai: {{ zones: [shop.example.com], edgeDns: {{}} }}\n",
                  names::servers().port()));
  std::filesystem::copy_file(places::source("deploy/hooks/lego-exec.sh"), project.folder / "lego-exec.sh");
  std::string const manifest = replaced(dv_manifest("www", "h7.example.com"), "sans: [alt.h7.example.com]",
                                        "sans: [certbot.example.com, a.shop.example.com, \"*.a.shop.example.com\"]");
  project.folder.write("manifests/www.yaml",
                       manifest +
                           "  lifecycle:\n"
                           "    dv: { publisher: [corp-dns, akamai, script], grace: 0s, check: none }\n");
  Folder const operators;
  auto const script = operators.write(
      "dns.sh", fmt::format("#!/bin/sh\ncase $1 in present) do=add ;; cleanup) do=delete ;; esac\n"
                            "printf 'server 127.0.0.1 {}\\nupdate %s %s 60 TXT \"%s\"\\nsend\\n' $do \"$2\" \"$3\" | "
                            "nsupdate -y \"$TSIG_KEY\"\n",
                            names::servers().port()));
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  project.variables["EXEC_PATH"] = script.string();
  std::vector<std::string> grants{"--edge-zone",      "shop.example.com", "--hook-env",
                                  "script=EXEC_PATH", "--hook-env",       "script=TSIG_KEY"};
  names::Bench bench;
  REQUIRE(bench.add(project.record, "of a colleague"));
  REQUIRE(project.apply(grants).exit == 0);

  std::string const dns = project.dns;
  project.dns = names::servers().nobody().text();  // so that its change stays pending
  Run const published = project.apply(grants);
  INFO(published.out, published.err);
  CHECK(published.exit == 0);
  CHECK(says(bench.values(project.record), ","));
  CHECK(bench.values("_acme-challenge.certbot.acme.test").size() == 43);

  project.dns = dns;
  grants.insert(grants.end(), {"--wait", "deployed", "--deadline", "1m"});
  Run const deployed = project.apply(grants);
  INFO(deployed.out, deployed.err);
  CHECK(deployed.exit == 0);
  for (char const* const gone :
       {"_acme-challenge.h7.example.com. (corp-dns)", "_acme-challenge.certbot.example.com. (script)",
        "_acme-challenge.a.shop.example.com. (akamai)"})
    CHECK(says(deployed.err, std::string("withdrawn: ") + gone));
  CHECK(bench.values(project.record) == "of a colleague");
  CHECK(bench.values("_acme-challenge.certbot.acme.test").empty());
  REQUIRE(bench.remove(project.record, "of a colleague"));
}

TEST_CASE("publishing: what the operator has not granted is not used") {
  Publishing const project("corp-dns", "h5.example.com");
  names::Bench bench;
  REQUIRE(project.apply().exit == 0);
  SUBCASE("the host") {
    Run const run = project.run({"apply", "--yes"}, {"--hook-env", "corp-dns=TSIG_KEY"});
    CHECK(run.exit == 1);
    CHECK(says(run.out + run.err, "which nobody has allowed"));
    CHECK(says(run.out + run.err, "--allow-host 127.0.0.1"));
  }
  SUBCASE("the key") {
    Run const run = project.run({"apply", "--yes"}, {"--allow-host", "127.0.0.1"});
    CHECK(run.exit == 1);
    CHECK(says(run.out + run.err, "--hook-env corp-dns=TSIG_KEY"));
  }
  CHECK(bench.values(project.record).empty());
}

TEST_CASE("publishing: a name in no zone of a publisher says what would give it one") {
  Publishing const project("corp-dns", "new.example.com");
  REQUIRE(project.apply().exit == 0);
  Run const run = project.apply();
  INFO(run.out, run.err);
  CHECK(run.exit == 1);
  CHECK(says(run.out + run.err, "no publisher of corp-dns has the zone of new.example.com"));
}

TEST_CASE("publishing: a program brings the tokens, and takes them away with its reference") {
  Publishing const project("ours");
  project.project("    ours: { exec: [./publish.sh] }\n");
  project.folder.write("publish.sh",
                       "#!/bin/sh\nread line\nprintf '%s\\n' \"$line\" >>said.txt\n"
                       "request=$(printf '%s' \"$line\" | sed 's/.*\"request\":\"\\([0-9a-f]*\\)\".*/\\1/')\n"
                       "printf '{\"request\":\"%s\",\"reference\":\"r1\"}' \"$request\"\n");
  std::filesystem::permissions(project.folder / "publish.sh", std::filesystem::perms(0755));
  REQUIRE(project.apply().exit != 65);
  Run const ordered = project.run({"apply", "--yes"});
  INFO(ordered.out, ordered.err);
  Run const published = project.run({"apply", "--yes"});
  INFO(published.out, published.err);
  std::string const said = read(project.folder / "said.txt");
  CHECK(says(said, "\"operation\":\"publish\""));
  CHECK(says(said, "\"name\":\"_acme-challenge.h1.example.com.\""));
  Run const cancelled = project.run({"cancel", "www", "--yes", "--confirm-delete", "www"});
  INFO(cancelled.out, cancelled.err);
  REQUIRE(cancelled.exit == 0);
  project.run({"apply", "--yes"});
  std::string const after = read(project.folder / "said.txt");
  CHECK(says(after, "\"operation\":\"withdraw\""));
  CHECK(says(after, "\"reference\":\"r1\""));
}

TEST_CASE("publishing: files below a folder, for a web server") {
  Publishing const project("site");
  project.project("    site: { webroot: { folder: env:WEBROOT } }\n");
  Folder const root;
  auto const apply = [&] {
    std::vector<std::string> arguments{"apply",
                                       "--yes",
                                       "--hook-env",
                                       "site=WEBROOT",
                                       "--sandbox=" + (project.folder / "sandbox").string(),
                                       "--inputs",
                                       "wait",
                                       "--complete-after",
                                       "0s",
                                       "--dns-resolver",
                                       names::servers().resolver().text()};
    return run_cpsctl(std::move(arguments),
                      {.folder = project.folder.path(), .environment = {{"WEBROOT", root.path().string()}}});
  };
  Run const ordered = apply();
  INFO(ordered.out, ordered.err);
  REQUIRE(ordered.exit == 0);
  Run const published = apply();
  INFO(published.out, published.err);
  CHECK(published.exit == 0);
  auto const files = [&] {
    std::size_t count = 0;
    std::error_code none;
    for (auto const& one : std::filesystem::directory_iterator(root / ".well-known/acme-challenge", none))
      count += one.is_regular_file() ? 1 : 0;
    return count;
  };
  CHECK(files() == 2);
  apply();
  apply();
  CHECK(files() == 0);
}

TEST_CASE("publishing: Edge DNS, from nothing to deployed, several names of one zone, and nothing stays behind") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com") +
                                         "  lifecycle:\n    dv: { publisher: [akamai], grace: 0s, check: none }\n");
  folder.write("cpsctl.yaml",
               "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  publishers:\n    akamai: { edgeDns: {} }\n");
  auto const run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--sandbox=" + (folder / "sandbox").string(), "--inputs", "wait", "--complete-after", "0s",
                      "--tokens", "checked", "--edge-zone", "example.com", "--dns-resolver",
                      names::servers().resolver().text(), "--dns-port", std::to_string(names::servers().port())});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  REQUIRE(run({"apply", "--yes"}).exit == 0);
  Run const waited = run({"apply", "--yes", "--wait", "deployed", "--deadline", "2m"});
  INFO(waited.out, waited.err);
  CHECK(waited.exit == 0);
  CHECK(says(waited.err, "withdrawn: _acme-challenge.www.example.com. (akamai)"));
  CHECK(says(waited.err, "withdrawn: _acme-challenge.alt.www.example.com. (akamai)"));
  Run const quiet = run({"apply", "--yes"});
  CHECK_FALSE(says(quiet.err, "withdrawn"));
}
