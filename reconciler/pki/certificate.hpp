#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "pki/types.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace cpsctl::pki {

/// One certificate of its DER form. Errors: protocol.
Result<Certificate> certificate_from(std::string_view der);

/// The one certificate of a PEM text, as CPS shows it (CPS v2, deployments: `primaryCertificate.certificate`). Errors:
/// protocol.
Result<Certificate> read_certificate(std::string_view pem);

/// The PEM form in which it is uploaded: the same whatever the text looked like that it was read from.
std::string to_pem(Certificate const& certificate);

/// May it be used by a TLS server? Public CAs say so in each certificate, and some clients ask for it.
bool has_server_auth(Certificate const& certificate);

/// Is it signed over a hash that can be forged: MD2, MD4, MD5, SHA-1?
bool has_weak_signature(Certificate const& certificate);

/// Both ends included, as the Baseline Requirements count (§1.6.1, "Validity Period").
std::chrono::seconds lifetime(Certificate const& certificate);

/// What publicly trusted certificates may live at most, if they begin then (Baseline Requirements §6.3.2, by ballot
/// SC-081v3): 398 days, 200 since 2026-03-15, 100 from 2027-03-15, 47 from 2029-03-15.
std::chrono::days longest_lifetime(WallTime not_before);

}  // namespace cpsctl::pki
