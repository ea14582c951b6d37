#include "support_changes.hpp"

#include "sandbox/crypto.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox::test {
namespace {

std::string sorted_names(GENERAL_NAMES* all) {
  std::vector<std::string> names;
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
    auto const* const name = sk_GENERAL_NAME_value(all, i)->d.dNSName;
    names.emplace_back(reinterpret_cast<char const*>(ASN1_STRING_get0_data(name)),
                       static_cast<std::size_t>(ASN1_STRING_length(name)));
  }
  GENERAL_NAMES_free(all);
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ","));
}

GENERAL_NAMES* names_of_request(X509_REQ* request) {
  auto* const extensions = X509_REQ_get_extensions(request);
  auto* const names = static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return names;
}

}  // namespace

std::string text_at(std::string_view body, std::string_view pointer) {
  json::Document const document = parsed(body);
  json::Value const* const found = json::at(document, pointer);
  REQUIRE(found != nullptr);
  REQUIRE(found->IsString());
  return std::string(json::view(*found));
}

std::string Pending::stands() const {
  Response const answer = get();
  if (answer.status != 200) return std::to_string(answer.status);
  return text_at(answer.body, "/statusInfo/status") + " " + text_at(answer.body, "/statusInfo/state");
}

Response Pending::acknowledge(std::string_view tail, std::string_view word) const {
  return update(tail, "acknowledgement", fmt::format(R"({{"acknowledgement":"{}"}})", word));
}

Response Pending::approve(std::string const& hash) const {
  return update("change-management-ack", "acknowledgement-with-hash",
                fmt::format(R"({{"acknowledgement":"acknowledge","hash":"{}"}})", hash));
}

CustomerCa::CustomerCa() : authority(make_authority().value()) {}

std::string CustomerCa::sign(std::string const& csr, Signed const& how) const {
  Signing const request = parse_request(csr);
  Certificate const issuer = parse_certificate(authority.intermediate);
  Key const key = parse_key(authority.key);
  Certificate const made(X509_new());
  REQUIRE((request && issuer && key && made));
  X509* const x509 = made.get();
  REQUIRE(X509_set_version(x509, 2) == 1);
  REQUIRE(set_serial(x509));
  REQUIRE(set_time(X509_getm_notBefore(x509), parse_timestamp(how.from).value()));
  REQUIRE(set_time(X509_getm_notAfter(x509), parse_timestamp(how.until).value()));
  REQUIRE(X509_set_pubkey(x509, X509_REQ_get0_pubkey(request.get())) == 1);
  REQUIRE(X509_set_issuer_name(x509, X509_get_subject_name(issuer.get())) == 1);
  if (how.common_name.empty()) {
    REQUIRE(X509_set_subject_name(x509, X509_REQ_get_subject_name(request.get())) == 1);
  } else {
    REQUIRE(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, MBSTRING_UTF8,
                                       reinterpret_cast<unsigned char const*>(how.common_name.c_str()), -1, -1,
                                       0) == 1);
  }
  if (how.names.empty()) {
    std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> const names(names_of_request(request.get()));
    REQUIRE(X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, 0) == 1);
  } else {
    std::string const names = fmt::format("DNS:{}", fmt::join(how.names, ",DNS:"));
    REQUIRE(add_extension(x509, issuer.get(), NID_subject_alt_name, names.c_str()));
  }
  REQUIRE(X509_sign(x509, key.get(), EVP_sha256()) != 0);
  return pem_of(*x509).value();
}

std::string upload_body(std::vector<UploadPart> const& parts) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  for (UploadPart const& part : parts) {
    json::Value entry(rapidjson::kObjectType);
    json::set(entry, "keyAlgorithm", json::string(part.algorithm, pool), pool);
    json::set(entry, "certificate", json::string(part.certificate, pool), pool);
    if (!part.chain.empty()) json::set(entry, "trustChain", json::string(part.chain, pool), pool);
    list.PushBack(std::move(entry), pool);
  }
  json::set(body, "certificatesAndTrustChains", std::move(list), pool);
  return json::compact(body);
}

bool signed_by_chain(std::string const& certificate, std::string const& chain) {
  Certificate const leaf = parse_certificate(certificate);
  Certificate const issuer = parse_certificate(chain);
  REQUIRE((leaf && issuer));
  return X509_check_issued(issuer.get(), leaf.get()) == X509_V_OK &&
         X509_verify(leaf.get(), X509_get0_pubkey(issuer.get())) == 1;
}

bool same_key(std::string const& certificate, std::string const& csr) {
  Certificate const leaf = parse_certificate(certificate);
  Signing const request = parse_request(csr);
  REQUIRE((leaf && request));
  return EVP_PKEY_eq(X509_get0_pubkey(leaf.get()), X509_REQ_get0_pubkey(request.get())) == 1;
}

std::string names_in_certificate(std::string const& pem) {
  Certificate const certificate = parse_certificate(pem);
  REQUIRE(certificate);
  return sorted_names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
}

std::string names_in_request(std::string const& pem) {
  Signing const request = parse_request(pem);
  REQUIRE(request);
  REQUIRE(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1);
  return sorted_names(names_of_request(request.get()));
}

}  // namespace cpsctl::sandbox::test
