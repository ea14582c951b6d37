#pragma once
#include "base/result.hpp"

#include <memory>
#include <string>

#include <boost/system/error_code.hpp>
#include <openssl/types.h>

namespace cpsctl::http {

/// What the verification of a server's certificate found wrong; filled during the handshake.
struct TlsReport {
  int failure = 0;           ///< X509_V_ERR_…, 0: none
  std::string names = {};    ///< the names in the server's certificate
  std::string expired = {};  ///< notAfter or notBefore, for those two failures
};

/// TLS 1.2 or later, verified, always.
class Tls {
 public:
  /// `ca_file` empty: SSL_CERT_FILE and SSL_CERT_DIR, then the system's; those are read at the first session.
  /// Errors: unavailable, when ca_file cannot be used.
  static Result<std::unique_ptr<Tls>> make(std::string const& ca_file);
  ~Tls();

  /// A client session that demands a trusted certificate for `host` (a name or an address). The caller owns it;
  /// `report` outlives it.
  SSL* session(std::string const& host, TlsReport& report);

 private:
  explicit Tls(bool own_trust);
  SSL_CTX* context_;
  bool trust_loaded_;
};

/// Puts a failed handshake in words.
Error handshake_failure(std::string const& host, boost::system::error_code const& reason, TlsReport const& report);

}  // namespace cpsctl::http
