#pragma once
#include "base/files.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <string>

/// The sandbox's own certificate authority and server certificate: ECDSA P-256, made with OpenSSL.
namespace cpsctl::sandbox {

/// A certificate and its private key, both PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

/// The folder's CA (ca.pem, ca.key), made when it is missing, damaged or about to expire; so that a client's copy of
/// ca.pem stays valid across restarts. Errors: io, internal.
Result<KeyPair> load_or_make_authority(Files& files, std::filesystem::path const& folder);

/// A fresh certificate for DNS:localhost and IP:127.0.0.1, signed by the CA. Errors: internal.
Result<KeyPair> make_server_certificate(KeyPair const& authority);

}  // namespace cpsctl::sandbox
