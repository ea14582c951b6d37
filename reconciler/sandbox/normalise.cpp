#include "sandbox/normalise.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::sandbox {
namespace {

constexpr char default_ciphers[] = "ak-akamai-2020q1";

/// Server-owned members out; "" to null; members that may be null and are absent to null. The schema knows which.
void tidy(json::Value& value, schema::Field const& field, json::Pool& pool) {
  if (!value.IsObject()) return;
  for (std::string const& name : field.order) {
    schema::Field const* const child = field.child(name);
    if (child == nullptr) continue;
    if (child->read_only) {
      json::remove(value, name);
      continue;
    }
    json::Value* const member = json::find(value, name);
    if (member == nullptr) {
      if (child->nullable()) json::set(value, name, json::Value(), pool);
    } else if (member->IsString() && member->GetStringLength() == 0 && child->nullable()) {
      member->SetNull();
    } else {
      tidy(*member, *child, pool);
    }
  }
}

void fill(json::Value& object, std::string_view name, json::Value otherwise, json::Pool& pool) {
  json::Value const* const member = json::find(object, name);
  if (member == nullptr || member->IsNull()) json::set(object, name, std::move(otherwise), pool);
}

json::Value list_of(std::vector<std::string> const& texts, json::Pool& pool) {
  json::Value list(rapidjson::kArrayType);
  for (std::string const& text : texts) list.PushBack(json::string(text, pool), pool);
  return list;
}

std::vector<std::string> texts_of(json::Value const* list) {
  std::vector<std::string> texts;
  if (list == nullptr || !list->IsArray()) return texts;
  for (auto const& element : list->GetArray())
    if (element.IsString()) texts.emplace_back(json::view(element));
  return texts;
}

/// Lower case, without repetitions, sorted; when that is just the order sent, moved on by one. Clients that compare
/// lists instead of sets are to notice here, not at CPS.
std::vector<std::string> reordered(std::vector<std::string> names) {
  for (std::string& name : names) name = text::lower(name);
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  if (sorted == names && sorted.size() > 1) std::rotate(sorted.begin(), sorted.begin() + 1, sorted.end());
  return sorted;
}

/// Gives the CN and the SANs their stored form and returns all names, in the order shown.
std::vector<std::string> set_names(json::Value& csr, json::Pool& pool) {
  std::string const common_name = text::lower(json::text_or(json::find(csr, "cn"), ""));
  json::set(csr, "cn", json::string(common_name, pool), pool);
  std::vector<std::string> names = texts_of(json::find(csr, "sans"));
  bool const listed = std::any_of(names.begin(), names.end(),
                                  [&](std::string const& name) { return text::lower(name) == common_name; });
  if (!listed) names.push_back(common_name);
  names = reordered(std::move(names));
  json::set(csr, "sans", list_of(names, pool), pool);
  return names;
}

void fill_network(json::Value& network, std::vector<std::string> const& names, json::Pool& pool) {
  fill(network, "mustHaveCiphers", json::string(default_ciphers, pool), pool);
  fill(network, "preferredCiphers", json::string(default_ciphers, pool), pool);
  fill(network, "ocspStapling", json::string("on", pool), pool);
  fill(network, "disallowedTlsVersions", list_of({"TLSv1", "TLSv1_1"}, pool), pool);
  json::Value const* const sni_only = json::find(network, "sniOnly");
  if (sni_only == nullptr || !sni_only->IsTrue()) return;
  fill(network, "dnsNameSettings", json::Value(rapidjson::kObjectType), pool);
  json::Value& settings = *json::find(network, "dnsNameSettings");
  fill(settings, "cloneDnsNames", json::Value(true), pool);
  if (json::find(settings, "cloneDnsNames")->IsTrue()) {
    json::set(settings, "dnsNames", list_of(names, pool), pool);
  } else {
    std::vector<std::string> own = texts_of(json::find(settings, "dnsNames"));
    json::set(settings, "dnsNames", list_of(reordered(std::move(own)), pool), pool);
  }
}

/// The members that only the server writes.
void set_server_owned(json::Document& document, std::int64_t id, bool dv) {
  auto& pool = document.GetAllocator();
  json::set(document, "id", json::Value(id), pool);
  json::set(document, "location", json::string(enrollment_path(id), pool), pool);
  json::set(document, "autoRenewalStartTime", json::Value(), pool);
  json::set(document, "maxAllowedSanNames", json::Value(100), pool);
  json::set(document, "maxAllowedWildcardSanNames", json::Value(dv ? 25 : 100), pool);
  for (char const* const slots : {"assignedSlots", "stagingSlots", "productionSlots"})
    json::set(document, slots, json::Value(rapidjson::kArrayType), pool);
}

}  // namespace

json::Document normalised(json::Value const& body, schema::Field const& root, std::int64_t id) {
  json::Document document = json::clone(body);
  auto& pool = document.GetAllocator();
  tidy(document, root, pool);
  std::string const validation(json::text_or(json::find(document, "validationType"), ""));
  bool const third_party = validation == "third-party";

  fill(document, "certificateChainType", json::string("default", pool), pool);
  if (third_party)
    json::set(document, "signatureAlgorithm", json::Value(), pool);
  else
    fill(document, "signatureAlgorithm", json::string("SHA-256", pool), pool);
  // CPS leaves this one out unless third-party, although its schema requires it. A true one stays: it would be lost
  // otherwise.
  json::Value const* const stacked = json::find(document, "enableMultiStackedCertificates");
  bool const says_nothing = stacked == nullptr || !stacked->IsTrue();
  if (!third_party && says_nothing) json::remove(document, "enableMultiStackedCertificates");

  std::vector<std::string> names;
  if (json::Value* const csr = json::find(document, "csr")) names = set_names(*csr, pool);
  if (json::Value* const network = json::find(document, "networkConfiguration")) fill_network(*network, names, pool);
  set_server_owned(document, id, validation == "dv");
  return document;
}

void keep_deployment(json::Document& document, json::Value const& before) {
  auto& pool = document.GetAllocator();
  for (char const* const name : {"autoRenewalStartTime", "assignedSlots", "stagingSlots", "productionSlots"})
    if (json::Value const* const kept = json::find(before, name))
      json::set(document, name, json::Value(*kept, pool), pool);
}

void set_pending(json::Document& document, std::int64_t id, std::vector<Change> const& changes) {
  auto& pool = document.GetAllocator();
  json::Value pending(rapidjson::kArrayType);
  for (Change const& change : changes) {
    json::Value entry(rapidjson::kObjectType);
    json::set(entry, "location", json::string(change_path(id, change.id), pool), pool);
    json::set(entry, "changeType", json::string(change.type, pool), pool);
    pending.PushBack(std::move(entry), pool);
  }
  json::set(document, "pendingChanges", std::move(pending), pool);
}

}  // namespace cpsctl::sandbox
