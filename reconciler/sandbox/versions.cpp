#include "sandbox/versions.hpp"

#include "sandbox/media.hpp"

namespace cpsctl::sandbox {
namespace {

/// A member that a version brought in: older ones neither show nor understand it.
struct Since {
  int version;
  std::string_view object;  ///< "" for the enrollment itself
  std::string_view member;
};

constexpr Since since_table[] = {
    {12, "networkConfiguration", "fipsMode"},
    {11, "", "id"},
    {11, "", "orgId"},
    {11, "", "assignedSlots"},
    {11, "", "stagingSlots"},
    {11, "", "productionSlots"},
    {10, "csr", "preferredTrustChain"},
    {9, "networkConfiguration", "clientMutualAuthentication"},
    {9, "", "autoRenewalStartTime"},
    {7, "networkConfiguration", "quicEnabled"},
    {7, "networkConfiguration", "ocspStapling"},
    {7, "", "certificateChainType"},
    {7, "", "enableMultiStackedCertificates"},
    {7, "", "maxAllowedSanNames"},
    {7, "", "maxAllowedWildcardSanNames"},
};

template <class Value>
Value* object_of(Value& root, std::string_view name) {
  Value* const object = name.empty() ? &root : json::find(root, name);
  return object != nullptr && object->IsObject() ? object : nullptr;
}

/// In v4, pendingChanges were paths.
void pending_as_paths(json::Value& document, json::Pool& pool) {
  json::Value* const pending = json::find(document, "pendingChanges");
  if (pending == nullptr || !pending->IsArray()) return;
  json::Value paths(rapidjson::kArrayType);
  for (auto const& change : pending->GetArray())
    paths.PushBack(json::string(json::text_or(json::find(change, "location"), ""), pool), pool);
  *pending = std::move(paths);
}

/// In v4, `sni` said in one object what sniOnly and dnsNameSettings say today; null meant a non-SNI certificate.
void sni_as_object(json::Value& document, json::Pool& pool) {
  json::Value* const network = object_of(document, "networkConfiguration");
  if (network == nullptr) return;
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

}  // namespace

std::string shape_down(std::string const& text, int version) {
  bool const same =
      version >= highest_version || (version == lowest_version && text.find("\"fipsMode\"") == std::string::npos);
  if (same) return text;
  auto parsed = json::parse(text, "a stored enrollment");
  if (!parsed) return text;
  json::Document document = std::move(*parsed);
  if (version == cli_list_version) {
    pending_as_paths(document, document.GetAllocator());
    sni_as_object(document, document.GetAllocator());
  }
  for (Since const& since : since_table) {
    json::Value* const object = since.version > version ? object_of<json::Value>(document, since.object) : nullptr;
    if (object != nullptr) json::remove(*object, since.member);
  }
  return json::compact(document);
}

std::optional<std::string> unknown_member(json::Value const& body, int version) {
  for (Since const& since : since_table) {
    if (since.version <= version) continue;
    json::Value const* const object = body.IsObject() ? object_of(body, since.object) : nullptr;
    if (object != nullptr && json::find(*object, since.member) != nullptr) return std::string(since.member);
  }
  return std::nullopt;
}

void shape_up(json::Document& body, int version, json::Value const* live) {
  if (!body.IsObject() || live == nullptr) return;
  for (Since const& since : since_table) {
    if (since.version <= version) continue;
    json::Value const* const source = object_of(*live, since.object);
    json::Value* const sink = object_of<json::Value>(body, since.object);
    json::Value const* const kept = source == nullptr ? nullptr : json::find(*source, since.member);
    if (kept == nullptr || sink == nullptr || json::find(*sink, since.member) != nullptr) continue;
    json::set(*sink, since.member, json::Value(*kept, body.GetAllocator()), body.GetAllocator());
  }
}

}  // namespace cpsctl::sandbox
