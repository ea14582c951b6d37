#include "http/tls.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace cpsctl::http {
namespace {

/// Where distributions other than the one OpenSSL was built for keep their CAs.
constexpr std::array<char const*, 4> bundles = {"/etc/ssl/certs/ca-certificates.crt",
                                                "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
                                                "/etc/ssl/ca-bundle.pem"};

bool is_address(std::string const& host) {
  std::array<char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool is_set(char const* name) {
  char const* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// A folder of CAs by hash is read one issuer at a time; the bundle in one file costs 20 ms.
bool has_hashed_certificates(char const* folder) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored))
    if (entry->path().extension() == ".0") return true;
  return false;
}

void load_system_trust(SSL_CTX* context) {
  bool const told = is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR");
  if (told) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (has_hashed_certificates(X509_get_default_cert_dir())) {
    SSL_CTX_set_default_verify_dir(context);
  } else {
    for (char const* const bundle : bundles)
      if (std::filesystem::exists(bundle)) SSL_CTX_load_verify_file(context, bundle);
    SSL_CTX_set_default_verify_paths(context);
  }
  ERR_clear_error();
}

std::string asn1_text(ASN1_STRING const* text) {
  return {reinterpret_cast<char const*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(std::string const& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  int const family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "?";
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr ? text.data() : "?";
}

std::string names_of(X509* certificate) {
  std::vector<std::string> names;
  void* const found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr);
  std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> const all(static_cast<GENERAL_NAMES*>(found),
                                                                          &GENERAL_NAMES_free);
  int const count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
  for (int i = 0; i < count && names.size() < 8; ++i) {
    GENERAL_NAME const* const name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) names.push_back(text::excerpt(asn1_text(name->d.dNSName), 80));
    if (name->type == GEN_IPADD) names.push_back(address_text(asn1_text(name->d.iPAddress)));
  }
  if (count > 8) names.emplace_back("…");
  return names.empty() ? "no name at all" : fmt::format("{}", fmt::join(names, ", "));
}

std::string day_text(ASN1_TIME const* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

int report_index() {
  static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// Runs for each certificate of the chain; writes the first failure down, changes no verdict.
int note_failure(int verdict, X509_STORE_CTX* store) {
  if (verdict == 1) return verdict;
  auto* const session = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const report = static_cast<TlsReport*>(SSL_get_ex_data(session, report_index()));
  if (report == nullptr || report->failure != 0) return verdict;
  report->failure = X509_STORE_CTX_get_error(store);
  X509* const current = X509_STORE_CTX_get_current_cert(store);
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf != nullptr) report->names = names_of(leaf);
  if (current != nullptr && report->failure == X509_V_ERR_CERT_HAS_EXPIRED)
    report->expired = day_text(X509_get0_notAfter(current));
  if (current != nullptr && report->failure == X509_V_ERR_CERT_NOT_YET_VALID)
    report->expired = day_text(X509_get0_notBefore(current));
  return verdict;
}

Error unavailable(std::string message, std::string next) {
  return {.code = Errc::unavailable, .message = std::move(message), .next = std::move(next)};
}

Error lasting(Error error) {
  error.lasting = true;
  return error;
}

Error verification_failure(std::string const& host, TlsReport const& report) {
  switch (report.failure) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return unavailable(fmt::format("the server that answers for {} has a certificate for {}", host, report.names),
                         "check the host name in the credentials, and that no proxy answers in its place");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return unavailable(fmt::format("the certificate of {} has expired on {}", host, report.expired),
                         "check this machine's date; if it is right, the server must renew its certificate");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return unavailable(fmt::format("the certificate of {} is not valid before {}", host, report.expired),
                         "check this machine's date");
    default:
      return unavailable(
          fmt::format("the certificate of {} is not trusted: {}", host, X509_verify_cert_error_string(report.failure)),
          "name the CA that signed it with --ca-file or SSL_CERT_FILE");
  }
}

}  // namespace

Tls::Tls(bool own_trust) : context_(SSL_CTX_new(TLS_client_method())), trust_loaded_(own_trust) {
  if (context_ == nullptr || SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION) != 1)
    throw std::runtime_error("OpenSSL has no TLS 1.2");
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, &note_failure);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
}

Tls::~Tls() {
  SSL_CTX_free(context_);
}

Result<std::unique_ptr<Tls>> Tls::make(std::string const& ca_file) {
  std::unique_ptr<Tls> tls(new Tls(!ca_file.empty()));
  if (ca_file.empty()) return tls;
  std::error_code ignored;
  if (!std::filesystem::exists(ca_file, ignored))
    return unavailable(fmt::format("the CA file {} does not exist", ca_file), "correct --ca-file");
  if (SSL_CTX_load_verify_file(tls->context_, ca_file.c_str()) != 1) {
    ERR_clear_error();
    return unavailable(fmt::format("the CA file {} cannot be read, or has no certificate in it", ca_file),
                       "name a file with certificates in PEM form");
  }
  return tls;
}

SSL* Tls::session(std::string const& host, TlsReport& report) {
  if (!trust_loaded_) load_system_trust(context_);
  trust_loaded_ = true;
  std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context_), &SSL_free);
  if (!session || SSL_set_ex_data(session.get(), report_index(), &report) != 1)
    throw std::runtime_error("OpenSSL: no session");
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session.get());
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // Names go into SNI, addresses must not (RFC 6066).
  bool const address = is_address(host);
  bool const demanded = address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1
                                : X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
                                      SSL_set_tlsext_host_name(session.get(), host.c_str()) == 1;
  if (!demanded) throw std::runtime_error("OpenSSL: the host name cannot be demanded");
  return session.release();
}

Error handshake_failure(std::string const& host, boost::system::error_code const& reason, TlsReport const& report) {
  if (report.failure != 0) return lasting(verification_failure(host, report));
  bool const closed = reason == boost::asio::error::eof || reason == boost::asio::error::connection_reset ||
                      reason == boost::asio::ssl::error::stream_truncated;
  if (closed)
    return unavailable(fmt::format("{} closed the connection during the TLS handshake", host),
                       "check host and port; something between here and there may refuse TLS");
  if (reason.category() == boost::asio::error::get_ssl_category()) {
    int const code = ERR_GET_REASON(static_cast<unsigned long>(reason.value()));
    switch (code) {
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_HTTP_REQUEST:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
      case SSL_R_RECORD_TOO_SMALL:
        return unavailable(fmt::format("the server at {} does not speak TLS", host), "check host and port");
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return unavailable(fmt::format("{} offers no TLS 1.2 or later", host),
                           "older versions are not used; check host and port");
      default: break;
    }
  }
  return unavailable(fmt::format("the TLS handshake with {} failed: {}", host, reason.message()),
                     "check host and port");
}

}  // namespace cpsctl::http
