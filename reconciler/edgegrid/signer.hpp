#pragma once
#include "edgegrid/credentials.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// EG1-HMAC-SHA256 (cps-api.md §1.1). Pure: time and nonce are arguments. Client and sandbox share this maths.
namespace cpsctl::edgegrid {

/// What is signed: exactly what is sent.
struct SignedRequest {
  std::string_view method;  ///< upper case
  std::string_view host;    ///< as in the Host header, lower case, with a port that is not 443
  std::string_view target;  ///< path and query as on the wire
  std::string_view body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< candidates for headers_to_sign
};

/// "20140321T19:34:21+0000"
std::string timestamp(std::chrono::sys_seconds time);
std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text);

/// base64(SHA-256(first max_body bytes)) for a POST with a body, else empty.
std::string content_hash(SignedRequest const& request, std::size_t max_body);

/// The Authorization header's value.
std::string authorization(Credentials const& credentials, SignedRequest const& request, std::string_view timestamp,
                          std::string_view nonce);

/// The parts of an Authorization header, as a server reads them.
struct AuthorizationParts {
  std::string client_token, access_token, timestamp, nonce, signature;
};
std::optional<AuthorizationParts> parse_authorization(std::string_view header);

/// Percent-encodes a query value: everything but unreserved characters (RFC 3986).
std::string percent_encoded(std::string_view value);

}  // namespace cpsctl::edgegrid
