#include "sandbox/versions.hpp"

#include <algorithm>
#include <array>

namespace cpsctl::sandbox {
namespace {

/// A member that a version brought in: older ones neither show nor understand it.
struct Since {
  int version;
  std::string_view object;  ///< "" for the enrollment itself
  std::string_view member;
};

constexpr std::array since_table{
    Since{12, "networkConfiguration", "fipsMode"},
    Since{11, "", "id"},
    Since{11, "", "orgId"},
    Since{11, "", "assignedSlots"},
    Since{11, "", "stagingSlots"},
    Since{11, "", "productionSlots"},
    Since{10, "csr", "preferredTrustChain"},
    Since{9, "networkConfiguration", "clientMutualAuthentication"},
    Since{9, "", "autoRenewalStartTime"},
    Since{7, "networkConfiguration", "quicEnabled"},
    Since{7, "networkConfiguration", "ocspStapling"},
    Since{7, "", "certificateChainType"},
    Since{7, "", "enableMultiStackedCertificates"},
    Since{7, "", "maxAllowedSanNames"},
    Since{7, "", "maxAllowedWildcardSanNames"},
};

json::Value* object_of(json::Value& root, std::string_view name) {
  json::Value* const object = name.empty() ? &root : json::find(root, name);
  return object != nullptr && object->IsObject() ? object : nullptr;
}

json::Value const* object_of(json::Value const& root, std::string_view name) {
  json::Value const* const object = name.empty() ? &root : json::find(root, name);
  return object != nullptr && object->IsObject() ? object : nullptr;
}

/// Before v10, pendingChanges were paths.
void pending_as_paths(json::Document& document) {
  json::Value* const pending = json::find(document, "pendingChanges");
  if (pending == nullptr || !pending->IsArray()) return;
  auto& pool = document.GetAllocator();
  json::Value paths(rapidjson::kArrayType);
  for (auto const& change : pending->GetArray())
    paths.PushBack(json::string(json::text_or(json::find(change, "location"), ""), pool), pool);
  *pending = std::move(paths);
}

/// Before v7, `sni` said in one object what sniOnly and dnsNameSettings say today; null meant a non-SNI certificate.
void sni_as_object(json::Document& document) {
  json::Value* const network = object_of(document, "networkConfiguration");
  if (network == nullptr) return;
  auto& pool = document.GetAllocator();
  json::Value const* const sni_only = json::find(*network, "sniOnly");
  json::Value sni;
  if (sni_only != nullptr && sni_only->IsTrue()) {
    json::Value const* const settings = json::find(*network, "dnsNameSettings");
    if (settings != nullptr) sni.CopyFrom(*settings, pool);
    if (!sni.IsObject()) sni.SetObject();
  }
  json::remove(*network, "sniOnly");
  json::remove(*network, "dnsNameSettings");
  json::set(*network, "sni", std::move(sni), pool);
}

void sni_from_object(json::Document& body) {
  json::Value* const network = object_of(body, "networkConfiguration");
  if (network == nullptr || json::find(*network, "sniOnly") != nullptr) return;
  auto& pool = body.GetAllocator();
  json::Value settings;
  if (json::Value* const sni = json::find(*network, "sni")) settings = std::move(*sni);
  json::remove(*network, "sni");
  json::set(*network, "sniOnly", json::Value(settings.IsObject()), pool);
  if (!settings.IsObject()) return;
  if (json::find(settings, "cloneDnsNames") == nullptr) json::set(settings, "cloneDnsNames", json::Value(true), pool);
  json::set(*network, "dnsNameSettings", std::move(settings), pool);
}

/// v7 made two booleans required that older clients do not know.
void required_booleans(json::Document& body) {
  auto& pool = body.GetAllocator();
  if (json::find(body, "enableMultiStackedCertificates") == nullptr)
    json::set(body, "enableMultiStackedCertificates", json::Value(false), pool);
  json::Value* const network = object_of(body, "networkConfiguration");
  if (network != nullptr && json::find(*network, "quicEnabled") == nullptr)
    json::set(*network, "quicEnabled", json::Value(false), pool);
}

bool is_newest(std::string const& document, int version) {
  return version >= newest_shape || (version == 11 && document.find("\"fipsMode\"") == std::string::npos);
}

}  // namespace

std::string shape_down(std::string const& text, int version) {
  if (is_newest(text, version)) return text;
  auto parsed = json::parse(text, "a stored enrollment");
  if (!parsed) return text;
  json::Document document = std::move(*parsed);
  if (version < 10) pending_as_paths(document);
  if (version < 7) sni_as_object(document);
  for (Since const& since : since_table) {
    json::Value* const object = since.version > version ? object_of(document, since.object) : nullptr;
    if (object != nullptr) json::remove(*object, since.member);
  }
  return json::compact(document);
}

std::optional<std::string> unknown_member(json::Value const& body, int version) {
  for (Since const& since : since_table) {
    if (since.version <= std::max(version, oldest_described)) continue;
    json::Value const* const object = body.IsObject() ? object_of(body, since.object) : nullptr;
    if (object != nullptr && json::find(*object, since.member) != nullptr) return std::string(since.member);
  }
  return std::nullopt;
}

void shape_up(json::Document& body, int version, json::Value const* live) {
  if (!body.IsObject()) return;
  if (version < 7) sni_from_object(body);
  if (version < 10) json::remove(body, "pendingChanges");
  for (Since const& since : since_table) {
    if (since.version <= version || live == nullptr) continue;
    json::Value const* const source = object_of(*live, since.object);
    json::Value* const sink = object_of(body, since.object);
    json::Value const* const kept = source == nullptr ? nullptr : json::find(*source, since.member);
    if (kept == nullptr || sink == nullptr || json::find(*sink, since.member) != nullptr) continue;
    json::set(*sink, since.member, json::Value(*kept, body.GetAllocator()), body.GetAllocator());
  }
  if (version < 7) required_booleans(body);
}

}  // namespace cpsctl::sandbox
