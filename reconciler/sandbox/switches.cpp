#include "sandbox/switches.hpp"

#include "base/text.hpp"
#include "sandbox/timeline.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

Error unusable(std::string_view value, std::string next) {
  return {.code = Errc::usage, .message = fmt::format("cannot use \"{}\"", value), .next = std::move(next)};
}

/// A value that is one of a few words.
template <class T>
struct Word {
  std::string_view word;
  T meaning;
};

template <class T, std::size_t N>
Result<> choose(Word<T> const (&words)[N], std::string_view value, T& to) {
  std::vector<std::string_view> known;
  for (auto const& [word, meaning] : words) {
    if (word == value) {
      to = meaning;
      return {};
    }
    known.push_back(word);
  }
  return unusable(value, fmt::format("choose one of {}", fmt::join(known, ", ")));
}

Result<std::uint64_t> number(std::string_view text) {
  auto const value = text::number<std::uint64_t>(text);
  if (!value) return unusable(text, "write a whole number, as 7");
  return *value;
}

Result<> set_strict(Behaviour& behaviour, std::string_view) {
  behaviour.policy = Policy::strict;
  return {};
}

Result<> set_contracts(Behaviour& behaviour, std::string_view value) {
  for (std::string_view const contract : text::split(value, ',')) {
    if (contract.empty()) return unusable(value, "write contract ids with commas between them: C-1,C-2");
    behaviour.contracts.emplace_back(contract);
  }
  return {};
}

Result<> set_newest_version(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<int> words[] = {{"v11", 11}, {"v12", 12}};
  return choose(words, value, behaviour.newest_version);
}

Result<> set_limits(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<bool> words[] = {{"real", true}, {"off", false}};
  return choose(words, value, behaviour.real_limits);
}

Result<> set_complete_after(Behaviour& behaviour, std::string_view value) {
  behaviour.pace = value == "usual" ? Pace::usual : Pace::together;
  if (value == "never" || value == "usual") {
    behaviour.complete_after.reset();
    return {};
  }
  CPS_TRY(behaviour.complete_after, parse_duration(value));
  return {};
}

Result<> set_speed(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(std::uint64_t const speed, number(value));
  if (speed == 0 || speed > static_cast<std::uint64_t>(highest_speed))
    return unusable(value, fmt::format("choose 1 to {}", highest_speed));
  behaviour.speed = static_cast<std::int64_t>(speed);
  if (!behaviour.complete_after) behaviour.pace = Pace::usual;
  return {};
}

Result<> set_forward(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.forward, parse_duration(value));
  return {};
}

Result<> set_inputs(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Inputs> words[] = {{"done", Inputs::done}, {"wait", Inputs::wait}};
  return choose(words, value, behaviour.inputs);
}

/// "after: Unsorted trust chain."
Result<> add_warning(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Warning::When> words[] = {
      {"before", Warning::When::before}, {"after", Warning::When::after}, {"removal", Warning::When::removal}};
  auto const colon = value.find(':');
  Warning warning{.text = std::string(text::trimmed(value.substr(std::min(colon, value.size() - 1) + 1)))};
  if (colon == std::string_view::npos || warning.text.empty() || text::invalid_utf8(warning.text))
    return unusable(value, "write when, and CPS's text: 'after: Unsorted trust chain.'");
  CPS_CHECK(choose(words, value.substr(0, colon), warning.when));
  behaviour.warnings.push_back(std::move(warning));
  return {};
}

Result<> set_input_echo(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(std::uint64_t const reads, number(value));
  if (reads > 1000) return unusable(value, "choose at most 1000 reads");
  behaviour.input_echo = static_cast<int>(reads);
  return {};
}

Result<> set_denied(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Denied> words[] = {{"error", Denied::error}, {"cancelled", Denied::cancelled}};
  return choose(words, value, behaviour.denied);
}

Result<> set_validation(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Validation> words[] = {{"asks", Validation::asks}, {"suspended", Validation::suspended}};
  return choose(words, value, behaviour.validation);
}

Result<> set_tokens(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Tokens> words[] = {{"believed", Tokens::believed}, {"checked", Tokens::checked}};
  return choose(words, value, behaviour.tokens);
}

/// "127.0.0.1:5353", "[::1]:5353".
Result<std::optional<Place>> place(std::string_view value) {
  auto const colon = value.rfind(':');
  auto const port =
      colon == std::string_view::npos ? std::nullopt : text::number<std::uint16_t>(value.substr(colon + 1));
  std::string address(value.substr(0, colon));
  bool const v6 = address.starts_with('[') && address.ends_with(']');
  if (v6) address = address.substr(1, address.size() - 2);
  in6_addr unused;
  bool const good = port && *port != 0 && ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), &unused) == 1;
  if (!good) return unusable(value, "write an address and a port, as 127.0.0.1:5353 or [::1]:5353");
  return std::optional(Place{.address = std::move(address), .port = *port});
}

Result<> set_dns(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.dns, place(value));
  return {};
}

Result<> set_http(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.http, place(value));
  return {};
}

