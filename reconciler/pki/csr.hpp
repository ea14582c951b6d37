#pragma once
#include "base/result.hpp"
#include "pki/types.hpp"

#include <string>
#include <string_view>

namespace cpsctl::pki {

/// The one CSR of a PEM text, as CPS shows it (CPS v2, third-party-csr: `csrs[].csr`). Errors: protocol, also for a CSR
/// whose signature its own key has not made.
Result<Csr> read_csr(std::string_view pem);

}  // namespace cpsctl::pki
