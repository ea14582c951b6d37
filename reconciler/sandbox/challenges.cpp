#include "sandbox/challenges.hpp"

#include "base/json.hpp"
#include "sandbox/tokens.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

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

json::Value challenges_of(std::string_view name, Authorization const& set, std::string const& account,
                          json::Pool& pool) {
  json::Value list(rapidjson::kArrayType);
  if (auto const http = http_token(set, name, account))
    add_challenge(list, "http-01",
                  {{"token", http->token},
                   {"responseBody", http->body},
                   {"fullPath", fmt::format("http://{}{}", name, http->path)},
                   {"redirectFullPath", http->redirect}},
                  pool);
  DnsToken const dns = dns_token(set, name, account);
  add_challenge(
      list, "dns-01",
      {{"token", dns.token}, {"responseBody", dns.value}, {"fullPath", dns.name + "."}, {"redirectFullPath", ""}},
      pool);
  return list;
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

constexpr DomainState not_ready{"Awaiting user", "DATA_NOT_READY", "The domain is not ready for validation."};

DomainState state_of(Change const& change, std::string_view name, Authorization const& set, WallTime now) {
  if (set.validated) return {"Valid", "VALIDATED"};
  if (set.expired(now)) return {"Error", "EXPIRED", "Expired authorization"};
  auto const known = std::ranges::find(change.proofs, name, &NameProof::name);
  // What was found of earlier tokens says nothing of these.
  if (known == change.proofs.end() || known->since != timestamp(set.requested)) return not_ready;
  switch (known->found) {
    case Found::ready: return {"Ready for Validation", "IN_PROGRESS"};
    case Found::other: return {not_ready.status, "RESPONSE_ERROR", not_ready.error};
    case Found::nothing:
    case Found::token: break;
  }
  return not_ready;
}

/// One row of the history: an order's domain, without tokens when it is over.
json::Value past_row(Order const& order, std::string const& domain, bool cancelled, json::Pool& pool) {
  json::Value row(rapidjson::kObjectType);
  bool const valid = !order.issued.empty();
  DomainState const state = valid       ? DomainState{"Valid", "VALIDATED"}
                            : cancelled ? DomainState{"Invalid", "EXPIRED", "The change was cancelled."}
                                        : not_ready;
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

std::string challenges_body(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour,
                            WallTime now) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  Order const* const order = order_of(enrollment, change.id);
  for (std::string const& name : order != nullptr ? names_of(*order) : std::vector<std::string>()) {
    Authorization const set = authorization_of(change, name, behaviour, now);
    bool const open = !set.validated && !set.expired(now);
    json::Value entry(rapidjson::kObjectType);
    describe(entry, name, state_of(change, name, set, now), pool);
    json::set(entry, "requestTimestamp", json::string(timestamp(set.requested), pool), pool);
    json::set(entry, "validatedTimestamp",
              set.validated ? json::string(timestamp(*set.validated), pool) : json::Value(), pool);
    json::set(entry, "expires", json::string(timestamp(set.expires), pool), pool);
    json::set(entry, "challenges",
              open ? challenges_of(name, set, enrollment.account, pool) : json::Value(rapidjson::kArrayType), pool);
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
    for (std::string const& domain : names_of(*order))
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
