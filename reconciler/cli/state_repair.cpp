#include "base/fields.hpp"
#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/ids.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/writing.hpp"
#include "plan/resolve.hpp"

#include <algorithm>

#include <fmt/ranges.h>

/// The commands that repair the state. They talk to nobody.
namespace cpsctl::cli {
namespace {

/// The state as it is, whatever it belongs to, for a command that talks to nobody.
Result<Writing> open_state(std::string const& command, Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  return begin_writing(command, "", "", settings, world);
}

struct Repaired {
  std::vector<std::string> names = {};
};
BOOST_DESCRIBE_STRUCT(Repaired, (), (names))

Error refused(std::string message, std::string next) {
  return {.code = Errc::guard_rail, .message = std::move(message), .next = std::move(next)};
}

/// What a command that repairs the state says, in both forms.
Product said(std::string line, std::vector<std::string> names) {
  return {.text = [line](std::ostream& out, report::Style) { screen::line(out, "{}", line); },
          .json = [names = std::move(names)] { return fields::versioned(Repaired{names}); }};
}

/// cpsctl state forget NAME…: the enrollments stay at CPS, nobody manages them any more.
Result<Exit> forget(std::vector<std::string> const& names, Options const& options, World& world) {
  CPS_TRY(Writing const writing, open_state("cpsctl state forget", options, world));
  state::Store& store = *writing.store;
  for (std::string const& name : names)
    if (!store.contents().entries.contains(name)) return unknown_name(name);
  std::string const now = timestamp(world.clock.wall());
  std::vector<state::Record> dropped;
  for (std::string const& name : names) dropped.push_back({.phase = state::Phase::dropped, .name = name, .at = now});
  CPS_CHECK(store.write_all(std::move(dropped)));
  CPS_CHECK(store.save());
  std::string const line =
      fmt::format("Forgotten: {}. CPS keeps {}.", fmt::join(names, ", "), names.size() == 1 ? "it" : "them");
  return delivered(said(line, names), Exit::done, options.global, world);
}

/// cpsctl state mv OLD NEW: after a manifest was renamed.
Result<Exit> move(std::string const& from, std::string const& to, Options const& options, World& world) {
  CPS_TRY(Writing const writing, open_state("cpsctl state mv", options, world));
  state::Store& store = *writing.store;
  auto const entry = store.contents().entries.find(from);
  if (entry == store.contents().entries.end()) return unknown_name(from);
  if (store.contents().entries.contains(to))
    return usage(fmt::format("the state has an enrollment \"{}\" already", to),
                 fmt::format("forget it first if it is a mistake: cpsctl state forget {}", to));
  bool const in_doubt =
      std::ranges::any_of(store.contents().open_intents, [&](auto const& one) { return one.name == from; });
  if (in_doubt)
    return refused(fmt::format("a write to {} is in doubt: its answer never came", from),
                   "run cpsctl apply first: it resolves the doubt");
  auto moved = std::make_shared<state::Entry>(entry->second);
  moved->name = to;
  CPS_CHECK(store.write(
      {.phase = state::Phase::stored, .name = from, .at = timestamp(world.clock.wall()), .entry = std::move(moved)}));
  CPS_CHECK(store.save());
  return delivered(said(fmt::format("{} is now {}.", from, to), {from, to}), Exit::done, options.global, world);
}

struct Settling {
  std::string name = {};
  std::optional<std::string> as = {};  ///< it was done, and made this enrollment
  bool not_done = false;
};

/// What a person found out about the writes to `name`. A create that was done is the enrollment `as`; an update or a
/// delete can only be settled as not done, since a list proves that they were.
Result<> settle_open(std::string const& name, std::optional<std::int64_t> as, state::Store& store, World& world) {
  std::vector<state::Record> open;
  for (state::Record const& intent : store.contents().open_intents)
    if (intent.name == name) open.push_back(intent);
  if (open.empty()) return usage(fmt::format("no write to \"{}\" is in doubt", name), "see: cpsctl state list");
  WallTime const now = world.clock.wall();
  for (state::Record const& intent : open)
    if (auto const ends = parse_timestamp(intent.ends_by); ends && *ends > now)
      return refused(fmt::format("the write of {} may still be under way", intent.at),
                     fmt::format("settle it after {}", intent.ends_by));
  bool const create = open.back().step == state::WriteKind::create && open.back().entry != nullptr;
  if (as && !create)
    return refused(fmt::format("the write in doubt is {}, which made no enrollment", plan::noun(open.back().step)),
                   "cpsctl apply finds out from CPS what became of it; if it was not done: --not-done");
  for (auto const& [other, entry] : store.contents().entries)
    if (as && entry.id == *as && other != name)
      return refused(fmt::format("enrollment {} belongs to {}", *as, other), "look at: cpsctl state list");
  std::string const at = timestamp(now);
  std::string const reason = as ? fmt::format("a person settled it: it made enrollment {}", *as)
                                : std::string("a person settled it: it was not done");
  // The one that made the enrollment goes first: a closed doubt without its entry would be an enrollment lost.
  if (as)
    CPS_CHECK(store.write({.phase = state::Phase::done,
                           .intent = open.back().sequence,
                           .step = state::WriteKind::create,
                           .name = name,
                           .at = at,
                           .enrollment = *as,
                           .reason = reason}));
  if (as) open.pop_back();
  for (state::Record const& intent : open)
    CPS_CHECK(store.write({.phase = state::Phase::refused,
                           .intent = intent.sequence,
                           .step = intent.step,
                           .name = name,
                           .at = at,
                           .reason = reason}));
  return store.save();
}

/// cpsctl state settle NAME --as ID | --not-done: after a person looked into Akamai Control Center.
Result<Exit> settle(Settling const& asked, Options const& options, World& world) {
  if (!asked.as && !asked.not_done)
    return usage("state settle needs to know what became of the write",
                 "look in Akamai Control Center, then say --as ID or --not-done");
  std::optional<std::int64_t> as;
  if (asked.as) {
    CPS_TRY(as, enrollment_id("--as", *asked.as, {}));
  }
  CPS_TRY(Writing const writing, open_state("cpsctl state settle", options, world));
  CPS_CHECK(settle_open(asked.name, as, *writing.store, world));
  std::string const line =
      as ? fmt::format("{} is enrollment {}. The next plan compares it with its manifest.", asked.name, *as)
         : fmt::format("The write to {} was not done. The next plan starts without it.", asked.name);
  return delivered(said(line, {asked.name}), Exit::done, options.global, world);
}

/// cpsctl state unlock: what a dead run on another machine left; one of this machine leaves nothing that holds.
Result<Exit> unlock(bool force, Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  // Without a look into git: a lock that it tracks is ended, too.
  CPS_TRY(auto const backend, state::Backend::at(settings.state, world.files, world.clock));
  CPS_TRY(auto const ended, backend->unlock(force));
  std::string const line = ended ? fmt::format("The lock of {}@{}, pid {} ({}), held since {}, is ended.", ended->owner,
                                               ended->host, ended->pid, ended->command, ended->since)
                                 : fmt::format("Nobody holds {}.", backend->describe());
  return delivered(said(line, {}), Exit::done, options.global, world);
}

}  // namespace

Command state_forget_command() {
  return {.name = "state forget",
          .what = "Stop managing enrollments; CPS keeps them",
          .examples = {{{"cpsctl state forget shop-example-com", "CPS keeps the enrollment"},
                        {"cpsctl state forget shop-example-com api-example-com", "several"},
                        {"cpsctl state forget shop-example-com --sandbox", "in the sandbox"}}},
          .works = Works::state,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const names = std::make_shared<std::vector<std::string>>();
            flags.require({"NAME", "names in the state", "", Names::managed}, *names);
            return with(names, forget);
          }};
}