Result<> set_positive(std::string_view value, Duration& to) {
  CPS_TRY(Duration const given, parse_duration(value));
  if (given <= Duration::zero()) return unusable(value, "choose a time above zero");
  to = given;
  return {};
}

Result<> set_look_every(Behaviour& behaviour, std::string_view value) {
  return set_positive(value, behaviour.look_every);
}

Result<> set_names_per_look(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.names_per_look, number(value));
  return {};
}

Result<> set_token_life(Behaviour& behaviour, std::string_view value) {
  return set_positive(value, behaviour.token_life);
}

Result<> set_proof_life(Behaviour& behaviour, std::string_view value) {
  return set_positive(value, behaviour.proof_life);
}

Result<> set_at_akamai(Behaviour& behaviour, std::string_view value) {
  for (std::string_view const pattern : text::split(value, ',')) {
    if (pattern.empty()) return unusable(value, "write names with commas between them: www.example.com,*.example.net");
    behaviour.at_akamai.emplace_back(pattern);
  }
  return {};
}

Result<> add_edge_zone(Behaviour& behaviour, std::string_view value) {
  std::string zone = text::hostname(value);
  if (zone.empty() || zone.find_first_of(" /") != std::string::npos)
    return unusable(value, "write the name of a zone, as example.com");
  behaviour.edge_zones.push_back(std::move(zone));
  return {};
}

Result<> set_edge_write_time(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.edge_write_time, parse_duration(value));
  return {};
}

Result<> set_ended(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Ended> words[] = {{"gone", Ended::gone}, {"shown", Ended::shown}};
  return choose(words, value, behaviour.ended);
}

Result<> set_csrs(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<Csrs> words[] = {{"stacked", Csrs::as_stacked}, {"both", Csrs::both}};
  return choose(words, value, behaviour.csrs);
}

Result<> set_first_approval(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<FirstApproval> words[] = {{"asked", FirstApproval::asked}, {"passed", FirstApproval::passed}};
  return choose(words, value, behaviour.first_approval);
}

Result<> set_stale_hash(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<StaleHash> words[] = {{"refused", StaleHash::refused}, {"accepted", StaleHash::accepted}};
  return choose(words, value, behaviour.stale_hash);
}

Result<> set_certificate_age(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.certificate_age, parse_duration(value));
  return {};
}

Result<> set_doubtful_edits(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<DoubtfulEdits> words[] = {
      {"200", DoubtfulEdits::stored}, {"202", DoubtfulEdits::start_a_change}, {"schema", DoubtfulEdits::as_schema}};
  return choose(words, value, behaviour.doubtful_edits);
}

Result<> set_normalise_seed(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.normalise_seed, number(value));
  return {};
}

Result<> set_list_lag(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.list_lag, parse_duration(value));
  return {};
}

Result<> set_write_lag(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.write_lag, parse_duration(value));
  return {};
}

Result<> set_five_minute_rule(Behaviour& behaviour, std::string_view value) {
  static constexpr Word<FiveMinuteRule> words[] = {
      {"off", FiveMinuteRule::off}, {"cn", FiveMinuteRule::cn}, {"contract", FiveMinuteRule::contract}};
  return choose(words, value, behaviour.five_minute_rule);
}

Result<> set_five_minutes(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.five_minutes, parse_duration(value));
  return {};
}

/// "409/duplicate-common-name".
Result<> refusal(std::string_view value, Refusal& to) {
  auto const slash = value.find('/');
  auto const status = number(value.substr(0, slash));
  if (slash == std::string_view::npos || slash + 1 == value.size() || !status || *status < 400 || *status > 499)
    return unusable(value, "write a status and a problem's slug, as 409/duplicate-common-name");
  to = {.status = static_cast<int>(*status), .slug = std::string(value.substr(slash + 1))};
  return {};
}

Result<> set_too_soon(Behaviour& behaviour, std::string_view value) {
  return refusal(value, behaviour.too_soon);
}

Result<> set_duplicate_cn(Behaviour& behaviour, std::string_view value) {
  return refusal(value, behaviour.duplicate_cn);
}

Result<> add_fault(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(FaultRule rule, parse_fault_rule(value));
  behaviour.faults.push_back(std::move(rule));
  return {};
}

Result<> set_fault_seed(Behaviour& behaviour, std::string_view value) {
  CPS_TRY(behaviour.fault_seed, number(value));
  return {};
}

