#include "report/state.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/ids.hpp"
#include "cli/output.hpp"
#include "cli/planning.hpp"
#include "cli/writing.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

Result<state::Contents> read_state(Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  return read_state(settings, "", world);
}

Error unknown_name(std::string const& name) {
  return usage(fmt::format("the state has no enrollment \"{}\"", name), "see: cpsctl state list");
}

/// The state of a command that talks to nobody.
struct Offline {
  Settings settings = {};
  Writing writing = {};
};

Result<Offline> open_offline(std::string const& command, Options const& options, World& world) {
  Offline offline;
  CPS_TRY(offline.settings, make_settings(options, world));
  CPS_TRY(offline.writing, begin_writing(command, "", "", offline.settings, world));
  return offline;
}

struct Repaired {
  std::vector<std::string> names = {};
};
BOOST_DESCRIBE_STRUCT(Repaired, (), (names))
struct Shown {
  state::Entry enrollment = {};
};
BOOST_DESCRIBE_STRUCT(Shown, (), (enrollment))

/// What a command that repairs the state says, in both forms.
Product said(std::string line, std::vector<std::string> names) {
  return {.text = [line](std::ostream& out, report::Style) { screen::line(out, "{}", line); },
          .json = [names = std::move(names)] { return fields::versioned(Repaired{names}); }};
}

Result<> forget(std::vector<std::string> const& names, Offline const& offline, World& world) {
  state::Store& store = *offline.writing.store;
  for (std::string const& name : names)
    if (!store.contents().entries.contains(name)) return unknown_name(name);
  std::string const now = timestamp(world.clock.wall());
  for (std::string const& name : names)
    CPS_CHECK(store.write({.phase = state::Phase::dropped, .name = name, .at = now}));
  return store.save();
}

Result<> move(std::string const& from, std::string const& to, Offline const& offline, World& world) {
  state::Store& store = *offline.writing.store;
  auto const entry = store.contents().entries.find(from);
  if (entry == store.contents().entries.end()) return unknown_name(from);
  if (store.contents().entries.contains(to))
    return usage(fmt::format("the state has an enrollment \"{}\" already", to),
                 fmt::format("forget it first if it is a mistake: cpsctl state forget {}", to));
  bool const in_doubt =
      std::ranges::any_of(store.contents().open_intents, [&](auto const& one) { return one.name == from; });
  if (in_doubt)
    return Error{.code = Errc::guard_rail,
                 .message = fmt::format("a write to {} is in doubt: its answer never came", from),
                 .next = "run cpsctl apply first: it resolves the doubt"};
  auto moved = std::make_shared<state::Entry>(entry->second);
  moved->name = to;
  CPS_CHECK(store.write(
      {.phase = state::Phase::stored, .name = from, .at = timestamp(world.clock.wall()), .entry = std::move(moved)}));
  return store.save();
}

Error cannot_settle(std::string message, std::string next) {
  return {.code = Errc::guard_rail, .message = std::move(message), .next = std::move(next)};
}

