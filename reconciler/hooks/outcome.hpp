#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

/// What became of a run of a program.
namespace cpsctl::hooks {

/// Exit 0.
struct Done {
  json::Ref document = {};  ///< what it answered, an object; nobody has believed any of it yet
};

/// Exit 75: nothing is wrong, it is to be asked again. A CA where a person approves answers so.
struct Later {
  std::string reference = {};  ///< for the next request; printable, may be empty
  std::optional<Duration> retry_after = {};
};

enum class Cause : std::uint8_t {
  request,  ///< it was not run: what it was to be asked makes no sense
  start,    ///< it could not be run, or is not the program that was approved
  exit,     ///< it says so: any other exit code
  signal,   ///< a signal ended it
  timeout,  ///< it took too long
  stopped,  ///< the run of cpsctl ends
  answer    ///< it ended well, and its answer is not one
};

struct Failed {
  Cause cause = Cause::exit;
  std::string reason = {};  ///< one clause, printable, without secrets; what it said last on stderr is part of it
  std::string next = {};    ///< in the imperative; may be empty
};

using Outcome = std::variant<Done, Later, Failed>;

}  // namespace cpsctl::hooks
