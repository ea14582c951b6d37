#include "sandbox/approval.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/crypto.hpp"
#include "sandbox/motion.hpp"
#include "sandbox/served.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

/// Null when there is nothing to say. CPS puts all warnings into one message, bracketed, with commas between.
json::Value validation_result(Change const& change, json::Pool& pool) {
  if (change.warned_after.empty()) return json::Value();
  json::Value warning(rapidjson::kObjectType);
  std::string const message = fmt::format("[{}]", fmt::join(text::split(change.warned_after, '\n'), ", "));
  json::set(warning, "message", json::string(message, pool), pool);
  json::set(warning, "messageCode", json::string("no-code", pool), pool);
  json::Value warnings(rapidjson::kArrayType);
  warnings.PushBack(std::move(warning), pool);
  json::Value result(rapidjson::kObjectType);
  json::set(result, "errors", json::Value(), pool);
  json::set(result, "warnings", std::move(warnings), pool);
  return result;
}

json::Value pending_certificate(json::Value const& document, KeyedCertificate const& one, int version,
                                json::Pool& pool) {
  json::Value certificate(rapidjson::kObjectType);
  json::set(certificate, "certificateType",
            json::string(json::text_or(json::find(document, "certificateType"), ""), pool), pool);
  json::set(certificate, "fullCertificate", json::string(one.certificate, pool), pool);
  json::set(certificate, "signatureAlgorithm", json::string("SHA-256", pool), pool);
  if (version < 5) return certificate;
  json::set(certificate, "keyAlgorithm", json::string(one.algorithm, pool), pool);
  json::set(certificate, "ocspStapled", json::Value(false), pool);
  json::set(certificate, "ocspUris", json::Value(), pool);
  return certificate;
}

json::Value pending_network(json::Value const& document, int version, json::Pool& pool) {
  static json::Value const none(rapidjson::kObjectType);
  json::Value const* const found = json::find(document, "networkConfiguration");
  json::Value const& network = found != nullptr ? *found : none;
  json::Value pending(rapidjson::kObjectType);
  std::vector<char const*> members{"mustHaveCiphers", "preferredCiphers", "disallowedTlsVersions"};
  if (version >= 5) members.insert(members.end(), {"dnsNameSettings", "ocspStapling", "quicEnabled", "sniOnly"});
  if (version >= 6) members.push_back("fipsMode");
  for (char const* const name : members)
    if (json::Value const* const member = json::find(network, name))
      json::set(pending, name, json::Value(*member, pool), pool);
  json::set(pending, "networkType", json::Value(), pool);
  if (version < 5) {
    json::Value const* const sni = json::find(network, "dnsNameSettings");
    json::set(pending, "sni", sni != nullptr ? json::Value(*sni, pool) : json::Value(), pool);
  }
  return pending;
}

}  // namespace

std::string validation_hash(Change const& change) {
  json::Document body;
  json::Value const result = validation_result(change, body.GetAllocator());
  return sha1_hex(result.IsNull() ? std::string() : json::compact(result));
}

std::string approval_body(Enrollment const& enrollment, Change const& change, int version) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  auto const document = json::parse(enrollment.document, "a stored enrollment");
  json::Value const& shown = document ? static_cast<json::Value const&>(*document) : body;

  json::Value certificates(rapidjson::kArrayType);
  if (Order const* const order = order_of(enrollment, change.id))
    for (KeyedCertificate const* const one : certificates_of(*order))
      certificates.PushBack(pending_certificate(shown, *one, version, pool), pool);
  json::Value pending(rapidjson::kObjectType);
  if (version >= 5)
    json::set(pending, "pendingCertificates", std::move(certificates), pool);
  else if (!certificates.Empty())
    json::set(pending, "pendingCertificate", std::move(certificates[0]), pool);
  json::set(pending, "pendingNetworkConfiguration", pending_network(shown, version, pool), pool);

  auto const deadline = approval_deadline(enrollment, change);
  json::set(body, "acknowledgementDeadline", deadline ? json::string(timestamp(*deadline), pool) : json::Value(), pool);
  json::set(body, "validationResultHash", json::string(validation_hash(change), pool), pool);
  json::set(body, "validationResult", validation_result(change, pool), pool);
  json::set(body, "pendingState", std::move(pending), pool);
  return json::compact(body);
}

}  // namespace cpsctl::sandbox
