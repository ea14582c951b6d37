#pragma once
#include "base/result.hpp"
#include "sandbox/orders.hpp"

#include <string>

#include <boost/describe.hpp>

/// The CA that signs what CPS orders, and the keys that CPS makes: real ones, by OpenSSL.
namespace cpsctl::sandbox {

/// A root, and the intermediate under it that signs; all PEM. Valid whatever the sandbox's clock says.
struct Authority {
  std::string root = {};
  std::string intermediate = {};
  std::string key = {};  ///< the intermediate's
};
BOOST_DESCRIBE_STRUCT(Authority, (), (root, intermediate, key))

/// Errors: internal.
Result<Authority> make_authority();

/// Makes the keys (RSA 2048, P-256) and CSRs that are missing. `with_names`: the CSRs carry the alternative names;
/// third-party enrollments may leave them out. Returns whether there was something to make. Errors: internal.
enum class Names : bool { left_out, included };
Result<bool> make_requests(Order& order, Names names);

/// Signs what was issued and has no certificate yet, keys and CSRs first. Not for what people upload. Errors: internal.
Result<bool> sign(Order& order, Authority const& authority);

}  // namespace cpsctl::sandbox
