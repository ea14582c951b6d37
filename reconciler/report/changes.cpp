#include "report/changes.hpp"

#include <sstream>

#include <fmt/format.h>

namespace cpsctl::report {
namespace {

using lifecycle::Who;

/// What is due, in the row's words.
struct Filled {
  ChangeRow& row;

  void operator()(lifecycle::Waits const& waits) const {
    row.who = waits.who;
    row.what = waits.what;
    if (waits.until) row.notes.push_back(fmt::format("the policy answers at {}", timestamp(*waits.until)));
  }
  void operator()(lifecycle::Reads const&) const {
    row.who = Who::cps;
    row.what = "CPS moved on while it was looked at";
    row.next.emplace_back("look again");
  }
  void operator()(lifecycle::Acknowledges const& answer) const {
    answered(fmt::format("warnings: the policy allows {} of them", answer.entries.size()));
  }
  void operator()(lifecycle::Uploads const&) const { answered("a signed certificate: the policy names its source"); }
  void operator()(lifecycle::Approves const&) const { answered("an approval: the policy gives it"); }
  void operator()(lifecycle::Missing const& missing) const {
    row.who = Who::person;
    row.what = missing.what;
    row.because = missing.because;
    row.next = missing.commands;
    row.yaml = missing.yaml;
  }
  void operator()(lifecycle::DeadEnd const& end) const {
    row.who = Who::person;
    row.what = end.words;
    row.next.push_back(end.next);
  }
  void operator()(lifecycle::Ended const&) const { row.what = "it is done"; }

 private:
  void answered(std::string what) const {
    row.who = Who::policy;
    row.what = std::move(what);
  }
};

char const* whose(lifecycle::Owner owner) {
  switch (owner) {
    case lifecycle::Owner::ours: return "ours";
    case lifecycle::Owner::cps: return "CPS's own";
    case lifecycle::Owner::other: break;
  }
  return "another party's";
}

char const* who_acts(Who who) {
  switch (who) {
    case Who::cps: return "CPS";
    case Who::ca: return "the CA";
    case Who::person: return "you";
    case Who::policy: break;
  }
  return "the policy";
}

}  // namespace

ChangeRow change_row(lifecycle::Seen const& seen, lifecycle::Owner owner, lifecycle::Next const& next) {
  ChangeRow row{.id = seen.change.id.value,
                .type = seen.type,
                .owner = owner,
                .state = seen.change.state_text,
                .status = seen.change.status};
  std::visit(Filled{row}, next.due);
  row.notes.insert(row.notes.end(), next.notes.begin(), next.notes.end());
  return row;
}

std::vector<std::string> change_lines(ChangeRow const& row) {
  std::string head =
      fmt::format("change {}{}, {}", row.id, row.type.empty() ? "" : " (" + row.type + ")", whose(row.owner));
  head += ": " + row.what;
  if (row.who) head += fmt::format(" · {} to act", who_acts(*row.who));
  std::vector<std::string> lines{std::move(head)};
  for (std::string const& reason : row.because) lines.push_back("  " + reason);
  for (std::string const& note : row.notes) lines.push_back("  " + note);
  for (std::string const& next : row.next) lines.push_back("  next: " + next);
  if (!row.yaml.empty()) {
    lines.emplace_back("  or under spec.lifecycle:");
    std::istringstream text(row.yaml);
    for (std::string line; std::getline(text, line);) lines.push_back("    " + line);
  }
  return lines;
}

}  // namespace cpsctl::report
