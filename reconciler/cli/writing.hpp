#pragma once
#include "apply/apply.hpp"
#include "cli/connection.hpp"
#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/signals.hpp"
#include "report/result.hpp"
#include "state/backend.hpp"

#include <memory>
#include <string>

namespace cpsctl::cli {

/// What a command that writes the state holds while it runs.
struct Writing {
  std::unique_ptr<state::Backend> backend = {};
  std::unique_ptr<state::Lock> lock = {};
  std::unique_ptr<state::Store> store = {};
};

/// Takes the lock and opens the state of `realm`, to record `host` in it; a signal ends the wait for the lock (none:
/// the process ends as usual). Both are empty for a command that talks to nobody: as the state has them, which must
/// exist. Errors: locked, cancelled, io; usage when there is no state to go by.
Result<Writing> begin_writing(std::string const& command, std::string const& realm, std::string const& host,
                              Settings const& settings, World& world, Signals const* signals = nullptr);

/// The state for commands that only look; what is odd about it is logged, but for what was `said` before. `realm`: ""
/// for any. Errors: io.
Result<state::Contents> read_state(Settings const& settings, std::string const& realm, World& world,
                                   std::vector<std::string> const& said = {});

using PlanAgain = decltype(apply::ApplyOptions::plan_again);

/// Errors that name it: usage.
Error unknown_name(std::string const& name);

enum class Progress : std::uint8_t { shown, silent };

/// A line on stderr for each item that is done with, by what the plan knew of it.
std::function<void(apply::ItemResult const&)> progress_of(plan::PlanView const& plan, Connection const& connection,
                                                          GlobalOptions const& options, World& world);

/// What the command ends with, by what became of each item and by what ended the run.
Exit exit_of(apply::ApplyResult const& result);

/// What a result is the result of.
struct Carried {
  plan::PlanView const& plan;
  std::string title = "Apply";
  bool plan_shown = false;  ///< on stderr, by this run
};

/// The items for reports, with what the plan knew of each.
std::vector<report::ResultRow> rows_of(apply::ApplyResult const& result, plan::PlanView const& plan = {});

/// What became of it, also when something ended the run early: that is reported, and the document tells the rest.
Exit delivered(apply::ApplyResult const& result, Carried const& carried, Options const& options, World& world);

}  // namespace cpsctl::cli
