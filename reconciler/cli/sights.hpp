#pragma once
#include "cli/account.hpp"
#include "lifecycle/decide.hpp"
#include "pki/match.hpp"
#include "plan/plan.hpp"

#include <cstdint>
#include <functional>
#include <map>

/// What a plan has to see of pending changes before it can answer them.
namespace cpsctl::cli {

/// The certificates that the manifest keeps in files for CSRs that wait; nothing if the change waits for something
/// else, or the manifest names no files. `folder`: the project's, which they are relative to and lie in. `former`: CSRs
/// of earlier changes, as far as they are known. Errors: internal.
Result<std::optional<lifecycle::Offer>> offer_in_files(lifecycle::Info const& info, WallTime now,
                                                       manifest::Desired const* desired, cps::Live const* live,
                                                       std::string const& folder, Files& files,
                                                       std::vector<pki::FormerCsr> former = {});

struct Seeing {
  bool learn_dates = false;  ///< of a run that writes: those of certificates that the state lacks
  /// Asked about a change that cannot be read: is it left out? Otherwise the error is that of the whole.
  std::function<bool(Error const& error)> leave_out = {};
};

/// All that a plan with answers is made from: what the account has (Account::ask()), the pending changes of the
/// enrollments that state and manifests know (one request for each whose turn it is, and one for what it waits for; the
/// others as they were seen last), the certificates that manifests keep in files (one request more, for what CPS did
/// before, where a file's is for none of the CSRs), until when live ones are valid, as far as the state knows it, and
/// what the project's signers are. Errors: of the requests; io; internal.
Result<plan::Inputs> see_account(plan::Inputs known, Account& account, World& world, Seeing const& seeing);

}  // namespace cpsctl::cli
