#pragma once
#include "base/clock.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"
#include "sandbox/tokens.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Domain validation by looking for the tokens, as a CA does it (Tokens::checked): what to look for, and what follows
/// from what was found. Pure; prober.hpp looks.
namespace cpsctl::sandbox {

/// One name whose tokens are looked for; either is enough.
struct Probe {
  std::int64_t enrollment = 0;
  std::int64_t change = 0;
  std::string name = {};
  DnsToken dns = {};
  std::optional<HttpToken> http = {};
};

struct Sight {
  Probe probe = {};
  Found found = Found::nothing;
};

/// Does the change wait for its tokens to be found?
bool is_looked_for(Change const& change, Behaviour const& behaviour);

/// When its tokens are looked for next; nothing: not at all.
std::optional<WallTime> next_look(Change const& change, Behaviour const& behaviour);

/// What to look for, of the names that have no proof and tokens that are in force.
std::vector<Probe> probes_of(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour,
                             WallTime now);

/// Enters what was found of a change's names at `now`; tokens that are no longer in force are passed over. At most
/// Behaviour::names_per_look of them are validated. True when every name has its proof: the change may go on.
bool take_sights(Enrollment const& enrollment, Change& change, std::vector<Sight> const& sights,
                 Behaviour const& behaviour, WallTime now);

}  // namespace cpsctl::sandbox
