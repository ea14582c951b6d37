#pragma once
#include "cli/account.hpp"
#include "cli/asked.hpp"
#include "dns/exchange.hpp"
#include "report/challenges.hpp"

#include <set>
#include <string>
#include <vector>

/// What stands where CAs look and no pending change needs. Looked up, printed, and never removed here.
namespace cpsctl::cli {

/// The end of the CNAMEs of some names, and what stands there.
struct Place {
  std::string target = {};  ///< with its last dot
  std::string zone = {};    ///< that it lies in
  std::string publisher = {};
  std::vector<std::string> domains = {};
  std::vector<std::string> values = {};
};

/// What pending changes need, as far as it is known.
struct Needs {
  std::set<std::string> values = {};  ///< wherever they stand: nobody guesses one, no two are alike
  /// Targets of names whose pending change was not read, or shows no token by now: any value there may be needed.
  std::set<std::string> open = {};
  bool anywhere = false;  ///< the targets of some of these are not known, either
};

/// Of what the state has as published and needless: what still stands, or could not be looked up. Of what was found:
/// what has the form of a token and nobody needs.. Pure.
std::vector<report::LeftoverRow> leftovers(plan::Publications const& published, std::vector<Place> const& places,
                                           Needs const& needs);

/// Looks them up. What could not be said goes to document.without. Errors: cancelled, internal, usage.
Result<> find_leftovers(Answers const& answers, dns::Network& network, Account& account, Clock const& clock,
                        report::Challenges& document);

}  // namespace cpsctl::cli
