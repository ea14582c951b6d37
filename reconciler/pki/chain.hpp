#pragma once
#include "pki/pile.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cpsctl::pki {

/// What keeps a chain from being one.
enum class ChainFault : std::uint8_t {
  none,
  incomplete,     ///< nobody of the leaf's issuer's name is there
  bad_signature,  ///< somebody is, and has not signed it
  invalid         ///< an issuer may not issue what it did
};

struct Chain {
  std::vector<std::size_t> issuers = {};  ///< places in the pile; the leaf's issuer first
  ChainFault fault = ChainFault::none;
  std::size_t faulty = 0;   ///< place in the pile of the certificate that the fault is about
  std::string reason = {};  ///< of `invalid`: OpenSSL's words
};

/// The issuers of the certificate at `leaf`, as far as the pile has them: up to a root, or to one whose issuer is not
/// there, as roots need not be. Of several that have signed the same, those that are valid at `now` are taken first,
/// then roots, then those that live longest. All signatures are verified, and what issuers may issue (basic
/// constraints, key usage, path length, name constraints) as far as the pile tells; dates are left to check_issuer().
Chain find_chain(std::size_t leaf, std::span<Given const> pile, WallTime now);

}  // namespace cpsctl::pki
