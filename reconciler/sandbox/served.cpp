#include "sandbox/served.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/crypto.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

json::Value nullable(std::string const& text, json::Pool& pool) {
  return text.empty() ? json::Value() : json::string(text, pool);
}

/// When this one ends: those of one order may end at different times.
std::string expiry_of(KeyedCertificate const& one) {
  Certificate const certificate = parse_certificate(one.certificate);
  return certificate ? timestamp(time_of(X509_get0_notAfter(certificate.get()))) : std::string();
}

enum class Detail : std::uint8_t { deployment, history, change };

json::Value certificate_value(KeyedCertificate const& one, Detail detail, json::Pool& pool) {
  json::Value value(rapidjson::kObjectType);
  json::set(value, "certificate", nullable(one.certificate, pool), pool);
  json::set(value, "trustChain", nullable(one.trust_chain, pool), pool);
  json::set(value, "keyAlgorithm", json::string(one.algorithm, pool), pool);
  if (detail == Detail::change) json::set(value, "csr", nullable(one.csr, pool), pool);
  if (detail != Detail::change) json::set(value, "expiry", json::string(expiry_of(one), pool), pool);
  if (detail == Detail::deployment) json::set(value, "signatureAlgorithm", json::string("SHA-256", pool), pool);
  return value;
}

/// primaryCertificate and multiStackedCertificates.
void set_certificates(json::Value& object, std::vector<KeyedCertificate const*> const& all, Detail detail,
                      json::Pool& pool) {
  json::Value others(rapidjson::kArrayType);
  for (KeyedCertificate const* const one : all | std::views::drop(1))
    others.PushBack(certificate_value(*one, detail, pool), pool);
  json::set(object, "primaryCertificate", all.empty() ? json::Value() : certificate_value(*all.front(), detail, pool),
            pool);
  json::set(object, "multiStackedCertificates", std::move(others), pool);
}

json::Value network_value(std::string const& text, int version, json::Pool& pool) {
  json::Value shown(rapidjson::kObjectType);
  auto const network = json::parse(text, "a stored network configuration");
  if (!network) return shown;
  for (char const* const name :
       {"geography", "secureNetwork", "mustHaveCiphers", "preferredCiphers", "disallowedTlsVersions"})
    if (json::Value const* const member = json::find(*network, name))
      json::set(shown, name, json::Value(*member, pool), pool);
  json::Value const* const settings = json::find(*network, "dnsNameSettings");
  if (version < 7) {
    json::set(shown, "sni", settings != nullptr ? json::Value(*settings, pool) : json::Value(), pool);
    return shown;
  }
  for (char const* const name : {"ocspStapling", "sniOnly", "quicEnabled"})
    if (json::Value const* const member = json::find(*network, name))
      json::set(shown, name, json::Value(*member, pool), pool);
  json::Value const* const names = json::find(settings, "dnsNames");
  if (names != nullptr && names->IsArray()) json::set(shown, "dnsNames", json::Value(*names, pool), pool);
  return shown;
}

json::Value deployment_value(Enrollment const& enrollment, Deployed const& deployed, int version, json::Pool& pool) {
  json::Value value(rapidjson::kObjectType);
  Order const* const order = order_of(enrollment, deployed.order);
  auto const all = order != nullptr ? certificates_of(*order) : std::vector<KeyedCertificate const*>();
  json::set(value, "networkConfiguration", network_value(deployed.network, version, pool), pool);
  if (version < 7) {
    json::set(value, "certificate", nullable(all.empty() ? "" : all.front()->certificate, pool), pool);
    json::set(value, "trustChain", nullable(all.empty() ? "" : all.front()->trust_chain, pool), pool);
    json::set(value, "signatureAlgorithm", json::string("SHA-256", pool), pool);
    return value;
  }
  json::set(value, "ocspStapled", json::Value(false), pool);
  json::set(value, "ocspUris", json::Value(), pool);
  set_certificates(value, all, Detail::deployment, pool);
  return value;
}

struct Action {
  std::string_view name;
  std::string_view description;
};

/// A history's words; it has none for a removal, whose enrollment is gone with its history.
Action action_of(std::string_view type, Work work) {
  if (work != Work::certificate) return {"update-network-configuration", "Update Network Configuration"};
  if (type == "new-certificate") return {"new-certificate", "Create New Certificate"};
  if (type == "modify-san") return {"modify-san", "Modify SANs"};
  return {"renew", "Renew Certificate"};
}

/// Has a CA that looks at organisations been given the order? Of a change that was given up a certificate alone proves
/// it.
bool is_at_authority(Order const& order, PastChange const& past, std::string_view validation) {
  bool const looks = validation == "ov" || validation == "ev";
  return looks && (past.status == "completed" || !order.issued.empty());
}

bool is_at_authority(Change const& change) {
  if (change.work != Work::certificate || (change.validation != "ov" && change.validation != "ev")) return false;
  auto const path = path_of(change.validation, change.work);
  auto const first = std::ranges::find(path, Mover::authority, &Step::mover);
  return position(path, change.status) >= static_cast<std::size_t>(first - path.begin());
}

/// What the CA calls its order: the same in every answer, and nobody's real one.
json::Value order_details(std::int64_t change, json::Pool& pool) {
  json::Value details(rapidjson::kObjectType);
  std::string const id = text::sha256_hex(fmt::format("order {}", change)).substr(0, 20);
  json::set(details, "orderId", json::string(id, pool), pool);
  return details;
}

