#include "dns/check.hpp"

#include "base/text.hpp"
#include "http/crew.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t at_once = 8;

std::string_view words_of(Has has) {
  switch (has) {
    case Has::it: return "has it";
    case Has::others: return "has other values";
    case Has::nothing: return "has no TXT record there";
    case Has::nxdomain: return "says that the name does not exist";
    case Has::refused: return "refuses to answer";
    case Has::servfail: return "cannot answer (SERVFAIL): its copy of the zone is not loaded, or has expired";
    case Has::silent: return "does not answer";
    case Has::lame: return "does not serve the zone";
    case Has::garbage: return "answers something that is no DNS message";
  }
  return "answers something unknown";
}

bool lacks(Has has) {
  return has == Has::others || has == Has::nothing || has == Has::nxdomain;
}

/// The server's part of a CAA value, and its parameters.
struct Issuer {
  std::string domain = {};
  std::vector<std::pair<std::string, std::string>> parameters = {};
};

Issuer issuer_of(std::string_view value) {
  auto const parts = text::split(value, ';');
  Issuer issuer{.domain = text::lower(text::trimmed(parts.front()))};
  if (issuer.domain.ends_with('.')) issuer.domain.pop_back();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    auto const equals = parts[i].find('=');
    if (equals == std::string_view::npos) continue;
    issuer.parameters.emplace_back(text::lower(text::trimmed(parts[i].substr(0, equals))),
                                   text::trimmed(parts[i].substr(equals + 1)));
  }
  return issuer;
}

std::string shown(Name const& at, Caa const& record) {
  return fmt::format("{} CAA {} \"{}\"", at.shown(), text::excerpt(record.tag, 40), text::excerpt(record.value, 200));
}

bool is_known_tag(std::string_view tag) {
  return tag == "issue" || tag == "issuewild" || tag == "iodef" || tag == "issuemail" || tag == "issuevmc";
}

}  // namespace

Has has_value(Result<Message> const& answer, Name const& name, std::string_view value) {
  if (!answer) return answer.error().code == Errc::protocol ? Has::garbage : Has::silent;
  if (answer->rcode == Rcode::refused) return Has::refused;
  if (answer->rcode == Rcode::servfail) return Has::servfail;
  bool const can_tell = answer->rcode == Rcode::noerror || answer->rcode == Rcode::nxdomain;
  if (!can_tell || !answer->authoritative()) return Has::lame;
  if (answer->rcode == Rcode::nxdomain) return Has::nxdomain;
  auto const values = values_of<Text>(*answer, name);
  if (std::ranges::find(values, value, &Text::value) != values.end()) return Has::it;
  return values.empty() ? Has::nothing : Has::others;
}

Verdict judge(std::vector<Sight> const& sights) {
  auto const count = [&sights](auto wanted) {
    return std::ranges::count_if(sights, [&wanted](Sight const& one) { return wanted(one.has); });
  };
  auto const have = count([](Has has) { return has == Has::it; });
  Verdict verdict{.standing = Standing::failed};
  if (sights.empty()) verdict.reason = "no name server is known";
  for (Sight const& one : sights)
    if (one.has != Has::it) verdict.reason += (verdict.reason.empty() ? "" : "; ") + one.words;
  if (count(lacks) > 0)
    verdict.standing = Standing::not_yet;
  else if (have > 0 && have == std::ssize(sights))
    verdict.standing = Standing::published;
  else if (have > 0 || count([](Has has) { return has == Has::silent; }) > 0)
    verdict.standing = Standing::unconfirmed;
  return verdict;
}

http::Task<std::vector<Sight>> look(Network& network, Authority authority, Name name, std::string value,
                                    SteadyTime deadline) {
  std::vector<Sight> sights;
  for (NameServer const& server : authority.servers) sights.push_back({.server = server});
  // Lives in this frame until the crew has ended.
  std::function<http::Task<>(std::size_t)> const one = [&](std::size_t i) -> http::Task<> {
    Question const question{.name = name, .type = Type::txt};
    auto const answer = co_await ask(network, sights[i].server.server, question, deadline);
    sights[i].has = has_value(answer, name, value);
    sights[i].words = fmt::format("{} {}", sights[i].server.text(), words_of(sights[i].has));
  };
  std::function<bool()> const never = [] { return false; };
  co_await http::crew(network.loop, at_once, sights.size(), never, one);
  for (Name const& unknown : authority.without_address) {
    Sight sight{.server = {.name = unknown, .server = {}}, .has = Has::silent};
    sight.words = unknown.shown() + " has no address";
    sights.push_back(std::move(sight));
  }
  co_return sights;
}

