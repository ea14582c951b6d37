#pragma once
#include "base/result.hpp"

#include <string>

namespace cpsctl::cli {

/// The program's exit codes; `cpsctl help exit-codes` explains them.
enum class Exit : std::uint8_t {
  done = 0,
  failed = 1,        ///< at least one operation failed
  changes = 2,       ///< only with --detailed-exitcode: fine, and there are changes
  needs_action = 3,  ///< only with --detailed-exitcode: fine, and a person or a CA must act
  refused = 4,       ///< a guard rail, or a stale plan
  locked = 5,
  usage = 64,
  invalid = 65,      ///< a manifest, project file or plan file
  unavailable = 69,  ///< no API, no TLS, garbage, 5xx after all retries
  bug = 70,
  local_file = 74,  ///< state, journal or report
  again = 75,       ///< out of time, everything saved: run again
  unauthorized = 77,
  interrupted = 130,
  terminated = 143
};

/// The exit code of a failure that ends the command.
Exit exit_for(Errc code);

/// What is wrong with the command line, and what to write instead.
Error usage(std::string message, std::string next);

/// Of two codes that apply the one that matters more.
Exit worse(Exit left, Exit right);

}  // namespace cpsctl::cli
