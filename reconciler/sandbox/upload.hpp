#pragma once
#include "base/clock.hpp"
#include "sandbox/orders.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A third-party certificate as somebody uploads it, and what CPS says about it (cps-api.md §4.8, §5.3).
namespace cpsctl::sandbox {

/// One member of certificatesAndTrustChains.
struct Uploaded {
  std::string algorithm = {};    ///< RSA | ECDSA, as the client says
  std::string certificate = {};  ///< PEM
  std::string trust_chain = {};  ///< PEM, without the certificate; may be empty
};

/// What the certificate is held against.
struct Expectation {
  std::string common_name = {};
  std::vector<std::string> names = {};  ///< those that it must cover; lower case
  std::vector<std::string> live = {};   ///< those that the network serves now
  WallTime now = {};
};

struct Verdict {
  std::string refusal = {};                ///< why it is not taken at all; empty: it is
  std::vector<std::string> warnings = {};  ///< CPS's texts; each but the refusal can be acknowledged
  WallTime issued = {};                    ///< the latest notBefore
  WallTime expires = {};                   ///< the earliest notAfter
};

/// Refused is only what cannot be deployed: no PEM, or a key that is not the CSR's. Pure but for OpenSSL.
Verdict verify(std::vector<Uploaded> const& uploaded, Order const& order, Expectation const& expected);

}  // namespace cpsctl::sandbox
