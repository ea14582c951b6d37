#include "sandbox/switches.hpp"

#include "places.hpp"
#include "support.hpp"

#include <algorithm>

#include <doctest/doctest.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

Result<Behaviour> behaviour_of(std::vector<std::pair<std::string, std::string>> const& given) {
  Behaviour behaviour;
  for (auto const& [name, value] : given) {
    auto const found = std::ranges::find(switches(), name, &Switch::name);
    REQUIRE(found != switches().end());
    CPS_CHECK(found->set(behaviour, value));
  }
  return behaviour;
}

TEST_CASE("switches: each says what it means") {
  auto const chosen = behaviour_of({{"--strict", ""},
                                    {"--limits", "real"},
                                    {"--contracts", "C-1,C-2"},
                                    {"--contracts", "C-3"},
                                    {"--newest-version", "v11"},
                                    {"--complete-after", "90s"},
                                    {"--inputs", "wait"},
                                    {"--warning", "before:  not CNAMEd: a text"},
                                    {"--warning", "removal:b"},
                                    {"--input-echo", "2"},
                                    {"--denied", "cancelled"},
                                    {"--validation", "suspended"},
                                    {"--tokens", "checked"},
                                    {"--dns", "127.0.0.1:5353"},
                                    {"--http", "[::1]:8080"},
                                    {"--look-every", "9m"},
                                    {"--per-look", "3"},
                                    {"--token-life", "1h"},
                                    {"--proof-life", "7h"},
                                    {"--at-akamai", "www.example.com,*.example.net"},
                                    {"--at-akamai", "a.example.org"},
                                    {"--edge-zone", "Example.COM."},
                                    {"--edge-zone", "example.net"},
                                    {"--edge-write-time", "2s"},
                                    {"--ended", "shown"},
                                    {"--csrs", "both"},
                                    {"--first-approval", "passed"},
                                    {"--stale-hash", "accepted"},
                                    {"--speed", "600"},
                                    {"--forward", "60d"},
                                    {"--certificate-age", "71d"},
                                    {"--doubtful-edits", "202"},
                                    {"--normalise-seed", "7"},
                                    {"--list-lag", "30s"},
                                    {"--write-lag", "20s"},
                                    {"--five-minute-rule", "cn"},
                                    {"--five-minutes", "2s"},
                                    {"--five-minute-answer", "409/too-soon"},
                                    {"--duplicate-answer", "400/invalid-enrollment"},
                                    {"--fault", "POST: drop-after 30%"},
                                    {"--fault", "*: waf nth 3"},
                                    {"--fault-seed", "11"}});
  REQUIRE(chosen);
  CHECK(chosen->policy == Policy::strict);
  CHECK(chosen->real_limits);
  CHECK(chosen->contracts == std::vector<std::string>{"C-1", "C-2", "C-3"});
  CHECK(chosen->newest_version == 11);
  CHECK(chosen->complete_after == Duration(90s));
  CHECK(chosen->inputs == Inputs::wait);
  CHECK(chosen->pace == Pace::together);
  CHECK(chosen->speed == 600);
  CHECK(chosen->forward == Duration(60 * 24h));
  REQUIRE(chosen->warnings.size() == 2);
  CHECK(chosen->warnings[0].when == Warning::When::before);
  CHECK(chosen->warnings[0].text == "not CNAMEd: a text");
  CHECK(chosen->warnings[1].when == Warning::When::removal);
  CHECK(chosen->input_echo == 2);
  CHECK(chosen->denied == Denied::cancelled);
  CHECK(chosen->validation == Validation::suspended);
  CHECK(chosen->tokens == Tokens::checked);
  CHECK(chosen->dns == Place{.address = "127.0.0.1", .port = 5353});
  CHECK(chosen->http == Place{.address = "::1", .port = 8080});
  CHECK(chosen->look_every == Duration(9min));
  CHECK(chosen->names_per_look == 3);
  CHECK(chosen->token_life == Duration(1h));
  CHECK(chosen->proof_life == Duration(7h));
  CHECK(chosen->at_akamai == std::vector<std::string>{"www.example.com", "*.example.net", "a.example.org"});
  CHECK(chosen->edge_zones == std::vector<std::string>{"example.com", "example.net"});
  CHECK(chosen->edge_write_time == Duration(2s));
  CHECK(chosen->ended == Ended::shown);
  CHECK(chosen->csrs == Csrs::both);
  CHECK(chosen->first_approval == FirstApproval::passed);
  CHECK(chosen->stale_hash == StaleHash::accepted);
  CHECK(chosen->certificate_age == Duration(71 * 24h));
  CHECK(chosen->doubtful_edits == DoubtfulEdits::start_a_change);
  CHECK(chosen->normalise_seed == 7);
  CHECK(chosen->list_lag == Duration(30s));
  CHECK(chosen->write_lag == Duration(20s));
  CHECK(chosen->five_minute_rule == FiveMinuteRule::cn);
  CHECK(chosen->five_minutes == Duration(2s));
  CHECK(chosen->too_soon.slug == "too-soon");
  CHECK(chosen->duplicate_cn.status == 400);
  CHECK(chosen->duplicate_cn.slug == "invalid-enrollment");
  CHECK(chosen->faults.size() == 2);
  CHECK(chosen->fault_seed == 11);
}

