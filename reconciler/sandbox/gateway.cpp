#include "sandbox/gateway.hpp"

#include "base/text.hpp"
#include "edgegrid/signer.hpp"
#include "sandbox/problems.hpp"

#include <algorithm>
#include <chrono>

#include <openssl/crypto.h>

namespace cpsctl::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr auto allowed_skew = 30s;

bool same_text(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

GatewayProblem bad_request(std::string detail) {
  return {.status = 400, .slug = "request-error", .title = "Bad request", .detail = std::move(detail)};
}

GatewayProblem denied(std::string detail) {
  return {.status = 401, .slug = "deny", .title = "Not authorized", .detail = std::move(detail)};
}

bool matches(edgegrid::Credentials const& credentials, Request const& request,
             edgegrid::AuthorizationParts const& parts) {
  if (!same_text(parts.client_token, credentials.client_token.reveal())) return false;
  if (!same_text(parts.access_token, credentials.access_token.reveal())) return false;
  std::string const host = text::lower(request.header("Host"));
  edgegrid::SignedRequest const sent{
      .method = request.method, .host = host, .target = request.target, .body = request.body};
  std::string const expected = edgegrid::authorization(credentials, sent, parts.timestamp, parts.nonce);
  auto const wanted = edgegrid::parse_authorization(expected);
  return wanted && same_text(parts.signature, wanted->signature);
}

}  // namespace

std::optional<Response> Gateway::refuse(Request const& request, WallTime now) {
  auto const answer = [&](GatewayProblem const& problem) {
    return gateway_problem(problem, request, request.header("Host"), now, random_);
  };
  std::string_view const header = request.header("Authorization");
  if (header.empty()) return answer(bad_request("Authorization header missing"));
  auto const parts = edgegrid::parse_authorization(header);
  if (!parts) return answer(bad_request("Invalid authorization header"));
  auto const signed_at = edgegrid::parse_timestamp(parts->timestamp);
  if (!signed_at || now - *signed_at > allowed_skew || *signed_at - now > allowed_skew)
    return answer(bad_request("Invalid timestamp"));
  if (!matches(credentials_, request, *parts)) return answer(denied("The signature does not match"));
  // Only nonces of genuine requests are remembered: nobody else can use one up or fill the memory.
  if (seen_before(parts->nonce, now)) return answer(bad_request("Duplicate nonce"));
  return std::nullopt;
}

bool Gateway::seen_before(std::string const& nonce, WallTime now) {
  // A request signed 30 s ahead of our clock may pass until 60 s from now.
  while (!nonce_order_.empty() && now - nonce_order_.front().first > 2 * allowed_skew) {
    nonces_.erase(nonce_order_.front().second);
    nonce_order_.pop_front();
  }
  if (!nonces_.insert(nonce).second) return true;
  nonce_order_.emplace_back(now, nonce);
  return false;
}

std::vector<Limit> real_limits() {
  return {{.requests = 35, .per = 60s}, {.requests = 20, .per = 2s}};
}

Meter::Meter(std::vector<Limit> usual)
    : limits_{{Allowance::usual, std::move(usual)}, {Allowance::active_certificates, {{.requests = 10, .per = 60s}}}} {}

std::optional<Excess> Meter::admit(std::string const& account, Allowance allowance, SteadyTime now) {
  auto const& limits = limits_.at(allowance);
  auto& passed = passed_[{account, allowance}];
  Duration longest = 0ms;
  for (Limit const& limit : limits) longest = std::max(longest, limit.per);
  while (!passed.empty() && now - passed.front() >= longest) passed.pop_front();
  std::optional<Excess> excess;
  for (Limit const& limit : limits) {
    if (passed.size() < limit.requests) continue;
    // The window has a free place again when the oldest of its last `requests` leaves it.
    SteadyTime const free = passed[passed.size() - limit.requests] + limit.per;
    if (free <= now) continue;
    auto const wait = std::chrono::ceil<Duration>(free - now);
    if (!excess || wait > excess->wait) excess = Excess{.wait = wait, .limit = limit.requests};
  }
  if (!excess) passed.push_back(now);
  return excess;
}

}  // namespace cpsctl::sandbox
