#include "pki/csr.hpp"

#include "pki/openssl.hpp"
#include "pki/pem.hpp"

#include <utility>

namespace cpsctl::pki {
namespace {

using namespace openssl;

Error bad_csr(std::string message) {
  return {.code = Errc::protocol, .message = std::move(message), .next = "read the CSR from CPS again"};
}

/// The names that a request asks for; false: they cannot be read.
bool read_names(X509_REQ* request, std::vector<AlternativeName>& names) {
  // Null without extensions, and also where they are damaged: an attribute that OpenSSL cannot read asks for nothing.
  STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(request);
  if (extensions == nullptr) return true;
  int critical = -1;
  NamesOwner const found(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, nullptr)));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  if (found) names = alternative_names(found.get());
  return found || critical == -1;
}

}  // namespace

Result<Csr> read_csr(std::string_view pem) {
  Blocks const read = read_blocks({.name = "the CSR", .text = std::string(pem)});
  if (!read.findings.empty()) return bad_csr("the CSR " + read.findings.front().message);
  if (read.blocks.size() != 1 || read.blocks.front().kind != BlockKind::csr)
    return bad_csr("there is not exactly one block CERTIFICATE REQUEST");
  QuietErrors const quiet;
  auto const request = from_der<RequestOwner>(read.blocks.front().der, d2i_X509_REQ);
  if (!request) return bad_csr("the block CERTIFICATE REQUEST holds no CSR");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  auto const described = public_key(X509_REQ_get_X509_PUBKEY(request.get()));
  if (key == nullptr || !described) return bad_csr("the public key of the CSR cannot be read");
  if (X509_REQ_verify(request.get(), key) != 1) return bad_csr("the CSR is not signed by its own key");
  X509_NAME const* const subject = X509_REQ_get_subject_name(request.get());
  Csr csr{.subject = name_text(subject), .common_name = common_name(subject), .key = *described};
  if (!read_names(request.get(), csr.names)) return bad_csr("the names of the CSR cannot be read");
  return csr;
}

}  // namespace cpsctl::pki
