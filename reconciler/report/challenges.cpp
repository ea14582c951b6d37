#include "report/challenges.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using lifecycle::Token;
using lifecycle::TokenKind;

/// "until 2026-12-07T10:00:00Z"; empty if CPS does not say.
std::string until_words(Token const& token) {
  return token.expires ? "until " + timestamp(*token.expires) : std::string();
}

std::string time_text(std::optional<WallTime> time) {
  return time ? timestamp(*time) : std::string();
}

/// The rows of one change: neighbours.
std::vector<std::span<TokenRow const>> by_change(Challenges const& challenges) {
  std::vector<std::span<TokenRow const>> groups;
  auto const same = [](TokenRow const& a, TokenRow const& b) { return a.name == b.name && a.change == b.change; };
  std::span<TokenRow const> rest = challenges.tokens;
  while (!rest.empty()) {
    auto const end = std::ranges::find_if_not(rest, [&](TokenRow const& row) { return same(row, rest.front()); });
    groups.push_back(rest.first(static_cast<std::size_t>(end - rest.begin())));
    rest = rest.subspan(groups.back().size());
  }
  return groups;
}

/// The TXT records of these rows, each once: a wildcard and its base name may have one value.
std::vector<Token const*> records_of(std::span<TokenRow const> rows) {
  std::vector<Token const*> records;
  for (TokenRow const& row : rows) {
    if (row.token.kind != TokenKind::dns) continue;
    auto const same = [&](Token const* one) { return one->name == row.token.name && one->value == row.token.value; };
    if (std::ranges::none_of(records, same)) records.push_back(&row.token);
  }
  return records;
}

/// "shop-example-com, change 10002, until …", as a comment of a zone file and of nsupdate.
std::string heading(TokenRow const& row) {
  std::vector<std::string> parts{row.name, fmt::format("change {}", row.change)};
  if (std::string until = until_words(row.token); !until.empty()) parts.push_back(std::move(until));
  return fmt::format("; {}\n", text::printable(fmt::format("{}", fmt::join(parts, ", "))));
}

Ink ink_of(CheckRow const& check) {
  return check.standing == "published" ? Ink::good : check.standing == "notYet" ? Ink::warn : Ink::bad;
}

void check_text(CheckRow const& check, Style const& style, std::ostream& out) {
  if (!check.aliases.empty())
    screen::line(out, "      follows {} to {}", fmt::format("{}", fmt::join(check.aliases, " -> ")), check.target);
  std::string const standing = check.standing == "notYet" ? "not published yet" : check.standing;
  screen::line(out, "      {}{}{}", paint(standing, ink_of(check), style), check.reason.empty() ? "" : ": ",
               text::printable(check.reason));
  for (ServerRow const& server : check.servers) screen::line(out, "        {}", text::printable(server.words));
  if (check.dnssec == "bogus")
    screen::line(out, "      {}",
                 paint("DNSSEC: the answer does not validate, so no CA will take it", Ink::bad, style));
  else if (check.dnssec == "secure")
    screen::line(out, "      DNSSEC: validates");
  if (check.caa == "forbidden")
    screen::line(out, "      {}", paint("CAA: forbids this CA", Ink::bad, style));
  else if (check.caa == "allowed")
    screen::line(out, "      CAA: allows this CA");
  for (std::string const& note : check.notes) screen::line(out, "      {}", text::printable(note));
}

void token_text(TokenRow const& row, Style const& style, std::ostream& out) {
  Token const& token = row.token;
  if (token.kind == TokenKind::dns) {
    screen::line(out, "    TXT   {}  \"{}\"", token.name, token.value);
  } else {
    screen::line(out, "    file  {}", token.url);
    screen::line(out, "          with the content  {}", token.value);
    if (!token.redirect.empty()) screen::line(out, "          or a redirect to  {}", token.redirect);
  }
  if (row.check) check_text(*row.check, style, out);
}

/// A row as JSON has it.
struct TokenMember {
  std::string name = {};
  std::int64_t id = 0;
  std::int64_t change = 0;
  std::string domain = {};
  TokenKind type = TokenKind::dns;
  std::string record = {};
  std::string url = {};
  std::string redirect = {};
  std::string value = {};
  std::string requested = {};
  std::string expires = {};
  std::optional<CheckRow> check = {};
};
BOOST_DESCRIBE_STRUCT(TokenMember, (),
                      (name, id, change, domain, type, record, url, redirect, value, requested, expires, check))

