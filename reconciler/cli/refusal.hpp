#pragma once
#include "base/result.hpp"

#include <CLI/CLI.hpp>

namespace cpsctl::cli {

/// A value that was refused, on its way through CLI11 with its next step. For flags.cpp and arguments.cpp alone.
struct Refusal : CLI::ValidationError {
  Refusal(std::string const& flag, cpsctl::Error what) : CLI::ValidationError(flag), error(std::move(what)) {}
  cpsctl::Error error;
};

}  // namespace cpsctl::cli
