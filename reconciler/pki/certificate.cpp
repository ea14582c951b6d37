#include "pki/certificate.hpp"

#include "base/text.hpp"
#include "pki/openssl.hpp"
#include "pki/pem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/objects.h>

namespace cpsctl::pki {
namespace {

using namespace openssl;
using std::chrono::days;

Error bad_certificate(std::string message) {
  return {.code = Errc::protocol, .message = std::move(message), .next = "get the certificate again from its CA"};
}

std::optional<WallTime> time_of(ASN1_TIME const* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  std::chrono::year_month_day const day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

template <class T, auto Free>
std::unique_ptr<T, Freed<Free>> extension(X509* x509, int nid) {
  return std::unique_ptr<T, Freed<Free>>(static_cast<T*>(X509_get_ext_d2i(x509, nid, nullptr, nullptr)));
}

std::vector<std::string> usages_of(EXTENDED_KEY_USAGE const* usages) {
  std::vector<std::string> all;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages); ++i) {
    ASN1_OBJECT const* const usage = sk_ASN1_OBJECT_value(usages, i);
    std::array<char, 80> oid{};
    int const nid = OBJ_obj2nid(usage);
    if (nid == NID_undef) OBJ_obj2txt(oid.data(), oid.size(), usage, 1);
    all.emplace_back(nid == NID_undef ? oid.data() : OBJ_nid2sn(nid));
  }
  return all;
}

/// Names and usages; false: an extension is there that cannot be read, or twice.
bool read_extensions(X509* x509, Certificate& certificate) {
  X509_check_purpose(x509, -1, 0);  // reads all that OpenSSL knows, and keeps what it finds
  if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0) return false;
  auto const names = extension<GENERAL_NAMES, GENERAL_NAMES_free>(x509, NID_subject_alt_name);
  if (names) certificate.names = alternative_names(names.get());
  auto const usages = extension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(x509, NID_ext_key_usage);
  if (usages) certificate.usages = usages_of(usages.get());
  return true;
}

void read_signature(X509* x509, Certificate& certificate) {
  int const algorithm = X509_get_signature_nid(x509);
  char const* const name = OBJ_nid2ln(algorithm);
  certificate.signature_algorithm = algorithm == NID_undef || name == nullptr ? "unknown" : name;
  int hash = NID_undef;
  if (X509_get_signature_info(x509, &hash, nullptr, nullptr, nullptr) == 1 && hash != NID_undef)
    certificate.signature_hash = OBJ_nid2sn(hash);
}

bool is_authority(X509* x509) {
  constexpr int by_constraints = 1;
  constexpr int old_root = 3;  // version 1, signed by itself
  int const kind = X509_check_ca(x509);
  return kind == by_constraints || kind == old_root;
}

}  // namespace

Result<Certificate> certificate_from(std::string_view der) {
  QuietErrors const quiet;
  auto const x509 = from_der<X509Owner>(der, d2i_X509);
  // What is not written as DER wants it would be read differently by others.
  if (!x509 || to_der([&](unsigned char** out) { return i2d_X509(x509.get(), out); }) != der)
    return bad_certificate("the block CERTIFICATE holds no certificate");
  auto const begin = time_of(X509_get0_notBefore(x509.get()));
  auto const end = time_of(X509_get0_notAfter(x509.get()));
  if (!begin || !end) return bad_certificate("the certificate's dates cannot be read");
  auto const key = public_key(X509_get_X509_PUBKEY(x509.get()));
  if (!key) return bad_certificate("the certificate's public key cannot be read");
  X509_NAME const* const subject = X509_get_subject_name(x509.get());
  X509_NAME const* const issuer = X509_get_issuer_name(x509.get());
  Certificate certificate{.subject = name_text(subject),
                          .issuer = name_text(issuer),
                          .serial = number_text(X509_get0_serialNumber(x509.get())),
                          .common_name = common_name(subject),
                          .not_before = *begin,
                          .not_after = *end,
                          .key = *key,
                          .self_issued = X509_NAME_cmp(subject, issuer) == 0,
                          .subject_hash = X509_NAME_hash_ex(subject, nullptr, nullptr, nullptr),
                          .issuer_hash = X509_NAME_hash_ex(issuer, nullptr, nullptr, nullptr),
                          .fingerprint = text::sha256_hex(der),
                          .der = std::string(der)};
  if (!read_extensions(x509.get(), certificate)) return bad_certificate("the certificate's extensions cannot be read");
  certificate.is_ca = is_authority(x509.get());
  read_signature(x509.get(), certificate);
  return certificate;
}

Result<Certificate> read_certificate(std::string_view pem) {
  Blocks const read = read_blocks({.name = "the certificate", .text = std::string(pem)});
  if (!read.findings.empty()) return bad_certificate("the certificate " + read.findings.front().message);
  if (read.blocks.size() != 1 || read.blocks.front().kind != BlockKind::certificate)
    return bad_certificate("there is not exactly one block CERTIFICATE");
  return certificate_from(read.blocks.front().der);
}

std::string to_pem(Certificate const& certificate) {
  return pem_text(BlockKind::certificate, certificate.der);
}

bool has_server_auth(Certificate const& certificate) {
  return std::ranges::find(certificate.usages, SN_server_auth) != certificate.usages.end();
}

bool has_weak_signature(Certificate const& certificate) {
  constexpr std::array<std::string_view, 4> weak{SN_md2, SN_md4, SN_md5, SN_sha1};
  return std::ranges::find(weak, certificate.signature_hash) != weak.end();
}

std::chrono::seconds lifetime(Certificate const& certificate) {
  return std::chrono::floor<std::chrono::seconds>(certificate.not_after - certificate.not_before) +
         std::chrono::seconds(1);
}

days longest_lifetime(WallTime not_before) {
  using namespace std::chrono_literals;
  struct Rule {
    Day from;
    days longest;
  };
  constexpr std::array<Rule, 3> rules{
      {{2029y / 3 / 15, days(47)}, {2027y / 3 / 15, days(100)}, {2026y / 3 / 15, days(200)}}};
  for (Rule const& rule : rules)
    if (not_before >= std::chrono::sys_days(rule.from)) return rule.longest;
  return days(398);
}

}  // namespace cpsctl::pki
