// The publishers of deploy/hooks/: from nothing to validated at real name servers, and what they say when they cannot.
#include "dns/names.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// A project that publishes by an example, and what an operator has: a key, variables, scripts of former days.
struct Programs {
  Folder folder;
  Folder operators;
  std::string example;
  std::map<std::string, std::string> variables = {{"KEY", (operators / "key").string()}};

  Programs(std::string file, std::string const& host, std::string const& timeout = "1m") : example(std::move(file)) {
    std::filesystem::copy_file(places::source("deploy/hooks/" + example), folder / example);
    folder.write("cpsctl.yaml",
                 fmt::format("apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  publishers:\n    ours: {{ zones: "
                             "[acme.test], exec: [./{}], timeout: {} }}\n",
                             example, timeout));
    folder.write("manifests/www.yaml",
                 dv_manifest("www", host) + "  lifecycle:\n    dv: { publisher: [ours], grace: 0s, check: none }\n");
    key("writer");
  }
  void key(std::string const& name) const {
    operators.write("key",
                    fmt::format("key \"{}\" {{ algorithm hmac-sha256; secret \"{}\"; }};\n", name, names::secret));
  }
  void grant(std::string const& name, std::string const& value) { variables[name] = value; }
  /// A script of the operator's; `lines` may call write add|delete NAME VALUE, which is nsupdate.
  std::string script(std::string const& name, std::string const& lines) const {
    auto const file = operators.write(
        name, fmt::format("#!/bin/sh\nwrite() {{ printf 'server 127.0.0.1 {}\\nupdate %s %s 60 TXT \"%s\"\\nsend\\n' "
                          "\"$1\" \"$2\" \"$3\" | nsupdate -k \"$KEY\"; }}\n{}",
                          names::servers().port(), lines));
    std::filesystem::permissions(file, std::filesystem::perms(0755));
    return file.string();
  }
  Run apply(std::vector<std::string> const& more = {}) const {
    std::vector<std::string> arguments{"apply",
                                       "--yes",
                                       "--sandbox=" + (folder / "sandbox").string(),
                                       "--inputs",
                                       "wait",
                                       "--complete-after",
                                       "0s",
                                       "--tokens",
                                       "checked",
                                       "--look-every",
                                       "1h",
                                       "--dns",
                                       names::servers().primary().text(),
                                       "--dns-resolver",
                                       names::servers().resolver().text(),
                                       "--dns-port",
                                       std::to_string(names::servers().port())};
    for (auto const& [name, value] : variables) arguments.insert(arguments.end(), {"--hook-env", "ours=" + name});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path(), .environment = variables});
  }
  /// The program alone, asked by somebody who means ill.
  Run asked(std::string const& record) const {
    return run_cpsctl({},
                      {.program = folder / example,
                       .folder = folder.path(),
                       .environment = variables,
                       .input = fmt::format(R"({{"operation":"publish","request":"r","enrollment":{{"name":"www"}},)"
                                            R"("files":[],"records":[{}]}})",
                                            record)});
  }
};

void grant_nsupdate(Programs& project) {
  project.grant("NSUPDATE_SERVER", "127.0.0.1");
  project.grant("NSUPDATE_PORT", std::to_string(names::servers().port()));
  project.grant("NSUPDATE_KEY", (project.operators / "key").string());
}

/// Its values come and go, and a colleague's stays. `records`: where those of both names belong.
void goes_the_whole_way(Programs const& project, std::string const& record, std::string const& other) {
  names::Bench bench;
  REQUIRE(bench.add(record, "of a colleague"));
  REQUIRE(project.apply().exit == 0);
  Run const deployed = project.apply({"--wait", "deployed", "--deadline", "1m"});
  INFO(deployed.out, deployed.err);
  CHECK(deployed.exit == 0);
  CHECK(says(deployed.err, "withdrawn: _acme-challenge."));
  CHECK(bench.values(record) == "of a colleague");
  CHECK(bench.values(other).empty());
  REQUIRE(bench.remove(record, "of a colleague"));
}

/// The second apply, which publishes: it fails, and says all of this.
void fails_with(Programs const& project, std::vector<std::string> const& words) {
  REQUIRE(project.apply().exit == 0);
  Run const run = project.apply();
  INFO(run.out, run.err);
  CHECK(run.exit == 1);
  for (std::string const& word : words) {
    CAPTURE(word);
    CHECK(says(run.out + run.err, word));
  }
}

std::vector<std::string> const hostile{
    R"~({"target":"a.acme.test.\nupdate delete acme.test.","zone":null,"value":"v","ttl":120})~",
    R"~({"target":"a.acme.test.","zone":null,"value":"v\"\nsend\nupdate delete acme.test. ;","ttl":120})~",
    R"~({"target":"a.acme.test.","zone":null,"value":"$(touch ran)","ttl":120})~",
    R"~({"target":"a.acme.test.","zone":null,"value":"v\n","ttl":120})~",
    R"~({"target":"-k.acme.test.","zone":null,"value":"v","ttl":120})~",
    R"~({"target":"`touch ran`.acme.test.","zone":null,"value":"v","ttl":120})~"};

void refuses_the_hostile(Programs const& project) {
  for (std::string const& record : hostile) {
    CAPTURE(record);
    Run const run = project.asked(record);
    CHECK(run.exit == 1);
    CHECK(says(run.err, "a record's name or value is not one of a token"));
    CHECK(run.out.empty());
  }
  CHECK_FALSE(std::filesystem::exists(project.folder / "ran"));
}

}  // namespace

