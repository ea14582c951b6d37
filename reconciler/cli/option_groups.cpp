#include "cli/option_groups.hpp"

#include "sandbox/switches.hpp"

#include <fmt/format.h>

namespace cpsctl::cli {

void take_paths(Flags& flags, Options& options) {
  flags.add({"PATH", "files, folders or - (default: the project's, else ./manifests)", "", Names::files},
            options.paths);
}

void take_detailed(Flags& flags, Options& options, std::string const& means) {
  flags.add({"--detailed-exitcode", means}, options.detailed_exitcode);
}

void take_selection(Flags& flags, Options& options) {
  Flags selection = flags.under("Selection");
  SelectionOptions& to = options.selection;
  selection.add({"-l,--label", "only those with this label; repeatable, all must fit", "KEY=VALUE", Names::labels},
                to.labels);
  selection.add({"--name", "only these names; repeatable", "GLOB", Names::enrollments}, to.names);
  selection.add({"--contract", "only this contract; repeatable", "ID", Names::contracts}, to.contracts);
}

void take_guard_rails(Flags& flags, Options& options) {
  Flags rails = flags.under("Guard rails");
  GuardOptions& to = options.guard;
  rails.add({"--allow-delete", "delete enrollments whose removed manifest had deletion: delete"}, to.allow_delete);
  rails.add({"--max-deletes", "delete at most N, else none (default: 0)", "N"}, to.max_deletes, a_number(0, 1'000'000));
  rails.add({"--max-changes", "update and delete at most so many, or P% of the state", "N|P%"}, to.max_changes);
  rails.add({"--confirm-delete", "delete this one, which serves in production; repeatable", "NAME", Names::managed},
            to.confirm_delete);
  rails.add({"--recreate", "create this one again, deleted outside cpsctl; repeatable", "NAME", Names::enrollments},
            to.recreate);
  rails.add({"--on-pending", "refuse, wait or cancel where a change is pending", "WORD"}, to.on_pending,
            one_of({"refuse", "wait", "cancel"}));
  rails.add(
      {"--override-renewal-window", "allow changes in the renewal window; repeatable", "NAME", Names::enrollments},
      to.override_renewal_window);
}

void take_switches(Flags& flags, Options& options, std::string heading) {
  Flags switches = flags.under(std::move(heading));
  for (sandbox::Switch const& one : sandbox::switches()) {
    auto const set = [&options, &one](std::string const& value) -> Result<> {
      options.switched = one.name;
      auto done = one.set(options.behaviour, value);
      if (done) return {};
      Error error = std::move(done).error();
      error.message = fmt::format("{}: {}", one.name, error.message);
      return error;
    };
    switches.each({std::string(one.name), std::string(one.what), std::string(one.value)},
                  one.repeatable ? Flags::Times::any : Flags::Times::once, set);
  }
}

}  // namespace cpsctl::cli