TEST_CASE("switches: the last pace counts; who asks for speed alone gets the usual one") {
  auto const fast = behaviour_of({{"--speed", "60"}});
  REQUIRE(fast);
  CHECK(fast->pace == Pace::usual);
  auto const usual = behaviour_of({{"--complete-after", "90s"}, {"--complete-after", "usual"}});
  REQUIRE(usual);
  CHECK(usual->pace == Pace::usual);
  CHECK_FALSE(usual->complete_after);
  auto const never = behaviour_of({{"--complete-after", "usual"}, {"--complete-after", "never"}});
  REQUIRE(never);
  CHECK(never->pace == Pace::together);
}

TEST_CASE("switches: a value that cannot be meant is a usage error with a next step") {
  struct Case {
    char const *name, *value, *next;
  };
  Case const cases[] = {
      {"--limits", "on", "choose one of real, off"},
      {"--contracts", "C-1,,C-2", "C-1,C-2"},
      {"--newest-version", "v10", "choose one of v11, v12"},
      {"--complete-after", "soon", "90s"},
      {"--inputs", "", "choose one of done, wait"},
      {"--warning", "Unsorted trust chain.", "'after: Unsorted trust chain.'"},
      {"--warning", "after:", "'after: Unsorted trust chain.'"},
      {"--warning", "", "'after: Unsorted trust chain.'"},
      {"--warning", "later: a", "choose one of before, after, removal"},
      {"--input-echo", "1001", "at most 1000"},
      {"--denied", "gone", "choose one of error, cancelled"},
      {"--validation", "dns", "choose one of asks, suspended"},
      {"--tokens", "yes", "choose one of believed, checked"},
      {"--dns", "localhost:53", "127.0.0.1:5353"},
      {"--dns", "127.0.0.1", "127.0.0.1:5353"},
      {"--http", "[::1]:0", "127.0.0.1:5353"},
      {"--http", "[127.0.0.1]:80", "127.0.0.1:5353"},
      {"--look-every", "0s", "above zero"},
      {"--per-look", "-1", "whole number"},
      {"--token-life", "0s", "above zero"},
      {"--proof-life", "x", "90s"},
      {"--at-akamai", "a,,b", "www.example.com,*.example.net"},
      {"--edge-zone", "", "example.com"},
      {"--edge-zone", "a/b", "example.com"},
      {"--edge-write-time", "2", "90s"},
      {"--ended", "yes", "choose one of gone, shown"},
      {"--csrs", "2", "choose one of stacked, both"},
      {"--first-approval", "no", "choose one of asked, passed"},
      {"--stale-hash", "maybe", "choose one of refused, accepted"},
      {"--speed", "0", "choose 1 to 100000"},
      {"--speed", "100001", "choose 1 to 100000"},
      {"--speed", "1.5", "whole number"},
      {"--forward", "-1d", "90s"},
      {"--certificate-age", "-1d", "90s"},
      {"--doubtful-edits", "204", "choose one of 200, 202, schema"},
      {"--normalise-seed", "-1", "whole number"},
      {"--normalise-seed", "7x", "whole number"},
      {"--normalise-seed", "", "whole number"},
      {"--list-lag", "1", "90s"},
      {"--write-lag", "1", "90s"},
      {"--five-minute-rule", "account", "choose one of off, cn, contract"},
      {"--five-minutes", "five", "90s"},
      {"--five-minute-answer", "409", "409/duplicate-common-name"},
      {"--duplicate-answer", "200/fine", "409/duplicate-common-name"},
      {"--duplicate-answer", "409/", "409/duplicate-common-name"},
      {"--fault", "POST", "POST /enrollments: drop-after 30%"},
      {"--fault-seed", "x", "whole number"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.name) {
      CAPTURE(c.value);
      auto const chosen = behaviour_of({{c.name, c.value}});
      REQUIRE_FALSE(chosen);
      CHECK(chosen.error().code == Errc::usage);
      CHECK(chosen.error().next.find(c.next) != std::string::npos);
    }
  }
}

TEST_CASE("switches: the page about the sandbox explains each of them") {
  auto const page = system_files().read(places::source("reconciler/cli/help/sandbox.md"), 1 << 20);
  REQUIRE(page);
  for (Switch const& chosen : switches()) {
    CAPTURE(chosen.name);
    CHECK(page->find("`" + std::string(chosen.name)) != std::string::npos);
    CHECK_FALSE(chosen.what.empty());
  }
}

}  // namespace
}  // namespace cpsctl::sandbox::test
