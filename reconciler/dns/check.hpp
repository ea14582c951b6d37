#pragma once
#include "base/result.hpp"
#include "dns/authority.hpp"
#include "dns/exchange.hpp"
#include "dns/message.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/enum.hpp>

/// What name servers answer, and what that proves. Decisions are pure; only the functions that return a Task ask.
namespace cpsctl::dns {

// --- is the value there? ---------------------------------------------------------------------------------------------

/// What one server has of a value.
BOOST_DEFINE_ENUM_CLASS(Has, it, others, nothing, nxdomain, refused, servfail, silent, lame, garbage)

struct Sight {
  NameServer server = {};
  Has has = Has::silent;
  std::string words = {};  ///< one clause about it, printable: "ns1.example.com (192.0.2.1) lacks it"
};

/// How the value stands.
BOOST_DEFINE_ENUM_CLASS(Standing, published, not_yet, unconfirmed, failed)

struct Verdict {
  Standing standing = Standing::not_yet;
  std::string reason = {};  ///< which servers, and how they answer; empty when published
};

/// What an answer (or its absence) of a server without recursion says of a value. Pure.
Has has_value(Result<Message> const& answer, Name const& name, std::string_view value);

/// published: all have it. not_yet: one that answers lacks it. unconfirmed: the rest cannot be asked from here; the CA
/// looks by itself. failed: all answer, and none serves the zone. Pure.
Verdict judge(std::vector<Sight> const& sights);

/// Asks every server of the authority, eight at a time, without recursion: no cache keeps a "no". `name` is the target.
http::Task<std::vector<Sight>> look(Network& network, Authority authority, Name name, std::string value,
                                    SteadyTime deadline);

/// The TXT values of a name, of all servers of the authority together, sorted; none where the name does not exist.
/// Errors: unavailable, when no server of the zone could tell.
http::Task<Result<std::vector<std::string>>> values_at(Network& network, Authority authority, Name name,
                                                       SteadyTime deadline);

// --- does it validate? -----------------------------------------------------------------------------------------------

/// bogus: CAs get no answer, however well the authoritative servers answer. unsigned_: valid, without DNSSEC (or the
/// resolver does not validate).
BOOST_DEFINE_ENUM_CLASS(Dnssec, secure, unsigned_, bogus, unknown)

/// From a resolver's answer with validation and, after SERVFAIL, that without (CD). Pure.
Dnssec dnssec_of(Result<Message> const& validated, Result<Message> const& unvalidated);

/// Asks a validating resolver for the TXT record. It keeps a "no" for a while: ask after the value is published.
http::Task<Dnssec> check_dnssec(Network& network, Server resolver, Name name, SteadyTime deadline);

// --- may the CA issue? -----------------------------------------------------------------------------------------------

/// none: no CAA record says anything about issuing, every CA may.
BOOST_DEFINE_ENUM_CLASS(Issuance, allowed, forbidden, none)

struct CaaVerdict {
  Issuance issuance = Issuance::none;
  Name at = {};                         ///< where the records stand
  std::vector<std::string> notes = {};  ///< printable: the records that forbid, and parameters that bind the CA further
};

enum class Wildcard : std::uint8_t { no, yes };

/// RFC 8659 §4 for a CA's identity ("letsencrypt.org"). Parameters accounturi and validationmethods (RFC 8657) are
/// noted, not judged: the ACME account is Akamai's. Pure.
CaaVerdict judge_caa(Name const& at, std::vector<Caa> const& records, std::string_view identity, Wildcard wildcard);

/// Climbs from the host name ("*.example.com" too) to the first name with CAA records. Errors: unavailable (a resolver
/// that fails is no permission: CAs do not issue then), timeout, protocol, usage.
http::Task<Result<CaaVerdict>> check_caa(Network& network, std::string host, std::string identity, SteadyTime deadline);

}  // namespace cpsctl::dns
