#include "lifecycle/validation.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::lifecycle {
bool is_validated(cps::DomainValidation const& one) {
  return one.validation_status == "VALIDATED" || one.status == "Valid";
}

namespace {

bool is_awaited(cps::DomainValidation const& one) {
  return !is_validated(one) && one.validation_status != "EXPIRED" &&
         std::ranges::any_of(one.challenges,
                             [](cps::Challenge const& challenge) { return challenge.status == "pending"; });
}

}  // namespace

Awaited awaited(cps::Challenges const& challenges) {
  Awaited found;
  for (cps::DomainValidation const& one : challenges.dv) {
    if (!is_awaited(one) || std::ranges::find(found.names, one.domain) != found.names.end()) continue;
    found.names.push_back(one.domain);
    auto const asked = parse_timestamp(one.request_timestamp);
    if (asked && (!found.since || *asked < *found.since)) found.since = *asked;
  }
  return found;
}

namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_value = 255;  // of one TXT string
constexpr std::string_view http_folder = "/.well-known/acme-challenge/";

/// What names, tokens and their digests are made of: nothing that a zone file, a shell or a log reads as its own.
bool is_plain(std::string_view text, std::string_view also) {
  return !text.empty() && std::ranges::all_of(text, [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != also.npos;
  });
}

std::string_view without_wildcard(std::string_view domain) {
  return domain.starts_with("*.") ? domain.substr(2) : domain;
}

bool is_host(std::string_view domain) {
  return domain.size() <= longest_name && is_plain(without_wildcard(domain), "-._");
}

/// Nothing: it is no token.
std::optional<Token> token_of(cps::DomainValidation const& of, cps::Challenge const& challenge) {
  std::string const host(without_wildcard(of.domain));
  Token token{.domain = of.domain, .value = challenge.response_body};
  if (auto const requested = parse_timestamp(of.request_timestamp)) token.requested = *requested;
  if (auto const expires = parse_timestamp(of.expires)) token.expires = *expires;
  if (challenge.type == "dns-01") {
    token.name = challenge.full_path.ends_with('.') ? challenge.full_path : challenge.full_path + '.';
    bool const fits = text::lower(token.name) == text::lower(fmt::format("_acme-challenge.{}.", host)) &&
                      token.value.size() <= longest_value && is_plain(token.value, "-_");
    return fits ? std::optional(token) : std::nullopt;
  }
  token.kind = TokenKind::http;
  token.url = challenge.full_path;
  if (is_plain(challenge.redirect_full_path, "-_.:/")) token.redirect = challenge.redirect_full_path;
  std::string const folder = fmt::format("http://{}{}", host, http_folder);
  bool const fits = host == of.domain && token.url.starts_with(folder) &&
                    is_plain(std::string_view(token.url).substr(folder.size()), "-_") && is_plain(token.value, "-_.");
  return fits ? std::optional(token) : std::nullopt;
}

}  // namespace

bool is_dns_value(std::string_view value) {
  constexpr std::size_t digest = 43;  // 32 bytes as base64url, unpadded
  return value.size() == digest && is_plain(value, "-_");
}

Tokens tokens(cps::Challenges const& challenges) {
  Tokens found;
  auto const names = awaited(challenges).names;
  for (cps::DomainValidation const& one : challenges.dv) {
    if (std::ranges::find(names, one.domain) == names.end() || is_validated(one)) continue;
    for (cps::Challenge const& challenge : one.challenges) {
      bool const known = challenge.type == "dns-01" || challenge.type == "http-01";
      if (!known || challenge.status != "pending") continue;
      auto token = is_host(one.domain) ? token_of(one, challenge) : std::nullopt;
      if (!token)
        found.odd.push_back(fmt::format("{} of {} is no token", text::printable(challenge.type),
                                        text::excerpt(one.domain, longest_name)));
      else if (std::ranges::find(found.tokens, *token) == found.tokens.end())
        found.tokens.push_back(std::move(*token));
    }
  }
  return found;
}

}  // namespace cpsctl::lifecycle