http::Task<Result<std::vector<std::string>>> values_at(Network& network, Authority authority, Name name,
                                                       SteadyTime deadline) {
  std::set<std::string> values;
  std::string silent;
  bool told = false;
  std::function<http::Task<>(std::size_t)> const one = [&](std::size_t i) -> http::Task<> {
    NameServer const& server = authority.servers[i];
    Question const question{.name = name, .type = Type::txt};
    auto const answer = co_await ask(network, server.server, question, deadline);
    Has const has = has_value(answer, name, "");
    bool const tells = has == Has::it || lacks(has);
    if (!tells) {
      silent += fmt::format("{}{} {}", silent.empty() ? "" : "; ", server.text(), words_of(has));
      co_return;
    }
    told = true;
    for (Text const& text : values_of<Text>(*answer, name)) values.insert(text.value);
  };
  std::function<bool()> const never = [] { return false; };
  co_await http::crew(network.loop, at_once, authority.servers.size(), never, one);
  if (told) co_return std::vector<std::string>(values.begin(), values.end());
  co_return Error{.code = Errc::unavailable, .message = "no name server could tell: " + silent};
}

Dnssec dnssec_of(Result<Message> const& validated, Result<Message> const& unvalidated) {
  auto const tells = [](Result<Message> const& answer) {
    return answer && (answer->rcode == Rcode::noerror || answer->rcode == Rcode::nxdomain);
  };
  if (tells(validated)) return validated->validated() ? Dnssec::secure : Dnssec::unsigned_;
  if (validated && validated->rcode == Rcode::servfail && tells(unvalidated)) return Dnssec::bogus;
  return Dnssec::unknown;
}

http::Task<Dnssec> check_dnssec(Network& network, Server resolver, Name name, SteadyTime deadline) {
  Question question{
      .name = std::move(name), .type = Type::txt, .recursion = Recursion::wanted, .signatures = Signatures::wanted};
  auto const validated = co_await ask(network, resolver, question, deadline);
  bool const fails = validated && validated->rcode == Rcode::servfail;
  if (!fails) co_return dnssec_of(validated, validated);
  question.validation = Validation::none;
  auto const unvalidated = co_await ask(network, resolver, question, deadline);
  co_return dnssec_of(validated, unvalidated);
}

CaaVerdict judge_caa(Name const& at, std::vector<Caa> const& records, std::string_view identity, Wildcard wildcard) {
  CaaVerdict verdict{.at = at};
  for (Caa const& record : records)
    if (record.critical && !is_known_tag(record.tag)) {
      verdict.issuance = Issuance::forbidden;
      verdict.notes.push_back(shown(at, record) + ": critical, and CAs do not know it");
    }
  if (verdict.issuance == Issuance::forbidden) return verdict;
  bool const has_wild = std::ranges::find(records, "issuewild", &Caa::tag) != records.end();
  std::string_view const tag = wildcard == Wildcard::yes && has_wild ? "issuewild" : "issue";
  std::vector<std::string> others;
  for (Caa const& record : records) {
    if (record.tag != tag) continue;
    auto const issuer = issuer_of(record.value);
    if (issuer.domain != text::lower(identity)) {
      others.push_back(shown(at, record));
      continue;
    }
    verdict.issuance = Issuance::allowed;
    for (auto const& [name, value] : issuer.parameters)
      if (name == "accounturi" || name == "validationmethods")
        verdict.notes.push_back(shown(at, record) + ": " + name + " binds the CA further");
  }
  if (verdict.issuance == Issuance::allowed || others.empty()) return verdict;
  verdict.issuance = Issuance::forbidden;
  verdict.notes = std::move(others);
  return verdict;
}

http::Task<Result<CaaVerdict>> check_caa(Network& network, std::string host, std::string identity,
                                         SteadyTime deadline) {
  auto const wildcard = host.starts_with("*.") ? Wildcard::yes : Wildcard::no;
  CPS_CO_TRY(auto const name, Name::parse(wildcard == Wildcard::yes ? host.substr(2) : host));
  for (Name at = name; !at.is_root(); at = at.parent()) {
    std::string const step = "looking for CAA records of " + at.shown();
    auto const answer = co_await ask_resolvers(network, at, Type::caa, deadline);
    if (!answer) co_return Error(answer.error()).within(step);
    if (answer->rcode != Rcode::noerror && answer->rcode != Rcode::nxdomain) {
      Error const failed{
          .code = Errc::unavailable,
          .message = fmt::format("the resolver answers {}", word(answer->rcode)),
          .next = "see that the zone's name servers answer questions for CAA: a CA does not issue before"};
      co_return Error(failed).within(step);
    }
    auto const records = values_of<Caa>(*answer, at);
    if (!records.empty()) co_return judge_caa(at, records, identity, wildcard);
  }
  co_return CaaVerdict();
}

}  // namespace cpsctl::dns
