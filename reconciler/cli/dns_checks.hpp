#pragma once
#include "cli/connection.hpp"
#include "cli/world.hpp"
#include "dns/exchange.hpp"
#include "report/challenges.hpp"

/// What name servers say of tokens that are to be published.
namespace cpsctl::cli {

/// The machine's resolvers, or those of --dns-resolver; authoritative servers at --dns-port. Errors: usage.
Result<dns::Network> dns_network(GlobalOptions const& options, Connection& connection, World& world);

/// Asks for each TXT record: where it belongs, whether every authoritative server of that zone has it, whether the
/// answer validates, and whether CAA lets the CA issue. Several at once. What cannot be found is said in the row.
/// Errors: cancelled.
Result<> check_records(report::Challenges& challenges, dns::Network& network, Connection& connection,
                       Clock const& clock);

}  // namespace cpsctl::cli
