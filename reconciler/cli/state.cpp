#include "report/state.hpp"

#include "base/fields.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/writing.hpp"

#include <fmt/format.h>

/// cpsctl state, and its commands that only look.
namespace cpsctl::cli {
namespace {

Result<state::Contents> read_state(Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  return read_state(settings, "", world);
}

struct Shown {
  state::Entry enrollment = {};
};
BOOST_DESCRIBE_STRUCT(Shown, (), (enrollment))

/// cpsctl state list: what cpsctl remembers, open intents included.
Result<Exit> list(Options const& options, World& world) {
  CPS_TRY(state::Contents const contents, read_state(options, world));
  return delivered({.text =
                        [&](std::ostream& out, report::Style const& style) {
                          report::state_text(contents.entries, contents.open_intents, style, out);
                        },
                    .json =
                        [&] {
                          return report::state_document(contents.realm, contents.host, contents.serial,
                                                        contents.entries, contents.open_intents);
                        }},
                   Exit::done, options.global, world);
}

/// cpsctl state show NAME.
Result<Exit> show(std::string const& name, Options const& options, World& world) {
  CPS_TRY(state::Contents const contents, read_state(options, world));
  auto const entry = contents.entries.find(name);
  if (entry == contents.entries.end()) return unknown_name(name);
  auto const document = [&] { return fields::versioned(Shown{entry->second}); };
  return delivered(
      {.text = [&](std::ostream& out, report::Style) { report::entry_text(entry->second, out); }, .json = document},
      Exit::done, options.global, world);
}

/// cpsctl state log [NAME]: what was done, and by whom.
Result<Exit> log(std::string const& name, Options const& options, World& world) {
  CPS_TRY(state::Contents contents, read_state(options, world));
  if (!name.empty()) {
    bool const known = contents.entries.contains(name);
    std::erase_if(contents.history, [&](auto const& one) { return one.name != name && one.old_name != name; });
    std::erase_if(contents.open_intents, [&](auto const& one) { return one.name != name; });
    if (!known && contents.history.empty() && contents.open_intents.empty())
      return usage(fmt::format("the state and its history have no enrollment \"{}\"", name), "see: cpsctl state log");
  }
  return delivered(
      {.text =
           [&](std::ostream& out, report::Style const& style) {
             report::log_text(contents.history, contents.open_intents, style, out);
           },
       .json = [&] { return report::log_document(contents.realm, contents.history, contents.open_intents); }},
      Exit::done, options.global, world);
}

}  // namespace

Command state_command() {
  return {.name = "state",
          .what = "Inspect and repair the state: list, show, log, forget, mv, settle, unlock, rebuild",
          .examples = {{{"cpsctl state list", "what is managed"},
                        {"cpsctl state mv shop-example-com shop", "after the manifest was renamed"},
                        {"cpsctl state rebuild", "after the state was lost"}}}};
}

Command state_list_command() {
  return {.name = "state list",
          .what = "List the enrollments in the state",
          .examples = {{{"cpsctl state list", "what is managed"},
                        {"cpsctl state list -o json", "for programs"},
                        {"cpsctl state list --sandbox", "of the sandbox"}}},
          .works = Works::files,
          .takes = [](Flags&, Options&) -> Run { return list; }};
}

Command state_show_command() {
  return {.name = "state show",
          .what = "Show one enrollment of the state",
          .examples = {{{"cpsctl state show shop-example-com", "what is remembered of it"},
                        {"cpsctl state show shop-example-com -o json", "for programs"},
                        {"cpsctl state show shop-example-com --sandbox", "of the sandbox"}}},
          .works = Works::files,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const name = std::make_shared<std::string>();
            flags.require({"NAME", "manifest name", "", Names::managed}, *name);
            return with(name, show);
          }};
}

Command state_log_command() {
  return {.name = "state log",
          .what = "Show what was done and by whom, newest last",
          .examples = {{{"cpsctl state log", "what was done in the last 90 days"},
                        {"cpsctl state log -o json shop-example-com", "of one enrollment, for programs"},
                        {"cpsctl state log --sandbox", "of the sandbox"}}},
          .works = Works::files,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const name = std::make_shared<std::string>();
            flags.add({"NAME", "manifest name (default: all)", "", Names::managed}, *name);
            return with(name, log);
          }};
}

}  // namespace cpsctl::cli
