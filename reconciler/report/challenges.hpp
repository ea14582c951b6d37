#pragma once
#include "base/json.hpp"
#include "lifecycle/validation.hpp"
#include "report/delegations.hpp"
#include "report/leftovers.hpp"
#include "report/paint.hpp"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// Tokens that are to be published, for people and for the tools that publish (`cpsctl challenges`).
namespace cpsctl::report {

/// How a TXT value stands at the name servers of its target.
struct ServerRow {
  std::string server = {};
  std::string address = {};
  std::string has = {};    ///< it, others, nothing, nxdomain, refused, servfail, silent, lame, garbage
  std::string words = {};  ///< a clause about it
};
BOOST_DESCRIBE_STRUCT(ServerRow, (), (server, address, has, words))

struct CheckRow {
  std::string target = {};  ///< after following CNAMEs, with its last dot; empty: not found
  std::vector<std::string> aliases = {};
  std::string zone = {};
  std::vector<ServerRow> servers = {};
  std::string standing = {};  ///< published, notYet, unconfirmed, failed
  std::string reason = {};    ///< empty when published
  std::string dnssec = {};    ///< secure, unsigned, bogus, unknown
  std::string caa = {};       ///< none, allowed, forbidden; empty: it could not be asked
  std::vector<std::string> notes = {};
};
BOOST_DESCRIBE_STRUCT(CheckRow, (), (target, aliases, zone, servers, standing, reason, dnssec, caa, notes))

/// One token of one change.
struct TokenRow {
  std::string name = {};  ///< the enrollment's
  std::int64_t id = 0;
  std::int64_t change = 0;
  lifecycle::Token token = {};
  std::optional<CheckRow> check = {};  ///< of a TXT record, with --check
};

/// Why there is no token of an enrollment, or of one of its names.
struct TokenlessRow {
  std::string name = {};
  std::int64_t change = 0;
  std::string reason = {};
  bool later = false;
};
BOOST_DESCRIBE_STRUCT(TokenlessRow, (), (name, change, reason, later))

struct Challenges {
  std::vector<TokenRow> tokens = {};  ///< by enrollment, then as CPS has them
  std::vector<TokenlessRow> without = {};
  std::vector<LeftoverRow> leftovers = {};      ///< with --leftovers, in place of tokens
  std::vector<DelegationRow> delegations = {};  ///< with --delegations, the same
};

/// What a TXT record lives in caches: short, as a renewal has another value.
inline constexpr int token_ttl = 120;

/// By enrollment and host name; what was looked up below each record.
void challenges_text(Challenges const& challenges, Style const& style, std::ostream& out);
/// schemas/challenges.v1.schema.json.
json::Document challenges_document(Challenges const& challenges);
/// The records as lines of a zone file.
std::string challenges_zone(Challenges const& challenges);
/// The records as commands of nsupdate; a `send` after those of each enrollment. Leftovers are deleted.
std::string challenges_nsupdate(Challenges const& challenges);
/// The records of a zone ("example.com", without the last dot) as octoDNS's YAML has them.
std::string challenges_octodns(Challenges const& challenges, std::string const& zone);

/// Does the record, with its last dot, lie in the zone?
bool lies_in(std::string const& record, std::string const& zone);

}  // namespace cpsctl::report