/// A change as a history has it.
struct Told {
  PastChange past = {};
  bool at_authority = false;
  std::string_view ra = {};
};

json::Value change_value(Enrollment const& enrollment, Told const& told, int version, json::Pool& pool) {
  PastChange const& past = told.past;
  json::Value value(rapidjson::kObjectType);
  Action const action = action_of(past.type, past.work);
  json::set(value, "action", json::string(action.name, pool), pool);
  json::set(value, "actionDescription", json::string(action.description, pool), pool);
  json::set(value, "businessCaseId", json::Value(), pool);
  json::set(value, "createdBy", json::string("sandbox", pool), pool);
  json::set(value, "createdOn", json::string(past.created, pool), pool);
  json::set(value, "lastUpdated", nullable(past.ended, pool), pool);
  json::set(value, "ra", json::string(told.ra, pool), pool);
  json::set(value, "status", json::string(past.status, pool), pool);
  json::set(value, "primaryCertificateOrderDetails", told.at_authority ? order_details(past.id, pool) : json::Value(),
            pool);
  Order const* const order = order_of(enrollment, past.id);
  // A cancelled change shows the CSRs that it made; one that is going on shows nothing yet (tfp#402).
  std::vector<KeyedCertificate const*> shown;
  if (order != nullptr && past.status != "incomplete")
    for (KeyedCertificate const& one : order->keys)
      if (!one.csr.empty() && (past.status == "cancelled" || !one.certificate.empty())) shown.push_back(&one);
  set_certificates(value, shown, Detail::change, pool);
  if (version < 5) json::remove(value, "multiStackedCertificates");
  return value;
}

}  // namespace

std::vector<KeyedCertificate const*> certificates_of(Order const& order) {
  std::vector<KeyedCertificate const*> all;
  for (KeyedCertificate const& one : order.keys)
    if (!one.certificate.empty()) all.push_back(&one);
  return all;
}

std::string deployment_body(Enrollment const& enrollment, Deployed const& deployed, int version) {
  json::Document body;
  static_cast<json::Value&>(body) = deployment_value(enrollment, deployed, version, body.GetAllocator());
  return json::compact(body);
}

std::string deployments_body(Enrollment const& enrollment, int version) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  auto const shown = [&](std::optional<Deployed> const& deployed) {
    return deployed ? deployment_value(enrollment, *deployed, version, pool) : json::Value();
  };
  json::set(body, "production", shown(enrollment.production), pool);
  json::set(body, "staging", shown(enrollment.staging), pool);
  return json::compact(body);
}

std::string certificate_history_body(Enrollment const& enrollment) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  auto const document = json::parse(enrollment.document, "a stored enrollment");
  json::Value const* const shown = document ? &*document : nullptr;
  json::Value list(rapidjson::kArrayType);
  for (Order const& order : enrollment.orders | std::views::reverse) {
    if (certificates_of(order).empty()) continue;
    auto const serves = [&](std::optional<Deployed> const& network) {
      return network && network->order == order.change;
    };
    auto const word = [&](bool active) { return json::string(active ? "active" : "inactive", pool); };
    json::Value slots(rapidjson::kArrayType);
    if (serves(enrollment.production)) slots.PushBack(json::Value(enrollment.id), pool);
    json::Value value(rapidjson::kObjectType);
    json::set(value, "deploymentStatus", word(serves(enrollment.production)), pool);
    json::set(value, "stagingStatus", word(serves(enrollment.staging)), pool);
    json::set(value, "geography",
              json::string(json::text_or(json::find(json::find(shown, "networkConfiguration"), "geography"), ""), pool),
              pool);
    json::set(value, "ra", json::string(json::text_or(json::find(shown, "ra"), ""), pool), pool);
    json::set(value, "type", json::string(json::text_or(json::find(shown, "certificateType"), ""), pool), pool);
    json::set(value, "slots", std::move(slots), pool);
    set_certificates(value, certificates_of(order), Detail::history, pool);
    list.PushBack(std::move(value), pool);
  }
  json::set(body, "certificates", std::move(list), pool);
  return json::compact(body);
}

std::string change_history_body(Enrollment const& enrollment, int version) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  auto const document = json::parse(enrollment.document, "a stored enrollment");
  std::string const ra(document ? json::text_or(json::find(*document, "ra"), "") : "");
  std::string const validation(document ? json::text_or(json::find(*document, "validationType"), "") : "");
  json::Value list(rapidjson::kArrayType);
  for (Change const& change : enrollment.changes | std::views::reverse) {
    PastChange const open{
        .id = change.id, .type = change.type, .work = change.work, .status = "incomplete", .created = change.created};
    Told const told{.past = open, .at_authority = is_at_authority(change), .ra = ra};
    list.PushBack(change_value(enrollment, told, version, pool), pool);
  }
  for (PastChange const& past : enrollment.history | std::views::reverse) {
    Order const* const order = order_of(enrollment, past.id);
    Told const told{
        .past = past, .at_authority = order != nullptr && is_at_authority(*order, past, validation), .ra = ra};
    list.PushBack(change_value(enrollment, told, version, pool), pool);
  }
  json::set(body, "changes", std::move(list), pool);
  return json::compact(body);
}

}  // namespace cpsctl::sandbox
