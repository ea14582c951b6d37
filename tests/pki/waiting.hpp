#pragma once
#include "pki/authority.hpp"
#include "pki/match.hpp"

#include <string>
#include <vector>

/// A change that waits for certificates, and what is said of those that come: for the tests of match().
namespace waiting {

/// A change with two CSRs, and a CA with a root above. Made once: RSA keys take their time.
struct Ground {
  authority::Key rsa = authority::Key::rsa();
  authority::Key ec = authority::Key::ecdsa();
  authority::Key former = authority::Key::rsa();  ///< of a CSR of the past
  authority::Authority root = authority::Authority::root();
  authority::Authority ca = root.intermediate();
  std::string csr_rsa = authority::csr(rsa, "www.example.com", "DNS:www.example.com");
  std::string csr_ec = authority::csr(ec, "www.example.com", "DNS:www.example.com");
};

Ground const& ground();

/// Both CSRs are open; www.example.com is the enrollment's only name.
cpsctl::pki::Question asked(std::vector<cpsctl::pki::KeyAlgorithm> wanted);
/// RSA is wanted, and Ground::former belongs to a CSR of the past.
cpsctl::pki::Question with_former(cpsctl::pki::Fate fate);

/// The text as the file certs/www.pem.
cpsctl::pki::Source file(std::string text);
/// A certificate for the RSA CSR with its chain, as that file.
cpsctl::pki::Source whole(authority::Template const& says);

/// "ready RSA+2": a leaf with two issuers; "waits RSA(older) ECDSA"; "refused".
std::string outcome_text(cpsctl::pki::Match const& match);
/// "error expired".
std::string finding_text(cpsctl::pki::Finding const& one);
std::vector<std::string> found(cpsctl::pki::Match const& match);

}  // namespace waiting
