#pragma once
#include "base/clock.hpp"
#include "sandbox/media.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Everything about the embedded CPS that can be chosen. The command line's names for it are in switches.hpp, their
/// explanation for people in `cpsctl help sandbox`.
namespace cpsctl::sandbox {

/// What a change that waits for a person does when its time has come.
enum class Inputs : bool {
  done,  ///< it ends: what it waits for counts as given
  wait   ///< it goes on waiting
};

/// What an edit costs whose answer nobody documents: ciphers, changeManagement, dnsNameSettings, preferredTrustChain.
enum class DoubtfulEdits : std::uint8_t {
  as_schema,      ///< what the schema's x-effect expects
  stored,         ///< 200
  start_a_change  ///< 202
};

struct Behaviour {
  Policy policy = Policy::lenient;              ///< strict: only what the OpenAPI allows, plus allow-duplicate-cn
  std::vector<std::string> contracts = {};      ///< only these exist; empty: any
  bool real_limits = false;                     ///< 35/60 s and 20/2 s per account; active-certificates 10/60 s
  std::optional<Duration> complete_after = {};  ///< a change ends so long after it was begun; nothing: never
  Inputs inputs = Inputs::done;
  Duration certificate_age = {};  ///< certificates count as issued so long before their change ended
  DoubtfulEdits doubtful_edits = DoubtfulEdits::as_schema;
  std::optional<std::uint64_t> normalise_seed = {};  ///< documents are shown in shapes that vary with it
};

}  // namespace cpsctl::sandbox
