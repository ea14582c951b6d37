#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

namespace cpsctl::pki {

struct Certificate;

/// error: nothing is uploaded; wait: nothing yet, and nobody did anything wrong; warning: it does not stop an upload.
BOOST_DEFINE_ENUM_CLASS(Level, error, wait, warning)

// clang-format off
BOOST_DEFINE_ENUM_CLASS(FindingCode,
                        // what cannot be read
                        private_key,     // a private key, in whatever form
                        wrong_form,      // DER, PKCS#7, PKCS#12, OpenSSL's trusted form, UTF-16: what can be converted
                        unreadable,      // damaged, or no certificate inside
                        too_large,       // a text, a block or the number of certificates
                        no_certificate,  // a source without any
                        other_block,     // a block that is no certificate and does no harm
                        // which certificate is for which CSR
                        csr_missing,           // an algorithm is wanted for which the change has no CSR
                        certificate_missing,   // no certificate for a CSR yet
                        csr_older,             // the certificate is for a CSR of an earlier change
                        csr_void,              // the certificate is for a CSR that a cancel made void
                        key_matches_no_csr,    // its key is that of no CSR that is known
                        algorithm_not_wanted,  // the certificate is for a CSR that nobody wants answered
                        not_chosen,            // another certificate for the same CSR is better
                        // the leaf
                        names_missing, not_yet_valid, expired, expires_soon, lifetime_too_long, server_auth_missing,
                        ca_as_leaf, weak_signature,
                        // its chain
                        chain_incomplete,      // the leaf's issuer is not there
                        bad_signature,         // the certificate of the issuer's name has not signed it
                        chain_invalid,         // an issuer may not issue this: no CA, path length, name constraints
                        issuer_expires_first,  // an issuer expires before the leaf
                        order_repaired,        // issuers were not in order
                        leaf_repeated,         // the leaf is there more than once
                        unrelated)             // certificates that are no part of any chain
// clang-format on

/// One thing that is wrong with what was given, or that is to be known of it.
struct Finding {
  Level level = Level::error;
  FindingCode code = FindingCode::unreadable;
  Mark at = {.line = 0, .column = 0};  ///< `file`: the source's name, or empty; line 0: no line is meant
  std::string subject = {};            ///< of the certificate that is meant; empty for findings about no certificate
  std::string serial = {};
  std::string message = {};  ///< what is wrong: one clause, no full stop; printable, never a key
  std::string next = {};     ///< what to do now, in the imperative; empty when there is nothing to do

  bool operator==(Finding const&) const = default;
};

/// A finding about a certificate that stands at `at`.
Finding about(Certificate const& certificate, Mark at, Level level, FindingCode code);

/// Errors first, then waits; each by source, line and code.
void sort_findings(std::vector<Finding>& findings);

}  // namespace cpsctl::pki
