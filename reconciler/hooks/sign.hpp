#pragma once
#include "base/clock.hpp"
#include "hooks/request.hpp"
#include "hooks/runner.hpp"
#include "pki/pem.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// CSRs to a signer, certificates back.
namespace cpsctl::hooks {

struct CsrToSign {
  std::string key_algorithm = {};  ///< "RSA", "ECDSA"
  std::string csr = {};            ///< PEM
};
BOOST_DESCRIBE_STRUCT(CsrToSign, (), (key_algorithm, csr))

struct SignRequest {
  Subject subject = {};
  std::vector<CsrToSign> csrs = {};                 ///< of the algorithms that the policy wants
  std::optional<std::int64_t> days = {};            ///< the lifetime that is wanted; nothing: the CA's own
  std::optional<WallTime> previous_not_after = {};  ///< of the certificate that this one follows
};

/// What the signer gave, for pki::match(): nothing of it has been checked.
struct Signed {
  std::vector<pki::Source> sources = {};  ///< at least one
};

using SignOutcome = std::variant<Signed, Later, Failed>;

/// Under which a reference is kept until the next time. Errors: protocol, of a CSR that cannot be read.
Result<std::string> sign_request_id(SignRequest const& request);
/// What the signer is told. Errors: as sign_request_id().
Result<Request> sign_request(Hook const& hook, SignRequest const& request);
/// The certificates in its answer, under names that say so.
SignOutcome signed_by(std::string const& signer, Outcome const& outcome);

/// Asks the signer.
http::Task<SignOutcome> sign(Runner& runner, Hook hook, SignRequest request);

}  // namespace cpsctl::hooks