constexpr Switch table[] = {
    {.name = "--limits", .value = "real|off", .what = "real: meter requests like CPS", .set = set_limits},
    {.name = "--strict", .value = "", .what = "allow only what CPS documents", .set = set_strict},
    {.name = "--contracts",
     .value = "ID,…",
     .what = "the only contracts that exist (default: any)",
     .repeatable = true,
     .set = set_contracts},
    {.name = "--newest-version",
     .value = "v11|v12",
     .what = "the newest API version that it serves (default: v12)",
     .set = set_newest_version},
    {.name = "--complete-after",
     .value = "DURATION",
     .what = "a change ends so long after it began (default: never), or usual",
     .set = set_complete_after},
    {.name = "--speed",
     .value = "N",
     .what = "its time passes N times as fast, and steps take as long as at CPS",
     .set = set_speed},
    {.name = "--forward", .value = "DURATION", .what = "its time is moved on at the start", .set = set_forward},
    {.name = "--inputs",
     .value = "done|wait",
     .what = "wait: what waits for a person does not end by itself",
     .set = set_inputs},
    {.name = "--warning",
     .value = "TEXT",
     .what = "changes stop to warn: 'after: Unsorted trust chain.'; repeatable",
     .repeatable = true,
     .set = add_warning},
    {.name = "--input-echo",
     .value = "N",
     .what = "an input that was given stays visible for N reads of its change",
     .set = set_input_echo},
    {.name = "--denied",
     .value = "error|cancelled",
     .what = "what a denied input does to its change (default: error)",
     .set = set_denied},
    {.name = "--validation",
     .value = "asks|suspended",
     .what = "how a change waits for domain validation (default: asks)",
     .set = set_validation},
    {.name = "--tokens",
     .value = "believed|checked",
     .what = "checked: tokens are looked for by DNS and HTTP (default: believed)",
     .set = set_tokens},
    {.name = "--dns",
     .value = "SERVER",
     .what = "the name server that has the TXT records of tokens, ADDR:PORT",
     .set = set_dns},
    {.name = "--http",
     .value = "SERVER",
     .what = "the web server of all names, ADDR:PORT, for tokens over HTTP",
     .set = set_http},
    {.name = "--look-every",
     .value = "DURATION",
     .what = "tokens are looked for so often (default: 1m)",
     .set = set_look_every},
    {.name = "--per-look",
     .value = "N",
     .what = "a look validates at most N names of a change (default: all)",
     .set = set_names_per_look},
    {.name = "--token-life",
     .value = "DURATION",
     .what = "tokens expire after this time (default: 7d)",
     .set = set_token_life},
    {.name = "--proof-life",
     .value = "DURATION",
     .what = "a name stays validated for this time (default: 30d)",
     .set = set_proof_life},
    {.name = "--at-akamai",
     .value = "NAME,…",
     .what = "names that validate alone, as traffic comes to Akamai; * is any part",
     .repeatable = true,
     .set = set_at_akamai},
    {.name = "--edge-zone",
     .value = "ZONE",
     .what = "a zone of the embedded Edge DNS; repeatable",
     .repeatable = true,
     .set = add_edge_zone},
    {.name = "--edge-write-time",
     .value = "DURATION",
     .what = "a write to a zone takes so long, and locks it (default: none)",
     .set = set_edge_write_time},
    {.name = "--ended",
     .value = "gone|shown",
     .what = "shown: a change that has ended can still be read",
     .set = set_ended},
    {.name = "--csrs",
     .value = "stacked|both",
     .what = "both: an RSA and an ECDSA CSR also where one is asked for",
     .set = set_csrs},
    {.name = "--first-approval",
     .value = "asked|passed",
     .what = "passed: a first certificate does not stop for approval",
     .set = set_first_approval},
    {.name = "--stale-hash",
     .value = "refused|accepted",
     .what = "an approval with the hash of an earlier result (default: refused)",
     .set = set_stale_hash},
    {.name = "--certificate-age",
     .value = "DURATION",
     .what = "certificates count as issued this long ago",
     .set = set_certificate_age},
    {.name = "--doubtful-edits",
     .value = "200|202",
     .what = "answer to edits of which CPS's answer is unknown",
     .set = set_doubtful_edits},
    {.name = "--normalise-seed",
     .value = "N",
     .what = "show documents in forms that vary with N",
     .set = set_normalise_seed},
    {.name = "--list-lag",
     .value = "DURATION",
     .what = "a created enrollment is listed only after this time",
     .set = set_list_lag},
    {.name = "--write-lag",
     .value = "DURATION",
     .what = "the list shows an update or removal only after this time",
     .set = set_write_lag},
    {.name = "--five-minute-rule",
     .value = "off|cn|contract",
     .what = "refuse a create soon after another of that CN or contract",
     .set = set_five_minute_rule},
    {.name = "--five-minutes", .value = "DURATION", .what = "how long that is (default: 5m)", .set = set_five_minutes},
    {.name = "--five-minute-answer", .value = "STATUS/SLUG", .what = "how that refusal looks", .set = set_too_soon},
    {.name = "--duplicate-answer",
     .value = "STATUS/SLUG",
     .what = "how the refusal of a second enrollment with a CN looks",
     .set = set_duplicate_cn},
    {.name = "--fault",
     .value = "RULE",
     .what = "spoil some answers: 'GET: delay 2s 30%'; repeatable",
     .repeatable = true,
     .set = add_fault},
    {.name = "--fault-seed", .value = "N", .what = "random seed of the faults (default: 1)", .set = set_fault_seed},
};

}  // namespace

std::span<Switch const> switches() {
  return table;
}

}  // namespace cpsctl::sandbox
