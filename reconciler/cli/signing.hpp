#pragma once
#include "apply/apply.hpp"
#include "cli/connection.hpp"
#include "hooks/runner.hpp"

#include <map>
#include <memory>
#include <string>

/// The signers of the project, for apply.
namespace cpsctl::cli {

/// Name -> fingerprint of what it runs: what a plan shows of signers, and a person approves. None is run, and its
/// program need not be there. Errors: io, usage.
Result<std::map<std::string, std::string>> signers_of(Settings const& settings, World& world);

/// Runs them while a plan is carried out. On the loop's thread but for its making.
class Signing {
 public:
  /// Errors: usage.
  static Result<std::unique_ptr<Signing>> of(Settings const& settings, Connection& connection, World& world);

  /// Asks the signer of the item's policy, and checks what it gives as files are checked.
  http::Task<apply::Certified> certify(plan::Item const& item, lifecycle::Uploads const& wanted, apply::PutOff before);
  /// Ends what runs, and runs nothing any more.
  void stop() { runner_.stop(); }

 private:
  Signing(Settings const& settings, Connection& connection, World& world, hooks::Surroundings around);

  Settings const& settings_;
  Connection& connection_;
  World& world_;
  hooks::Places places_;
  hooks::Runner runner_;
};

}  // namespace cpsctl::cli
