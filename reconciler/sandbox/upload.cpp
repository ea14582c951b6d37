#include "sandbox/upload.hpp"

#include "base/text.hpp"
#include "sandbox/crypto.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>

namespace cpsctl::sandbox {
namespace {

using std::chrono::days;

constexpr days near_end(30), longest_life(397);

std::string common_name_of(X509* certificate) {
  char text[256] = "";
  int const size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  return size > 0 ? text::printable(std::string_view(text, static_cast<std::size_t>(size))) : std::string();
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> const all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    GENERAL_NAME const* const name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_DNS) continue;
    auto const* const bytes = reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.dNSName));
    std::string_view const text(bytes, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    names.push_back(text::lower(text::printable(text)));
  }
  return names;
}

bool contains(std::vector<std::string> const& names, std::string const& name) {
  return std::ranges::find(names, name) != names.end();
}

/// What is wrong with names, in the words of CPS.
void check_names(X509* certificate, Expectation const& expected, std::vector<std::string>& warnings) {
  std::string const common_name = common_name_of(certificate);
  if (common_name.empty())
    warnings.emplace_back("The Common Names (CN) of the certificate is missing.");
  else if (text::lower(common_name) != expected.common_name)
    warnings.push_back(fmt::format("The Common Name (CN) on the certificate is [{}] and not [{}].", common_name,
                                   expected.common_name));
  std::vector<std::string> const names = names_of(certificate);
  for (std::string const& name : expected.names)
    if (!contains(names, name)) warnings.push_back(fmt::format("SAN name [{}] is missing in the certificate.", name));
  for (std::string const& name : names)
    if (!contains(expected.names, name) && name != expected.common_name)
      warnings.push_back(fmt::format("SAN name [{}] was added to the certificate.", name));
  for (std::string const& name : expected.live)
    if (!contains(names, name))
      warnings.push_back(fmt::format("SAN name [{}] removed from certificate is still live on the network.", name));
}

void check_dates(Uploaded const& one, X509* certificate, WallTime now, std::vector<std::string>& warnings) {
  WallTime const from = time_of(X509_get0_notBefore(certificate));
  WallTime const until = time_of(X509_get0_notAfter(certificate));
  if (until <= now)
    warnings.push_back(fmt::format("This certificate has expired at [{}].", timestamp(until)));
  else if (until - now < near_end)
    warnings.push_back(fmt::format("The '{}' certificate will expire at [{}].", one.algorithm, timestamp(until)));
  if (from > now) warnings.push_back(fmt::format("Certificate not yet valid: it begins at [{}].", timestamp(from)));
  if (until - from > longest_life + days(1))
    warnings.push_back(fmt::format("The '{}' certificate is valid for [{}] days. Browsers do not accept more than 397.",
                                   one.algorithm, std::chrono::floor<days>(until - from).count()));
}

bool signed_by(X509* certificate, X509* issuer) {
  bool const issued =
      X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return issued;
}

struct Chain {
  std::vector<Certificate> used = {};   ///< from the certificate's issuer upwards
  std::vector<Certificate> extra = {};  ///< what has no place in it
  bool sorted = true;
};

/// Follows the chain from the certificate upwards, as far as it goes.
Chain follow(X509* leaf, std::vector<Certificate> given) {
  Chain chain{.extra = std::move(given)};
  X509* last = leaf;
  while (!signed_by(last, last)) {
    auto const next =
        std::ranges::find_if(chain.extra, [&](Certificate const& above) { return signed_by(last, above.get()); });
    if (next == chain.extra.end()) break;
    chain.sorted = chain.sorted && next == chain.extra.begin();
    last = next->get();
    chain.used.push_back(std::move(*next));
    chain.extra.erase(next);
  }
  return chain;
}

void check_chain(Uploaded const& one, X509* leaf, std::vector<std::string>& warnings) {
  if (text::trimmed(one.trust_chain).empty()) {
    warnings.emplace_back(
        "The trust chain is empty and the end-entity certificate may have been signed by a non-standard root "
        "certificate.");
    return;
  }
  std::vector<Certificate> chain = parse_certificates(one.trust_chain);
  if (chain.empty()) {
    warnings.emplace_back("This trust chain format is not PEM.");
    return;
  }
  auto const is_leaf = [&](Certificate const& other) { return X509_cmp(other.get(), leaf) == 0; };
  if (std::erase_if(chain, is_leaf) > 0)
    warnings.emplace_back("The end-entity certificate is in the trust chain and is being removed.");
  Chain const followed = follow(leaf, std::move(chain));
  if (followed.used.empty())
    warnings.push_back(
        fmt::format("The trust chain [{}] does not verify the certificate.",
                    followed.extra.empty() ? std::string() : common_name_of(followed.extra.front().get())));
  else if (!followed.extra.empty())
    warnings.emplace_back("Extra certificates were found in the chain and are being removed.");
  if (!followed.sorted) warnings.emplace_back("Unsorted trust chain.");
  auto const sooner = [&](Certificate const& above) {
    return time_of(X509_get0_notAfter(above.get())) < time_of(X509_get0_notAfter(leaf));
  };
  if (std::ranges::any_of(followed.used, sooner))
    warnings.emplace_back("End entity certificate ends later than its trust chain.");
}

}  // namespace

Verdict verify(std::vector<Uploaded> const& uploaded, Order const& order, Expectation const& expected) {
  Verdict verdict;
  for (Uploaded const& one : uploaded) {
    auto const ordered = std::ranges::find(order.keys, one.algorithm, &KeyedCertificate::algorithm);
    Certificate const certificate = parse_certificate(one.certificate);
    if (!certificate) {
      verdict.refusal = "This certificate format is not PEM, or is damaged.";
      return verdict;
    }
    Signing const request = parse_request(ordered == order.keys.end() ? std::string_view() : ordered->csr);
    EVP_PKEY* const wanted = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    if (wanted == nullptr || EVP_PKEY_eq(wanted, X509_get0_pubkey(certificate.get())) != 1) {
      verdict.refusal = fmt::format("'{}' certificate was not made for the CSR of this change: its key is another one.",
                                    one.algorithm);
      return verdict;
    }
    check_names(certificate.get(), expected, verdict.warnings);
    check_dates(one, certificate.get(), expected.now, verdict.warnings);
    check_chain(one, certificate.get(), verdict.warnings);
    WallTime const from = time_of(X509_get0_notBefore(certificate.get()));
    WallTime const until = time_of(X509_get0_notAfter(certificate.get()));
    verdict.issued = std::max(verdict.issued, from);
    verdict.expires = verdict.expires == WallTime() ? until : std::min(verdict.expires, until);
  }
  ERR_clear_error();
  return verdict;
}

}  // namespace cpsctl::sandbox
