#include "lifecycle/policy.hpp"

#include "lifecycle/cases.hpp"
#include "lifecycle/owner.hpp"
#include "lifecycle/pending.hpp"
#include "lifecycle/polls.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;
using namespace cpsctl::lifecycle::test;
using manifest::Acknowledgement;

namespace {

constexpr char const* review = "Unexpected trust chain found";
constexpr char const* removed = "The SANs [b.example.com, A.example.com] are scheduled for removal";

Day day(char const* text) {
  return parse_day(text).value();
}

Policy with(Acknowledgement one) {
  if (one.until == Day()) one.until = day("2027-01-31");
  return {.lifecycle = {.acknowledge = {std::move(one)}}};
}

bool answered(Policy const& policy, std::string_view text, WallTime at = now()) {
  return is_answered(policy, read_warnings(text).at(0), at);
}

std::string digest(std::string_view text) {
  return read_warnings(text).at(0).digest;
}

std::string differences(std::vector<std::vector<std::string>> const& names, char const* wanted_network) {
  auto const found = pending_differences(pending(), names, {"www.example.com", "A.example.com"},
                                         json::parse(wanted_network, "settings").value());
  return fmt::format("{}", fmt::join(found, "; "));
}

}  // namespace

TEST_CASE("policy: which warning an answer is for") {
  struct Case {
    char const* title;
    Policy policy;
    char const* text;
    bool answered;
  };
  auto const low = manifest::AnsweredClass::low;
  std::vector<Case> const cases{
      {"nothing is answered", {}, harmless, false},
      {"low, by its class", with({.warning = "*", .class_ = low}), harmless, true},
      {"review is not low", with({.warning = "*", .class_ = low}), review, false},
      {"high is not low", with({.warning = "*", .class_ = low}), harmful, false},
      {"what is unknown is of no class", with({.warning = "*", .class_ = low}), "Your house is on fire", false},
      {"* of no class is nothing", with({.warning = "*"}), harmless, false},
      {"* with a text is nothing", with({.warning = "*", .class_ = low, .text = digest(harmless)}), harmless, false},
      {"low, by its id", with({.warning = "DNS_NAME_NOT_CNAMED"}), harmless, true},
      {"another id", with({.warning = "DNS_UNKNOWN_HOST"}), harmless, false},
      {"low, by another text", with({.warning = "DNS_NAME_NOT_CNAMED", .text = digest(review)}), harmless, false},
      {"review, by its id alone", with({.warning = "UNEXPECTED_TRUST_CHAIN"}), review, false},
      {"review, by its text", with({.warning = "UNEXPECTED_TRUST_CHAIN", .text = digest(review)}), review, true},
      {"high, by its text", with({.warning = "CERTIFICATE_EXPIRED", .text = digest(harmful)}), harmful, true},
      {"the text of another id", with({.warning = "CSR_EXPIRED", .text = digest(harmful)}), harmful, false},
      {"an empty id is not what is unknown", with({.text = digest("Your house is on fire")}), "Your house is on fire",
       false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(answered(c.policy, c.text) == c.answered);
    Policy gone = c.policy;
    gone.standing = Standing::orphan;
    CHECK_FALSE(answered(gone, c.text));
  }
}

TEST_CASE("policy: an answer holds to the end of its last day, by CPS's time, and its end is told before") {
  Policy const policy = with({.warning = "DNS_NAME_NOT_CNAMED", .until = day("2026-11-29")});
  CHECK(answered(policy, harmless, parse_timestamp("2026-11-29T23:59:59Z").value()));
  CHECK_FALSE(answered(policy, harmless, parse_timestamp("2026-11-30T00:00:00Z").value()));
  auto const told = [&](char const* at) -> std::string {
    auto const ending = ending_answers(policy.lifecycle, parse_timestamp(at).value());
    if (ending.empty()) return "nothing";
    return fmt::format("{} {} {}", ending[0].warning, day_text(ending[0].until), ending[0].ended ? "ended" : "ends");
  };
  CHECK(told("2026-11-15T23:59:59Z") == "nothing");
  CHECK(told("2026-11-16T00:00:00Z") == "DNS_NAME_NOT_CNAMED 2026-11-29 ends");
  CHECK(told("2026-11-30T00:00:00Z") == "DNS_NAME_NOT_CNAMED 2026-11-29 ended");
}

TEST_CASE("policy: an acknowledgement that would answer, had it not ended, is known by its last day") {
  Warning const warning{.id = "DNS_NAME_NOT_CNAMED", .level = WarningClass::low, .text = "x", .digest = "sha256:1"};
  auto const until = [](int day) { return std::chrono::year(2026) / 12 / day; };
  Policy policy;
  auto const ended = [&](char const* at) { return ended_answer(policy, warning, parse_timestamp(at).value()); };
  CHECK_FALSE(ended("2026-12-31T00:00:00Z").has_value());
  policy.lifecycle.acknowledge = {{.warning = "DNS_NAME_NOT_CNAMED", .reason = "x", .until = until(3)},
                                  {.warning = "*", .until = until(5), .class_ = manifest::AnsweredClass::low},
                                  {.warning = "UNEXPECTED_TRUST_CHAIN", .until = until(7)}};
  CHECK(ended("2026-12-04T00:00:00Z") == until(3));
  CHECK(ended("2026-12-31T00:00:00Z") == until(5));
  CHECK_FALSE(ended("2026-12-03T23:59:59Z").has_value());
}

TEST_CASE("policy: removed names pass if they are exactly those that the plan removes") {
  auto const removing = [](std::vector<std::string> names) { return Policy{.removed_names = std::move(names)}; };
  CHECK(answered(removing({"a.example.com", "B.example.com."}), removed));
  CHECK(answered(removing({"b.example.com", "a.example.com", "a.example.com"}), removed));
  CHECK_FALSE(answered(removing({"a.example.com"}), removed));
  CHECK_FALSE(answered(removing({"a.example.com", "b.example.com", "c.example.com"}), removed));
  CHECK_FALSE(answered(removing({}), removed));
  CHECK_FALSE(answered(removing({"a.example.com", "b.example.com"}), "The SANs [a.example.com, b.example.com are"));
  Policy removal = removing({"a.example.com", "b.example.com"});
  removal.standing = Standing::removal;
  CHECK_FALSE(answered(removal, removed));
}

TEST_CASE("owner: ours by the state, CPS's by a renewal of what is wanted, else another party's") {
  std::vector<std::int64_t> const ours{5, 8};
  auto const owner = [&](std::int64_t id, char const* type, Managed managed) {
    return owner_of({.id = {id}, .type = type}, ours, managed);
  };
  CHECK(owner(8, "modify-san", Managed::differs) == Owner::ours);
  CHECK(owner(9, "renewal", Managed::as_wanted) == Owner::cps);
  CHECK(owner(9, "renewal", Managed::differs) == Owner::other);
  CHECK(owner(9, "modify-san", Managed::as_wanted) == Owner::other);
  CHECK(owner(9, "", Managed::as_wanted) == Owner::other);
}

TEST_CASE("polls: seconds, then minutes, then an hour; an hour at once for people") {
  using namespace std::chrono_literals;
  CHECK(look_after(Who::cps, 0s) == 30s);
  CHECK(look_after(Who::cps, 4min) == 1min);
  CHECK(look_after(Who::cps, 40min) == 10min);
  CHECK(look_after(Who::cps, 30h) == 1h);
  CHECK(look_after(Who::person, 0s) == 1h);
  CHECK(look_after(Who::ca, 0s) == 30s);
  CHECK(look_after(Who::ca, 14min) == 210s);
  CHECK(look_after(Who::ca, 15min) == 1h);
}

TEST_CASE("pending: names and settings are compared, as far as CPS shows them") {
  CHECK(differences({{"a.example.com", "www.example.com."}}, R"({"sniOnly":true,"geography":"core"})") == "");
  CHECK(differences({{"www.example.com"}}, "{}") == "the RSA certificate lacks a.example.com");
  CHECK(differences({{"www.example.com", "a.example.com", "x.example.com"}}, "{}") ==
        "the RSA certificate has x.example.com, too");
  CHECK(differences({{"www.example.com", "a.example.com"}}, R"({"sniOnly":false})") == "sniOnly would be true");
  CHECK(differences({}, "{}") == "the names of a pending certificate are not known");
  cps::PendingDeployment shown = pending();
  shown.network = json::share(
      json::parse(
          R"({"disallowed":["TLSv1","TLSv1_1"],"names":{"clone":false,"list":["A.example.com","b.example.com"]}})", "s")
          .value());
  auto const wanted = [&](char const* text) {
    return pending_differences(shown, {{"a"}}, {"a"}, json::parse(text, "settings").value()).size();
  };
  CHECK(wanted(R"({"disallowed":["TLSv1_1","TLSv1"],"names":{"list":["b.example.com","a.example.com"]}})") == 0);
  CHECK(wanted(R"({"disallowed":["TLSv1_1"]})") == 1);
  CHECK(wanted(R"({"names":{"clone":true,"list":[]}})") == 2);
}

TEST_CASE("pending: warnings in brackets are a list, and none is lost") {
  cps::PendingDeployment shown = pending();
  shown.warnings = {{.message = "[SAN name [a] removed from certificate is still live on the network., SAN name [b] "
                                "removed from certificate is still live on the network.]"},
                    {.message = "[a] is [b]"},
                    {.message = " ", .message_code = "no-code"}};
  std::string read;
  for (Warning const& one : validation_warnings(shown))
    read += fmt::format("{} ", one.known() ? one.id : "?" + one.text);
  CHECK(read ==
        "CERTIFICATE_VS_NETWORK_SAN_REMOVED_FROM_CERT_LIVE_ON_NETWORK "
        "CERTIFICATE_VS_NETWORK_SAN_REMOVED_FROM_CERT_LIVE_ON_NETWORK ?[a] is [b] ?(no text, code no-code) ");
}

TEST_CASE("pending: a date far out and a missing approval together let a certificate expire") {
  WallTime const end = parse_timestamp("2026-12-20T12:00:00Z").value();
  CHECK_FALSE(may_expire(day("2026-12-13"), end));
  CHECK(may_expire(day("2026-12-14"), end));
  CHECK(deploys_by_itself(pending(), {}, end) == end - std::chrono::days(7));
  CHECK(deploys_by_itself(pending(), {.not_before = "2026-12-01T00:00:00Z"}, end) == std::nullopt);
  CHECK(deploys_by_itself(pending(), {}, {}) == std::nullopt);
}
