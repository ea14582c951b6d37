#pragma once
#include "base/json.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "manifest/write.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

/// Live enrollments for the tests of writing: what CPS shows, and what it could show on a bad day.
namespace cpsctl::manifest {

/// A DV enrollment as CPS returns it; `%` in the names is replaced by `host`.
inline json::Document live_dv(std::string_view host, std::int64_t id = 10001) {
  std::string text = R"({
    "id": #, "location": "/cps/v2/enrollments/#", "ra": "lets-encrypt", "validationType": "dv", "certificateType": "san",
    "certificateChainType": "default", "changeManagement": false, "signatureAlgorithm": "SHA-256",
    "thirdParty": null, "orgId": null, "autoRenewalStartTime": null, "maxAllowedSanNames": 100,
    "csr": {"cn": "%", "sans": ["www.%", "%", "api.%"], "c": "US", "st": "MA", "l": "Cambridge", "o": "Example Corp",
            "ou": "", "preferredTrustChain": null},
    "networkConfiguration": {"geography": "core", "secureNetwork": "enhanced-tls", "sniOnly": true, "quicEnabled": false,
      "mustHaveCiphers": "ak-akamai-2020q1", "preferredCiphers": "ak-akamai-2020q1", "ocspStapling": "on",
      "disallowedTlsVersions": ["TLSv1_1", "TLSv1"], "clientMutualAuthentication": null,
      "dnsNameSettings": {"cloneDnsNames": true, "dnsNames": ["www.%", "%", "api.%"]}},
    "org": {"name": "Example Corp", "addressLineOne": "150 Broadway", "addressLineTwo": null, "city": "Cambridge",
            "region": "MA", "postalCode": "02142", "country": "US", "phone": "617-555-0111"},
    "adminContact": {"firstName": "Ana", "lastName": "Diaz", "title": null, "email": "ana@example.com",
                     "phone": "617-555-0111", "country": null},
    "techContact": {"firstName": "Jo", "lastName": "Smith", "email": "jo@akamai.example", "phone": "617-555-0112"},
    "assignedSlots": [], "stagingSlots": [], "productionSlots": [7], "pendingChanges": []})";
  std::string filled;
  for (char const c : text) {
    if (c == '%')
      filled += host;
    else if (c == '#')
      filled += fmt::format("{}", id);
    else
      filled += c;
  }
  return json::parse(filled, "a live enrollment").value();
}

inline Found found(json::Document document, std::int64_t id, std::string schema = "v11") {
  return {.id = id, .contract = "1-1TJZH5", .api_schema = std::move(schema), .document = json::share(document)};
}

/// Sets the value at a pointer, whose parent exists.
inline void put(json::Document& document, std::string_view pointer, std::string_view text) {
  auto const slash = pointer.rfind('/');
  auto& pool = document.GetAllocator();
  json::Value value = json::parse_into(pool, text, "a value").value();
  auto* const parent = const_cast<json::Value*>(json::at(document, pointer.substr(0, slash)));
  json::set(*parent, pointer.substr(slash + 1), std::move(value), pool);
}

/// All files as one stream of documents.
inline std::string stream(Written const& written) {
  std::string text;
  for (WrittenFile const& file : written.files) text += "---\n" + file.text;
  return text;
}

inline std::string lines(std::vector<WriteNote> const& notes) {
  std::string text;
  for (WriteNote const& note : notes) {
    char const* const kind = note.kind == NoteKind::field_unknown    ? "unknown"
                             : note.kind == NoteKind::field_left_out ? "left out"
                                                                     : "no manifest";
    text += fmt::format("{} {} {}: {}", note.name, kind, note.field, note.message);
    text += note.hint.empty() ? "\n" : fmt::format("; {}\n", note.hint);
  }
  return text;
}

}  // namespace cpsctl::manifest
