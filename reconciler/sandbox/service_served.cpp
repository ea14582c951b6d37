#include "sandbox/challenges.hpp"
#include "sandbox/served.hpp"
#include "sandbox/service.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// What the networks serve, the histories, and the contracts (cps-api.md §2.2, operations 12 to 18).
namespace cpsctl::sandbox {
namespace {

Entity const& entity_of(Shown shown) {
  switch (shown) {
    case Shown::deployments: return deployments_entity;
    case Shown::production:
    case Shown::staging: return deployment_entity;
    case Shown::dv_history: return dv_history_entity;
    case Shown::certificate_history: return certificate_history_entity;
    case Shown::change_history: return change_history_entity;
  }
  return deployments_entity;
}

/// The orders whose certificates are shown.
std::vector<std::int64_t> orders_for(Shown shown, Enrollment const& enrollment) {
  std::vector<std::int64_t> wanted;
  bool const all = shown == Shown::certificate_history || shown == Shown::change_history;
  auto const serves = [](std::optional<Deployed> const& network, Order const& order) {
    return network && network->order == order.change;
  };
  for (Order const& order : enrollment.orders)
    if (all || serves(enrollment.production, order) || serves(enrollment.staging, order))
      wanted.push_back(order.change);
  return wanted;
}

}  // namespace

std::optional<Shown> shown_by(std::vector<std::string> const& path) {
  std::string const tail = path.size() > 4 ? path[4] : std::string();
  std::string const last = path.size() == 6 ? path[5] : std::string();
  if (path.size() == 5 && tail == "deployments") return Shown::deployments;
  if (path.size() == 5 && tail == "dv-history") return Shown::dv_history;
  if (tail == "deployments" && last == "production") return Shown::production;
  if (tail == "deployments" && last == "staging") return Shown::staging;
  if (tail == "history" && last == "certificates") return Shown::certificate_history;
  if (tail == "history" && last == "changes") return Shown::change_history;
  return std::nullopt;
}

Response Service::show(Call& call, Enrollment const& enrollment, Shown shown) {
  if (call.request.method != "GET") return wrong_method(call, "GET");
  Entity const& entity = entity_of(shown);
  auto const version = accepted_version(call.request.header("Accept"), entity, behaviour_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  Enrollment made = enrollment;
  if (auto const done = make_certificates(made, orders_for(shown, made)); !done)
    return disk_trouble(call, done.error());
  std::string body;
  switch (shown) {
    case Shown::deployments: body = deployments_body(made, *version); break;
    case Shown::production:
    case Shown::staging: {
      auto const& network = shown == Shown::production ? made.production : made.staging;
      // CPS's 404 has no body here, which has surprised clients (cps-api.md §2.2).
      if (!network) return {.status = 404, .refused = "nothing is deployed"};
      body = deployment_body(made, *network, *version);
      break;
    }
    case Shown::dv_history: body = dv_history_body(made); break;
    case Shown::certificate_history: body = certificate_history_body(made); break;
    case Shown::change_history: body = change_history_body(made, *version); break;
  }
  return carried_out(200, entity, *version, std::move(body));
}

Response Service::contracts(Call& call) {
  if (call.request.method != "GET") return wrong_method(call, "GET");
  std::set<std::string> known(behaviour_.contracts.begin(), behaviour_.contracts.end());
  for (Enrollment const* const enrollment : store_.list(call.account, "")) known.insert(enrollment->contract);
  json::Document body(rapidjson::kArrayType);
  for (std::string const& contract : known)
    body.PushBack(json::string(contract, body.GetAllocator()), body.GetAllocator());
  return {.status = 200, .content_type = "application/json", .body = json::compact(body)};
}

}  // namespace cpsctl::sandbox
