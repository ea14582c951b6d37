#include "sandbox/challenges.hpp"

#include "base/text.hpp"
#include "sandbox/crypto.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr days token_life(7);
constexpr minutes renewal_gap(9);  ///< CPS asks for new tokens about so long after the old ones ended

/// base64url without padding, as ACME has it.
std::string url_text(std::string_view bytes) {
  std::string text = text::base64(bytes);
  std::erase(text, '=');
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

/// One set of tokens and its time.
struct Authorization {
  std::int64_t change = 0;
  std::int64_t generation = 0;
  WallTime requested = {};
  WallTime expires = {};
};

Authorization current(Change const& change, WallTime now) {
  auto const since = parse_timestamp(change.since);
  WallTime const first = std::chrono::floor<std::chrono::seconds>(since ? *since : now);
  auto const turn = std::chrono::duration_cast<std::chrono::seconds>(token_life + renewal_gap);
  std::int64_t const generation = std::max<std::int64_t>(0, (now - first) / turn);
  WallTime const requested = first + generation * turn;
  return {.change = change.id, .generation = generation, .requested = requested, .expires = requested + token_life};
}

std::string token(Authorization const& set, std::string_view domain, std::string_view type) {
  return url_text(sha256_bytes(fmt::format("token {} {} {} {}", set.change, set.generation, domain, type)));
}

std::string key_authorization(std::string const& token, std::string const& account) {
  return fmt::format("{}.{}", token, url_text(sha256_bytes(fmt::format("account {}", account))));
}

void add_challenge(json::Value& list, std::string_view type, std::map<std::string, std::string> const& texts,
                   json::Pool& pool) {
  json::Value challenge(rapidjson::kObjectType);
  json::set(challenge, "type", json::string(type, pool), pool);
  json::set(challenge, "status", json::string("pending", pool), pool);
  json::set(challenge, "error", json::Value(), pool);
  for (auto const& [name, text] : texts) json::set(challenge, name, json::string(text, pool), pool);
  json::set(challenge, "validationRecords", json::Value(rapidjson::kArrayType), pool);
  list.PushBack(std::move(challenge), pool);
}

json::Value challenges_of(std::string_view domain, Authorization const& set, std::string const& account,
                          json::Pool& pool) {
  json::Value list(rapidjson::kArrayType);
  bool const wildcard = domain.starts_with("*.");
  if (!wildcard) {
    std::string const own = token(set, domain, "http-01");
    std::string const path = "/.well-known/acme-challenge/" + own;
    add_challenge(list, "http-01",
                  {{"token", own},
                   {"responseBody", key_authorization(own, account)},
                   {"fullPath", fmt::format("http://{}{}", domain, path)},
                   {"redirectFullPath", "http://dcv.akamai.com" + path}},
                  pool);
  }
  std::string const own = token(set, domain, "dns-01");
  add_challenge(list, "dns-01",
                {{"token", own},
                 {"responseBody", url_text(sha256_bytes(key_authorization(own, account)))},
                 {"fullPath", fmt::format("_acme-challenge.{}.", wildcard ? domain.substr(2) : domain)},
                 {"redirectFullPath", ""}},
                pool);
  return list;
}

std::vector<std::string> domains_of(Order const& order) {
  std::vector<std::string> domains;
  auto const subject = json::parse(order.subject, "a stored subject");
  if (!subject) return domains;
  if (json::Value const* const sans = json::find(*subject, "sans"); sans != nullptr && sans->IsArray())
    for (auto const& name : sans->GetArray()) domains.emplace_back(json::text_or(&name, ""));
  return domains;
}

struct DomainState {
  std::string_view status;
  std::string_view validation;
  std::string_view error = {};
};

void describe(json::Value& entry, std::string_view domain, DomainState const& state, json::Pool& pool) {
  json::set(entry, "domain", json::string(domain, pool), pool);
  json::set(entry, "status", json::string(state.status, pool), pool);
  json::set(entry, "error", state.error.empty() ? json::Value() : json::string(state.error, pool), pool);
  json::set(entry, "validationStatus", json::string(state.validation, pool), pool);
}

/// One row of the history: an order's domain, without tokens when it is over.
json::Value past_row(Order const& order, std::string const& domain, bool cancelled, json::Pool& pool) {
  json::Value row(rapidjson::kObjectType);
  bool const valid = !order.issued.empty();
  DomainState const state =
      valid       ? DomainState{"Valid", "VALIDATED"}
      : cancelled ? DomainState{"Invalid", "EXPIRED", "The change was cancelled."}
                  : DomainState{"Awaiting user", "DATA_NOT_READY", "The domain is not ready for validation."};
  describe(row, domain, state, pool);
  json::set(row, "requestTimestamp", json::Value(), pool);
  json::set(row, "validatedTimestamp", valid ? json::string(order.issued, pool) : json::Value(), pool);
  for (char const* const name : {"expires", "fullPath", "redirectFullPath", "responseBody", "token"})
    json::set(row, name, json::Value(), pool);
  for (char const* const name : {"challenges", "validationRecords"})
    json::set(row, name, json::Value(rapidjson::kArrayType), pool);
  return row;
}

}  // namespace

std::string challenges_body(Enrollment const& enrollment, Change const& change, WallTime now) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  Authorization const set = current(change, now);
  bool const expired = now >= set.expires;
  Order const* const order = order_of(enrollment, change.id);
  for (std::string const& domain : order != nullptr ? domains_of(*order) : std::vector<std::string>()) {
    json::Value entry(rapidjson::kObjectType);
    describe(entry, domain,
             expired ? DomainState{"Error", "EXPIRED", "Expired authorization"}
                     : DomainState{"Awaiting user", "DATA_NOT_READY", "The domain is not ready for validation."},
             pool);
    json::set(entry, "requestTimestamp", json::string(timestamp(set.requested), pool), pool);
    json::set(entry, "validatedTimestamp", json::Value(), pool);
    json::set(entry, "expires", json::string(timestamp(set.expires), pool), pool);
    json::set(entry, "challenges",
              expired ? json::Value(rapidjson::kArrayType) : challenges_of(domain, set, enrollment.account, pool),
              pool);
    list.PushBack(std::move(entry), pool);
  }
  json::set(body, "dv", std::move(list), pool);
  return json::compact(body);
}

std::string dv_history_body(Enrollment const& enrollment) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  std::map<std::string, json::Value> rows;  // newest first, as the change history
  for (auto order = enrollment.orders.rbegin(); order != enrollment.orders.rend(); ++order) {
    bool const cancelled = std::ranges::any_of(enrollment.history, [&](PastChange const& past) {
      return past.id == order->change && past.status == "cancelled";
    });
    for (std::string const& domain : domains_of(*order))
      rows.try_emplace(domain, rapidjson::kArrayType)
          .first->second.PushBack(past_row(*order, domain, cancelled, pool), pool);
  }
  json::Value results(rapidjson::kArrayType);
  for (auto& [domain, history] : rows) {
    json::Value result(rapidjson::kObjectType);
    json::set(result, "domain", json::string(domain, pool), pool);
    json::set(result, "domainHistory", std::move(history), pool);
    results.PushBack(std::move(result), pool);
  }
  json::set(body, "results", std::move(results), pool);
  return json::compact(body);
}

}  // namespace cpsctl::sandbox
