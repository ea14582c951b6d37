#pragma once
#include "cli/exit.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"

/// One function per command, in a file of its name: options in, document out, exit code back. An error is reported by
/// the caller.
namespace cpsctl::cli {

Result<Exit> run_validate(Options const& options, World& world);
Result<Exit> run_plan(Options const& options, World& world);
Result<Exit> run_apply(Options const& options, World& world);
Result<Exit> run_show(Options const& options, World& world);
Result<Exit> run_status(Options const& options, World& world);
Result<Exit> run_import(Options const& options, World& world);
Result<Exit> run_state_list(Options const& options, World& world);
Result<Exit> run_state_show(Options const& options, World& world);
Result<Exit> run_state_log(Options const& options, World& world);
Result<Exit> run_state_forget(Options const& options, World& world);
Result<Exit> run_state_unlock(Options const& options, World& world);
Result<Exit> run_state_mv(Options const& options, World& world);
Result<Exit> run_state_settle(Options const& options, World& world);
Result<Exit> run_state_rebuild(Options const& options, World& world);
Result<Exit> run_sandbox(Options const& options, World& world);
Result<Exit> run_schema(Options const& options, World& world);
Result<Exit> run_version(Options const& options, World& world);
Result<Exit> run_help(Options const& options, World& world);

}  // namespace cpsctl::cli
