#include "cli/command.hpp"

#include <algorithm>
#include <vector>

namespace cpsctl::cli {

// Each in a file of its name; those of the state that talk to nobody in state.cpp and state_repair.cpp.
Command validate_command();
Command import_command();
Command schema_command();
Command plan_command();
Command apply_command();
Command show_command();
Command status_command();
Command csr_command();
Command challenges_command();
Command upload_command();
Command ack_command();
Command cancel_command();
Command state_command();
Command state_list_command();
Command state_show_command();
Command state_log_command();
Command state_forget_command();
Command state_mv_command();
Command state_settle_command();
Command state_unlock_command();
Command state_rebuild_command();
Command sandbox_command();
Command completion_command();
Command version_command();
Command help_command();

namespace {

struct Group {
  std::string_view name;
  std::vector<Command (*)()> commands;
};

/// The groups of the overview, in the order of a newcomer's way. What a command has below it follows it.
std::vector<Group> groups() {
  return {{"Describe enrollments in files", {validate_command, import_command, schema_command}},
          {"Compare with CPS, and change it", {plan_command, apply_command, show_command, status_command}},
          {"Carry a change to its end", {challenges_command, csr_command, upload_command, ack_command, cancel_command}},
          {"What cpsctl remembers",
           {state_command, state_list_command, state_show_command, state_log_command, state_forget_command,
            state_mv_command, state_settle_command, state_unlock_command, state_rebuild_command}},
          {"Try and learn", {sandbox_command, completion_command, version_command, help_command}}};
}

std::vector<Command> made() {
  std::vector<Command> all;
  for (Group const& group : groups())
    for (auto const make : group.commands) {
      all.push_back(make());
      all.back().group = group.name;
    }
  return all;
}

}  // namespace

std::span<Command const> commands() {
  static std::vector<Command> const all = made();
  return all;
}

Command const* command_named(std::string_view name) {
  auto const found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

std::vector<Command const*> commands_below(std::string_view name) {
  std::vector<Command const*> below;
  for (Command const& command : commands())
    if (command.name.substr(0, command.nested() ? command.name.rfind(' ') : 0) == name) below.push_back(&command);
  return below;
}

}  // namespace cpsctl::cli
