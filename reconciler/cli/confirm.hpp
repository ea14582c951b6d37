#pragma once
#include "cli/options.hpp"
#include "cli/signals.hpp"
#include "cli/world.hpp"

#include <string_view>

namespace cpsctl::cli {

/// Is there somebody to ask?
bool can_ask(GlobalOptions const& options, World const& world);

/// Asks on the terminal; anything but yes is no, and so is a signal.
bool confirmed(World& world, Signals const& signals, std::string_view question);

}  // namespace cpsctl::cli
