#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

/// What flags take besides texts and numbers. A value that does not fit is a usage error in our words.
namespace cpsctl::cli {

/// A flag that takes "90s" or "5m".
CLI::Option* duration(CLI::App& app, std::string const& flag, std::optional<Duration>& to, std::string const& what);

/// One of a few words; a misspelt one is told which it may have been.
CLI::Validator one_of(std::vector<std::string> const& words);

/// A whole number, from `least` to `most`.
CLI::Validator a_number(std::int64_t least, std::int64_t most);

/// The digest of a plan. An empty one is left to apply, which refuses it: a variable of a pipeline that was not set.
CLI::Validator a_digest();

}  // namespace cpsctl::cli