/// What a person found out about the writes to `name`. A create that was done is the enrollment `as`; an update or a
/// delete can only be settled as not done, since a list proves that they were.
Result<> settle(std::string const& name, std::optional<std::int64_t> as, Offline const& offline, World& world) {
  state::Store& store = *offline.writing.store;
  std::vector<state::Record> open;
  for (state::Record const& intent : store.contents().open_intents)
    if (intent.name == name) open.push_back(intent);
  if (open.empty()) return usage(fmt::format("no write to \"{}\" is in doubt", name), "see: cpsctl state list");
  WallTime const now = world.clock.wall();
  for (state::Record const& intent : open)
    if (auto const ends = parse_timestamp(intent.ends_by); ends && *ends > now)
      return cannot_settle(fmt::format("the write of {} may still be under way", intent.at),
                           fmt::format("settle it after {}", intent.ends_by));
  bool const create = open.back().step == state::Step::create && open.back().entry != nullptr;
  if (as && !create)
    return cannot_settle(fmt::format("the write in doubt is {} {}, which made no enrollment",
                                     open.back().step == state::Step::update ? "an" : "a",
                                     open.back().step == state::Step::update ? "update" : "delete"),
                         "cpsctl apply proves it from CPS's list; if it was not done: --not-done");
  for (auto const& [other, entry] : store.contents().entries)
    if (as && entry.id == *as && other != name)
      return cannot_settle(fmt::format("enrollment {} belongs to {}", *as, other), "look at: cpsctl state list");
  std::string const at = timestamp(now);
  std::string const reason = as ? fmt::format("a person settled it: it made enrollment {}", *as)
                                : std::string("a person settled it: it was not done");
  // The one that made the enrollment goes first: a closed doubt without its entry would be an enrollment lost.
  if (as)
    CPS_CHECK(store.write({.phase = state::Phase::done,
                           .intent = open.back().sequence,
                           .step = state::Step::create,
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

}  // namespace

/// cpsctl state list: what cpsctl remembers, open intents included.
Result<Exit> run_state_list(Options const& options, World& world) {
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
Result<Exit> run_state_show(Options const& options, World& world) {
  CPS_TRY(state::Contents const contents, read_state(options, world));
  auto const entry = contents.entries.find(options.name);
  if (entry == contents.entries.end()) return unknown_name(options.name);
  auto const document = [&] { return fields::versioned(Shown{entry->second}); };
  return delivered(
      {.text = [&](std::ostream& out, report::Style) { report::entry_text(entry->second, out); }, .json = document},
      Exit::done, options.global, world);
}

/// cpsctl state log [NAME]: what was done, and by whom.
Result<Exit> run_state_log(Options const& options, World& world) {
  CPS_TRY(state::Contents contents, read_state(options, world));
  std::string const& name = options.name;
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

/// cpsctl state forget NAME…: the enrollments stay at CPS, nobody manages them any more.
Result<Exit> run_state_forget(Options const& options, World& world) {
  CPS_TRY(Offline const offline, open_offline("cpsctl state forget", options, world));
  CPS_CHECK(forget(options.paths, offline, world));
  std::string const line = fmt::format("Forgotten: {}. CPS keeps {}.", fmt::join(options.paths, ", "),
                                       options.paths.size() == 1 ? "it" : "them");
  return delivered(said(line, options.paths), Exit::done, options.global, world);
}

/// cpsctl state mv OLD NEW: after a manifest was renamed.
Result<Exit> run_state_mv(Options const& options, World& world) {
  CPS_TRY(Offline const offline, open_offline("cpsctl state mv", options, world));
  CPS_CHECK(move(options.name, options.other_name, offline, world));
  std::string const line = fmt::format("{} is now {}.", options.name, options.other_name);
  return delivered(said(line, {options.name, options.other_name}), Exit::done, options.global, world);
}

/// cpsctl state settle NAME --as ID | --not-done: after a person looked into Akamai Control Center.
Result<Exit> run_state_settle(Options const& options, World& world) {
  if (!options.settle_as && !options.settle_not_done)
    return usage("state settle needs to know what became of the write",
                 "look in Akamai Control Center, then say --as ID or --not-done");
  std::optional<std::int64_t> as;
  if (options.settle_as) {
    CPS_TRY(as, enrollment_id("--as", *options.settle_as, {}));
  }
  CPS_TRY(Offline const offline, open_offline("cpsctl state settle", options, world));
  CPS_CHECK(settle(options.name, as, offline, world));
  std::string const line =
      as ? fmt::format("{} is enrollment {}. The next plan compares it with its manifest.", options.name, *as)
         : fmt::format("The write to {} was not done. The next plan starts without it.", options.name);
  return delivered(said(line, {options.name}), Exit::done, options.global, world);
}

/// cpsctl state unlock: what a dead run on another machine left; one of this machine leaves nothing that holds.
Result<Exit> run_state_unlock(Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  // Without a look into git: a lock that it tracks is ended, too.
  CPS_TRY(auto const backend, state::Backend::at(settings.state, world.files, world.clock));
  CPS_TRY(auto const ended, backend->unlock(options.force));
  std::string const line = ended ? fmt::format("The lock of {}@{}, pid {} ({}), held since {}, is ended.", ended->owner,
                                               ended->host, ended->pid, ended->command, ended->since)
                                 : fmt::format("Nobody holds {}.", backend->describe());
  return delivered(said(line, {}), Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