TEST_CASE("publisher programs: nsupdate, from nothing to deployed") {
  Programs project("nsupdate.sh", "h7.example.com");
  grant_nsupdate(project);
  goes_the_whole_way(project, "h7.acme.test", "alt-h7.acme.test");
}

TEST_CASE("publisher programs: nsupdate says what the server said, or what it was not granted") {
  Programs project("nsupdate.sh", "h9.example.com");
  SUBCASE("a key that may not") {
    grant_nsupdate(project);
    project.key("stranger");
    fails_with(project, {"REFUSED", "NSUPDATE_SERVER does not take the update", "may this key change TXT records"});
  }
  SUBCASE("no key") {
    project.grant("NSUPDATE_SERVER", "127.0.0.1");
    fails_with(project, {"grant NSUPDATE_KEY (--hook-env)"});
  }
  SUBCASE("names and values that are none") {
    grant_nsupdate(project);
    refuses_the_hostile(project);
  }
  names::Bench bench;
  CHECK(bench.values("h9.acme.test").empty());
}

TEST_CASE("publisher programs: a script of lego's, from nothing to deployed") {
  Programs project("lego-exec.sh", "h8.example.com");
  project.grant("EXEC_PATH", project.script("dns.sh",
                                            "case $1 in\n  present) write add \"$2\" \"$3\" ;;\n"
                                            "  cleanup) write delete \"$2\" \"$3\" ;;\nesac\n"));
  goes_the_whole_way(project, "h8.acme.test", "alt-h8.acme.test");
}

TEST_CASE("publisher programs: a script of lego's that fails, hangs, or cannot be served") {
  SUBCASE("fails") {
    Programs project("lego-exec.sh", "h9.example.com");
    project.grant("EXEC_PATH", project.script("dns.sh", "echo 'the quota is used up' >&2\nexit 3\n"));
    fails_with(project, {"the quota is used up", "dns.sh present h9.acme.test. ended with exit code 3"});
  }
  SUBCASE("hangs") {
    Programs project("lego-exec.sh", "h9.example.com", "1s");
    project.grant("EXEC_PATH", project.script("dns.sh", "exec sleep 600\n"));
    fails_with(project, {"the publisher ours failed: it took longer than 1 s"});
  }
  SUBCASE("wants what CPS does not show") {
    Programs project("lego-exec.sh", "h9.example.com");
    project.grant("EXEC_PATH", project.script("dns.sh", "exit 0\n"));
    project.grant("EXEC_MODE", "RAW");
    fails_with(project, {"EXEC_MODE=RAW wants the key authorization"});
  }
  SUBCASE("is a path of the repository") {
    Programs project("lego-exec.sh", "h9.example.com");
    project.grant("EXEC_PATH", "./lego-exec.sh");
    fails_with(project, {"grant EXEC_PATH (--hook-env), the absolute path of a program"});
  }
  SUBCASE("never gets what is neither name nor token") {
    Programs project("lego-exec.sh", "h9.example.com");
    project.grant("EXEC_PATH", project.script("dns.sh", "touch ran\n"));
    refuses_the_hostile(project);
  }
}

TEST_CASE("publisher programs: hooks of certbot's, from nothing to deployed") {
  Programs project("certbot-hooks.sh", "certbot.example.com");
  std::string const name = "\"_acme-challenge.$CERTBOT_DOMAIN\" \"$CERTBOT_VALIDATION\"";
  std::string const notes = (project.operators / "notes").string();
  project.grant("AUTH_HOOK",
                project.script("auth.sh", "write add " + name +
                                              " >&2 || exit\necho \"ticket "
                                              "$CERTBOT_REMAINING_CHALLENGES of $CERTBOT_ALL_DOMAINS\"\n"));
  // With an argument: it is a command line.
  project.grant("CLEANUP_HOOK", project.script("cleanup.sh", "write delete " + name +
                                                                 " || exit\necho \"$CERTBOT_AUTH_OUTPUT\" >>\"$1\"\n") +
                                    " " + notes);
  goes_the_whole_way(project, "_acme-challenge.certbot.acme.test", "_acme-challenge.alt.certbot.acme.test");
  std::string const all = "alt.certbot.acme.test,certbot.acme.test";
  CHECK(says(read(notes), "ticket 1 of " + all));
  CHECK(says(read(notes), "ticket 0 of " + all));
}

TEST_CASE("publisher programs: hooks of certbot's that fail, or cannot write a name") {
  SUBCASE("fail") {
    Programs project("certbot-hooks.sh", "certbot.example.com");
    project.grant("AUTH_HOOK", "echo 'no such zone' >&2; exit 1");
    fails_with(project, {"no such zone", "AUTH_HOOK ended with exit code 1 for certbot.acme.test"});
  }
  SUBCASE("make another name than the CNAMEs end at") {
    Programs project("certbot-hooks.sh", "h9.example.com");
    project.grant("AUTH_HOOK", "exit 0");
    fails_with(project, {"a certbot hook cannot write h9.acme.test.: let the CNAME lead to a name that begins with"});
  }
  SUBCASE("are not granted") {
    Programs project("certbot-hooks.sh", "certbot.example.com");
    fails_with(project, {"grant AUTH_HOOK (--hook-env)"});
  }
  SUBCASE("never get what is neither name nor token") {
    Programs project("certbot-hooks.sh", "certbot.example.com");
    project.grant("AUTH_HOOK", "touch ran");
    refuses_the_hostile(project);
  }
}
