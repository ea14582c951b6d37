#include "sandbox/tokens.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/crypto.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

using std::chrono::seconds;

constexpr std::chrono::minutes renewal_gap(9);  ///< CPS asks for new tokens about so long after the old ones ended

/// base64url without padding, as ACME has it.
std::string url_text(std::string_view bytes) {
  std::string text = text::base64(bytes);
  std::erase(text, '=');
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::string token(Authorization const& set, std::string_view name, std::string_view type) {
  return url_text(
      sha256_bytes(fmt::format("token {} {} {} {} {}", set.change, set.lapses, set.generation, name, type)));
}

std::string key_authorization(std::string_view token, std::string_view account) {
  return fmt::format("{}.{}", token, url_text(sha256_bytes(fmt::format("account {}", account))));
}

WallTime time_or(std::string const& text, WallTime otherwise) {
  auto const time = text.empty() ? Result<WallTime>(otherwise) : parse_timestamp(text);
  return std::chrono::floor<seconds>(time ? *time : otherwise);
}

bool is_wildcard(std::string_view name) {
  return name.starts_with("*.");
}

}  // namespace

Authorization authorization_of(Change const& change, std::string_view name, Behaviour const& behaviour, WallTime now) {
  Authorization set{.change = change.id};
  WallTime first = time_or(change.since, now);
  auto const known = std::ranges::find(change.proofs, name, &NameProof::name);
  if (known != change.proofs.end()) {
    set.lapses = known->lapses;
    first = time_or(known->since, first);
    if (!known->validated.empty()) {
      WallTime const validated = time_or(known->validated, now);
      WallTime const end = validated + behaviour.proof_life;
      if (now < end) {
        set.requested = first;
        set.expires = end;
        set.validated = validated;
        return set;
      }
      ++set.lapses;
      first = std::chrono::floor<seconds>(end);
    }
  }
  auto const turn = std::chrono::duration_cast<seconds>(behaviour.token_life + renewal_gap);
  set.generation = std::max<std::int64_t>(0, (now - first) / turn);
  set.requested = first + set.generation * turn;
  set.expires = set.requested + behaviour.token_life;
  return set;
}

std::optional<HttpToken> http_token(Authorization const& set, std::string_view name, std::string_view account) {
  if (is_wildcard(name)) return std::nullopt;
  HttpToken made{.token = token(set, name, "http-01")};
  made.path = "/.well-known/acme-challenge/" + made.token;
  made.redirect = "http://dcv.akamai.com" + made.path;
  made.body = key_authorization(made.token, account);
  return made;
}

DnsToken dns_token(Authorization const& set, std::string_view name, std::string_view account) {
  DnsToken made{.token = token(set, name, "dns-01")};
  made.name = fmt::format("_acme-challenge.{}", is_wildcard(name) ? name.substr(2) : name);
  made.value = url_text(sha256_bytes(key_authorization(made.token, account)));
  return made;
}

std::vector<std::string> names_of(Order const& order) {
  std::vector<std::string> names;
  auto const subject = json::parse(order.subject, "a stored subject");
  if (!subject) return names;
  if (json::Value const* const sans = json::find(*subject, "sans"); sans != nullptr && sans->IsArray())
    for (auto const& name : sans->GetArray()) names.emplace_back(json::text_or(&name, ""));
  return names;
}

}  // namespace cpsctl::sandbox
