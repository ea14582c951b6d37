#pragma once
#include "hooks/bench.hpp"
#include "hooks/sign.hpp"
#include "pki/authority.hpp"
#include "pki/match.hpp"

/// CSRs of an enrollment with two keys, and signers that are asked for them.
namespace bench {

struct Keys {
  authority::Key rsa = authority::Key::rsa();
  authority::Key ecdsa = authority::Key::ecdsa();
};

/// The names of the enrollment, as authority::csr takes them.
inline std::string const names = "DNS:www.example.com,DNS:*.shop.example.com";

hooks::SignRequest request_for(Keys const& keys);
hooks::SignOutcome sign(Project const& project, hooks::Hook const& signer, hooks::SignRequest request);
/// What a signer has to give; fails without.
hooks::Signed signed_by(Project const& project, hooks::Hook const& signer, hooks::SignRequest request);
/// Why it failed, which it has to.
std::string reason(hooks::SignOutcome const& outcome);

/// What is uploaded of what a signer gave: certificates and chains that pass every check.
std::vector<pki::Upload> uploads_of(hooks::SignRequest const& request, hooks::Signed const& given);

/// An example of deploy/hooks/, in the project. `config` is JSON.
manifest::Program program_of_deploy(Project const& project, std::string const& file, std::string const& config);

}  // namespace bench
