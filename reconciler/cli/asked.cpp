#include "cli/asked.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/lives.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// "-l team=web", of a selection by more than names; else nothing.
std::string narrowed_by(plan::Selection selection) {
  selection.names.clear();
  return selection.everything() ? std::string() : selection.text();
}

/// Does anybody know an enrollment of that name that the rest of the selection leaves out?
bool left_out(plan::Inputs const& inputs, std::string const& word) {
  auto const out = [&](std::string const& name, std::string const& contract,
                       std::map<std::string, std::string> const& labels) {
    return text::glob_matches(word, name) && !inputs.selection.takes(name, contract, labels);
  };
  return std::ranges::any_of(inputs.desired,
                             [&](manifest::Desired const& one) { return out(one.name, one.contract, one.labels); }) ||
         std::ranges::any_of(inputs.entries,
                             [&](auto const& one) { return out(one.first, one.second.contract, one.second.labels); });
}

/// Each enrollment once.
std::vector<Without> never(plan::Inputs const& inputs, std::vector<std::string> const& words,
                           std::vector<PendingChange> const& changes, Wanted const& wanted) {
  std::vector<Without> all;
  auto const add = [&all](Without one) {
    auto const same = [&one](Without const& other) { return other.name == one.name && other.change == one.change; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(one));
  };
  for (std::string const& word : words) {
    bool any = false;
    for (PendingChange const& one : changes) {
      if (!text::glob_matches(word, one.name)) continue;
      any = true;
      if (!wanted.takes(one)) add({.name = one.name, .change = one.change.id.value, .reason = wanted.otherwise});
    }
    if (any) continue;
    add({.name = word,
         .reason = left_out(inputs, word) ? fmt::format("{} leaves it out", narrowed_by(inputs.selection))
                                          : "no change is pending at CPS"});
  }
  return all;
}

bool fits(std::string const& word, std::string const& name) {
  return name == word || text::glob_matches(word, name);
}

}  // namespace

Found found(std::vector<std::string> const& named, std::vector<Without> const& without, std::string const& word) {
  if (std::ranges::any_of(named, [&](std::string const& name) { return fits(word, name); })) return Found::some;
  auto const about = [&](Without const& one) { return fits(word, one.name); };
  bool const never = std::ranges::any_of(without, [&](Without const& one) { return about(one) && !one.later; });
  return never || std::ranges::none_of(without, about) ? Found::none : Found::later;
}

Exit exit_of(std::vector<std::string> const& words, std::vector<std::string> const& named,
             std::vector<Without> const& without) {
  Exit exit = Exit::done;
  for (std::string const& word : words) {
    Found const what = found(named, without, word);
    if (what == Found::later) exit = worse(exit, Exit::again);
    if (what == Found::none) exit = worse(exit, Exit::failed);
  }
  return exit;
}

Result<Answers> read_wanted(std::vector<std::string> const& words, Wanted const& wanted, Account& account) {
  CPS_TRY(manifest::Loaded manifests, account.read_manifests(Account::Manifests::if_any));
  CPS_CHECK(account.connect());
  CPS_CHECK(account.look());
  plan::Inputs known = account.inputs(std::move(manifests));
  CPS_CHECK(check_words(known));
  Answers answers;
  CPS_TRY(answers.inputs, account.ask(std::move(known)));
  CPS_TRY(plan::Plan const plan, plan::make_plan(answers.inputs));
  answers.plan = plan::view(plan);
  CPS_TRY(auto changes, pending_changes(answers.inputs, answers.plan, Lives(answers.inputs)));
  answers.never = never(answers.inputs, words, changes, wanted);
  std::erase_if(changes, [&](PendingChange const& one) { return !wanted.takes(one); });
  CPS_TRY(answers.sights, look_at(std::move(changes), account.connection()));
  return answers;
}

Without without(ChangeSight const& sight) {
  Without none{.name = sight.pending.name, .change = sight.pending.change.id.value};
  if (!sight.change) {
    none.reason = "its change has ended meanwhile";
    return none;
  }
  cps::Change const& change = *sight.change;
  std::string const status = text::printable(change.status);
  bool const at_work = change.state == cps::ChangeState::new_ || change.state == cps::ChangeState::running;
  bool const waits = change.state == cps::ChangeState::awaiting_input;
  bool const gone = std::holds_alternative<lifecycle::Gone>(sight.info);
  none.later = at_work || gone;
  if (at_work)
    none.reason = fmt::format("CPS works on it ({})", status);
  else if (gone)
    none.reason = "its change moved on just now";
  else if (waits)
    none.reason = fmt::format("its change waits for something else ({}): cpsctl status {}", status, none.name);
  else
    none.reason = fmt::format("its change is at {} ({})", text::printable(change.state_text), status);
  return none;
}

void note_failure(ChangeSight const& sight, Error const& error, std::vector<Without>& without, Exit& exit) {
  log::error("{}: {}", sight.pending.name, describe(error));
  exit = worse(exit, exit_for(error.code));
  without.push_back({.name = sight.pending.name,
                     .change = sight.pending.change.id.value,
                     .reason = "it could not be read: " + describe(error)});
}

void tell_without(std::vector<Without> const& without, std::vector<std::string> const& named,
                  std::vector<std::string> const& words, std::string const& what) {
  auto const served = [&](Without const& one) {
    return std::ranges::any_of(words, [&](std::string const& word) {
      return text::glob_matches(word, one.name) && found(named, without, word) == Found::some;
    });
  };
  for (Without const& one : without)
    log::write(served(one) ? log::Level::info : log::Level::warning,
               fmt::format("{}: {}: {}", one.name, what, one.reason));
}

std::string narrowed(plan::Selection const& selection) {
  std::string const by = narrowed_by(selection);
  return by.empty() ? by : fmt::format(" of what {} selects", by);
}

}  // namespace cpsctl::cli