struct ChallengesMembers {
  std::vector<TokenMember> challenges = {};
  std::vector<TokenlessRow> without = {};
  std::vector<LeftoverRow> leftovers = {};
  std::vector<DelegationRow> delegations = {};
};
BOOST_DESCRIBE_STRUCT(ChallengesMembers, (), (challenges, without, leftovers, delegations))

std::string below(std::string const& zone) {
  return "." + zone + ".";
}

/// Of octoDNS: what one name has. Where there is a CNAME there is nothing else.
struct OctoSet {
  std::string type = {};
  int ttl = 0;
  std::set<std::string> values = {};
};

}  // namespace

void challenges_text(Challenges const& challenges, Style const& style, std::ostream& out) {
  for (auto const& group : by_change(challenges)) {
    TokenRow const& first = group.front();
    std::string const until = until_words(first.token);
    screen::line(out, "{}  change {}{}{}", paint(first.name, Ink::strong, style), first.change,
                 until.empty() ? "" : ", ", until);
    std::string const* domain = nullptr;
    for (TokenRow const& row : group) {
      if (domain == nullptr || *domain != row.token.domain) screen::line(out, "  {}", row.token.domain);
      domain = &row.token.domain;
      token_text(row, style, out);
    }
  }
  leftovers_text(challenges.leftovers, style, out);
  delegations_text(challenges.delegations, style, out);
}

json::Document challenges_document(Challenges const& challenges) {
  ChallengesMembers members{
      .without = challenges.without, .leftovers = challenges.leftovers, .delegations = challenges.delegations};
  for (TokenRow const& row : challenges.tokens)
    members.challenges.push_back({.name = row.name,
                                  .id = row.id,
                                  .change = row.change,
                                  .domain = row.token.domain,
                                  .type = row.token.kind,
                                  .record = row.token.name,
                                  .url = row.token.url,
                                  .redirect = row.token.redirect,
                                  .value = row.token.value,
                                  .requested = time_text(row.token.requested),
                                  .expires = time_text(row.token.expires),
                                  .check = row.check});
  return fields::versioned(members);
}

std::string challenges_zone(Challenges const& challenges) {
  std::string text;
  for (auto const& group : by_change(challenges)) {
    text += heading(group.front());
    for (Token const* const record : records_of(group))
      text += fmt::format("{} {} IN TXT \"{}\"\n", record->name, token_ttl, record->value);
  }
  return text + leftovers_zone(challenges.leftovers) + delegations_zone(challenges.delegations);
}

std::string challenges_nsupdate(Challenges const& challenges) {
  std::string text;
  for (auto const& group : by_change(challenges)) {
    auto const records = records_of(group);
    if (records.empty()) continue;
    text += heading(group.front());
    for (Token const* const record : records)
      text += fmt::format("update add {} {} TXT \"{}\"\n", record->name, token_ttl, record->value);
    text += "send\n";
  }
  return text + leftovers_nsupdate(challenges.leftovers) + delegations_nsupdate(challenges.delegations);
}

bool lies_in(std::string const& record, std::string const& zone) {
  return ("." + text::lower(record)).ends_with(below(text::lower(zone)));
}

std::string challenges_octodns(Challenges const& challenges, std::string const& zone) {
  std::map<std::string, OctoSet> sets;
  auto const add = [&](std::string const& record, std::string_view type, int ttl, std::string const& value) {
    if (!lies_in(record, zone) || value.empty()) return;
    std::string const name = text::lower(record).substr(0, record.size() - std::min(record.size(), below(zone).size()));
    OctoSet& set = sets[name];
    set.type = type;
    set.ttl = ttl;
    set.values.insert(value);
  };
  for (TokenRow const& row : challenges.tokens)
    if (row.token.kind == TokenKind::dns) add(row.token.name, "TXT", token_ttl, row.token.value);
  for (LeftoverRow const& row : challenges.leftovers) add(row.record, "TXT", token_ttl, row.value);
  for (DelegationRow const& row : challenges.delegations) add(row.record, "CNAME", cname_ttl, row.cname);
  std::string text = "---\n";
  for (auto const& [name, set] : sets) {
    text += fmt::format("{}:\n  type: {}\n  ttl: {}\n", name.empty() ? "''" : name, set.type, set.ttl);
    if (set.type == "CNAME") {
      text += fmt::format("  value: {}\n", *set.values.begin());
      continue;
    }
    text += "  values:\n";
    for (std::string const& value : set.values) text += fmt::format("    - '{}'\n", value);
  }
  if (sets.empty()) text += "{}\n";
  return text;
}

}  // namespace cpsctl::report
