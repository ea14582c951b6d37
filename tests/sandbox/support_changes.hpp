#pragma once
#include "sandbox/authority.hpp"
#include "support.hpp"

#include <string>
#include <vector>

/// What the tests of changes share: requests about one change, and a customer's CA.
namespace cpsctl::sandbox::test {

/// A change of a bench's enrollment, and what can be said to it.
struct Pending {
  Bench& bench;
  std::int64_t enrollment = 10001;
  std::int64_t change = 10001;

  std::string path() const { return change_path(enrollment, change); }
  Response get(int version = 2) const { return bench.send({.target = path(), .accept = type_of("change", version)}); }
  /// "status state", or "404".
  std::string stands() const;
  Response info(std::string_view tail, std::string_view entity, int version = 1) const {
    return bench.send({.target = path() + "/input/info/" + std::string(tail), .accept = type_of(entity, version)});
  }
  Response update(std::string_view tail, std::string_view entity, std::string body, int version = 1) const {
    return bench.send({.method = "POST",
                       .target = path() + "/input/update/" + std::string(tail),
                       .body = std::move(body),
                       .accept = type_of("change-id", 1),
                       .content_type = type_of(entity, version)});
  }
  Response acknowledge(std::string_view tail, std::string_view word = "acknowledge") const;
  Response approve(std::string const& hash) const;
  Response upload(std::string body) const {
    return update("third-party-cert-and-trust-chain", "certificate-and-trust-chain", std::move(body), 2);
  }
};

/// A text from an answer of JSON, without its quotes.
std::string text_at(std::string_view body, std::string_view pointer);

/// How the customer's CA signs.
struct Signed {
  std::vector<std::string> names = {};  ///< empty: those of the CSR
  std::string common_name = {};         ///< empty: the CSR's
  std::string from = "2026-11-20T00:00:00Z";
  std::string until = "2027-05-20T00:00:00Z";
};

/// Signs CSRs for a customer; nothing of it is known to the sandbox.
struct CustomerCa {
  CustomerCa();
  std::string sign(std::string const& csr, Signed const& how = {}) const;
  Authority authority;
};

struct UploadPart {
  std::string algorithm = "RSA";
  std::string certificate = {};
  std::string chain = {};
};
/// The body of certificate-and-trust-chain.
std::string upload_body(std::vector<UploadPart> const& parts);

/// Is the certificate signed by the first of the chain, and of the key of the CSR?
bool signed_by_chain(std::string const& certificate, std::string const& chain);
bool same_key(std::string const& certificate, std::string const& csr);

/// The names that a certificate or a CSR carries, sorted, with commas between.
std::string names_in_certificate(std::string const& pem);
std::string names_in_request(std::string const& pem);

}  // namespace cpsctl::sandbox::test
