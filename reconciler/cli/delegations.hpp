#pragma once
#include "cli/account.hpp"
#include "cli/asked.hpp"
#include "dns/exchange.hpp"
#include "dns/name.hpp"
#include "dns/target.hpp"
#include "report/challenges.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Which CNAMEs bring the challenges of DV enrollments into zones that publishers write.
namespace cpsctl::cli {

/// Where the CNAME of a record is best set to, in a zone: the host name below it, so that no two names meet; by its
/// digest, where that is too long. Errors: usage.
Result<dns::Name> delegate(std::string_view domain, dns::Name const& zone);

/// How it stands with a record whose CNAMEs end there. `home`: who takes it; nothing: nobody. Pure.
report::DelegationStanding standing_of(dns::Target const& target, bool home);

/// Looks up every name of the DV enrollments, also where nothing is pending. Errors: usage, when no publisher of the
/// project writes records; cancelled, internal.
Result<> find_delegations(Answers const& answers, dns::Network& network, Account& account, Clock const& clock,
                          report::Challenges& document);

}  // namespace cpsctl::cli
