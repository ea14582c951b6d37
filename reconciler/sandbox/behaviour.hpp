#pragma once
#include "base/clock.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/media.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// Everything about the embedded CPS that can be chosen. The command line's names for it are in switches.hpp, their
/// explanation for people in `cpsctl help sandbox`.
namespace cpsctl::sandbox {

/// What a change that waits for a person does when its time has come.
enum class Inputs : bool {
  done,  ///< it ends: what it waits for counts as given
  wait   ///< it goes on waiting
};

/// How long the steps of a change take.
enum class Pace : std::uint8_t {
  together,  ///< Behaviour::complete_after, all of them
  usual      ///< each as long as at CPS (steps.cpp)
};

/// Whether the first certificate of an enrollment under change management stops for approval: CPS's own pages
/// contradict each other (facts-2026.md A23).
enum class FirstApproval : bool { passed, asked };

/// Whether GET of a change that has ended still answers: Akamai's Terraform provider waits to read "complete", and the
/// documents call what is over gone (cps-api.md §9, question 10).
enum class Ended : bool { gone, shown };

/// What an input that is denied does to its change: nobody says (facts-2026.md A7).
enum class Denied : bool { error, cancelled };

/// How a change waits for domain validation: CPS looks at the tokens by itself, and a recorded server shows the change
/// as suspended, with an input that is not required.
enum class Validation : bool { asks, suspended };

/// Whether the CA looks for the tokens of domain validation, or the acknowledgement alone is believed.
enum class Tokens : bool { believed, checked };

/// Where a server listens.
struct Place {
  std::string address = {};  ///< of either kind, without brackets
  std::uint16_t port = 0;
  bool operator==(Place const&) const = default;
};

/// Which CSRs a third-party change has: users saw both although they asked for one (facts-2026.md A17b).
enum class Csrs : bool { as_stacked, both };

/// Whether an approval may carry the hash of an earlier validation result.
enum class StaleHash : bool { refused, accepted };

/// Something that CPS warns of in each change.
struct Warning {
  enum class When : std::uint8_t {
    before,  ///< a certificate is ordered
    after,   ///< it is there
    removal  ///< it is taken off the network
  };
  When when = When::after;
  std::string text = {};
};

/// What an edit costs whose answer nobody documents: ciphers, changeManagement, dnsNameSettings, preferredTrustChain.
enum class DoubtfulEdits : std::uint8_t {
  as_schema,      ///< what the schema's x-effect expects
  stored,         ///< 200
  start_a_change  ///< 202
};

/// Creating a certificate soon after another one is refused: nobody says after which other one.
BOOST_DEFINE_ENUM_CLASS(FiveMinuteRule, off, cn, contract)

/// How a refusal looks whose form nobody documents.
struct Refusal {
  int status = 409;
  std::string slug = {};
};

struct Behaviour {
  Policy policy = Policy::lenient;          ///< strict: only what the OpenAPI allows, plus allow-duplicate-cn
  int newest_version = highest_version;     ///< of its API; newer ones are not acceptable
  bool real_limits = false;                 ///< requests are limited per account
  std::vector<std::string> contracts = {};  ///< only these exist; empty: any
  std::vector<Limit> limits = sandbox::real_limits();  ///< if so; active-certificates has 10/60 s of its own
  std::optional<Duration> complete_after = {};         ///< a change ends so long after it was begun; nothing: never
  Pace pace = Pace::together;
  Inputs inputs = Inputs::done;
  std::int64_t speed = 1;  ///< the sandbox's time passes so many times as fast as the real one
  Duration forward = {};   ///< and is moved on by so much at the start
  FirstApproval first_approval = FirstApproval::asked;
  std::vector<Warning> warnings = {};
  int input_echo = 0;  ///< an input that was given stays visible for so many reads of its change
  Denied denied = Denied::error;
  Ended ended = Ended::gone;
  StaleHash stale_hash = StaleHash::refused;
  Csrs csrs = Csrs::as_stacked;
  Validation validation = Validation::asks;
  Tokens tokens = Tokens::believed;
  std::optional<Place> dns = {};                      ///< the authoritative server that is asked for tokens
  std::optional<Place> http = {};                     ///< the web server of all names
  Duration look_every = std::chrono::minutes(1);      ///< tokens are looked for so often, and when acknowledged
  std::size_t names_per_look = 0;                     ///< at most so many are validated by one look; 0: all
  Duration token_life = std::chrono::hours(24 * 7);   ///< then there are other tokens
  Duration proof_life = std::chrono::hours(24 * 30);  ///< a name counts as validated for so long
  std::vector<std::string> at_akamai = {};            ///< patterns of names that validate alone
  std::vector<std::string> edge_zones = {};           ///< of Edge DNS, lower case
  Duration edge_write_time = {};                      ///< a write takes so long, and locks its zone
  Duration certificate_age = {};  ///< certificates count as issued so long before their change ended
  DoubtfulEdits doubtful_edits = DoubtfulEdits::as_schema;
  std::optional<std::uint64_t> normalise_seed = {};  ///< documents are shown in shapes that vary with it
  Duration list_lag = {};   ///< a created enrollment is listed only so long after; GET by id finds it at once
  Duration write_lag = {};  ///< for so long the list shows what an update or removal replaced; GET by id shows what is
  FiveMinuteRule five_minute_rule = FiveMinuteRule::off;
  Duration five_minutes = std::chrono::minutes(5);
  Refusal too_soon = {.slug = "recent-certificate-request"};  ///< the five-minute rule's
  Refusal duplicate_cn = {.slug = "duplicate-common-name"};
  std::vector<FaultRule> faults = {};  ///< the first that hits wins
  std::uint64_t fault_seed = 1;
};

}  // namespace cpsctl::sandbox
