#pragma once
#include "cli/flags.hpp"
#include "cli/options.hpp"

/// Flags that several commands take.
namespace cpsctl::cli {

/// PATH…: the manifests.
void take_paths(Flags& flags, Options& options);
/// --detailed-exitcode; `means`: what it changes.
void take_detailed(Flags& flags, Options& options, std::string const& means);
/// Which of the manifests a command is about.
void take_selection(Flags& flags, Options& options);
void take_guard_rails(Flags& flags, Options& options);
/// How the embedded CPS behaves, under this heading.
void take_switches(Flags& flags, Options& options, std::string heading);

}  // namespace cpsctl::cli