Command state_mv_command() {
  return {.name = "state mv",
          .what = "Give an enrollment of the state another name",
          .examples = {{{"cpsctl state mv shop-example-com shop", "after the manifest was renamed"},
                        {"cpsctl state mv shop-example-com shop -o json", "for programs"},
                        {"cpsctl state mv shop-example-com shop --sandbox", "in the sandbox"}}},
          .works = Works::state,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const names = std::make_shared<std::pair<std::string, std::string>>();
            flags.require({"OLD", "name in the state", "", Names::managed}, names->first);
            flags.require({"NEW", "name of the manifest", "", Names::described}, names->second);
            return [names](Options const& options, World& world) {
              return move(names->first, names->second, options, world);
            };
          }};
}

Command state_settle_command() {
  return {.name = "state settle",
          .what = "Say what became of a write whose answer never came",
          .examples = {{{"cpsctl state settle shop-example-com --as 10001", "it was done, and made this one"},
                        {"cpsctl state settle shop-example-com --not-done", "it was not done"},
                        {"cpsctl state settle shop-example-com --not-done --sandbox", "in the sandbox"}}},
          .works = Works::state,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const asked = std::make_shared<Settling>();
            flags.require({"NAME", "manifest name", "", Names::enrollments}, asked->name);
            flags.add({"--as", "it was done: this is its enrollment", "ID"}, asked->as);
            flags.add({"--not-done", "it was not done"}, asked->not_done);
            flags.exclude("--as", "--not-done");
            return with(asked, settle);
          }};
}

Command state_unlock_command() {
  return {.name = "state unlock",
          .what = "End the lock of a run that is dead",
          .examples = {{{"cpsctl state unlock", "after a run on another machine died"},
                        {"cpsctl state unlock --force", "even if that run still looks active"},
                        {"cpsctl state unlock --sandbox", "in the sandbox"}}},
          .works = Works::state,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const force = std::make_shared<bool>(false);
            flags.add({"--force", "even of a run on another machine: look there first"}, *force);
            return with(force, unlock);
          }};
}

}  // namespace cpsctl::cli
