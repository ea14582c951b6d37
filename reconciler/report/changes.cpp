#include "report/changes.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "lifecycle/validation.hpp"
#include "report/wording.hpp"

#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using lifecycle::Who;

/// What is due, in the row's words.
struct Filled {
  ChangeRow& row;

  void operator()(lifecycle::Waits const& waits) const {
    row.who = waits.who;
    row.what = waits.what;
    if (!waits.next.empty()) row.next.push_back(waits.next);
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
  void operator()(lifecycle::Publishes const& one) const {
    answered(fmt::format("the validation of {}: {} publishes their tokens", text::counted(one.names.size(), "name"),
                         fmt::join(one.by.publisher, " or ")));
  }
  void operator()(lifecycle::Approves const&) const { answered("an approval: the policy gives it"); }
  void operator()(lifecycle::Missing const& missing) const {
    row.who = Who::person;
    row.what = missing.what;
    row.because = missing.because;
    row.next = missing.commands;
    row.yaml = missing.yaml;
    for (lifecycle::Warning const& one : missing.unanswered)
      row.warnings.push_back({.id = one.id, .class_ = one.level, .text = one.text, .digest = one.digest});
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

char const* who_acts(Who who) {
  switch (who) {
    case Who::cps: return "CPS";
    case Who::ca: return "the CA";
    case Who::person: return "you";
    case Who::policy: break;
  }
  return "the policy";
}

/// What CPS itself says of the time: when it asked for the tokens, when it failed.
std::optional<WallTime> since_of(lifecycle::Seen const& seen) {
  if (seen.change.error)
    if (auto const failed = parse_timestamp(seen.change.error->timestamp)) return *failed;
  return seen.since;
}

/// "Renew Certificate, asked for by mrossi at 2026-11-30T08:00:00Z"
std::string asked_words(HistoryRow const& history) {
  std::string text = history.action;
  if (!history.by.empty()) text += fmt::format("{}asked for by {}", text.empty() ? "" : ", ", history.by);
  if (!history.at.empty()) text += fmt::format("{}at {}", text.empty() ? "" : " ", without_fraction(history.at));
  return text;
}

/// CPS's text; its class says how far it may be answered in advance, and the digest by what, unless YAML has it.
std::string warning_words(WarningRow const& warning, std::string const& yaml) {
  constexpr std::size_t longest = 4000;  // it may quote a chain
  std::string const text = text::excerpt(warning.text, longest);
  if (warning.id.empty()) return fmt::format("warning unknown to cpsctl: {}", text);
  bool const has_digest = yaml.find(warning.digest) != std::string::npos;
  return fmt::format("warning {} ({}): {}{}", warning.id, fields::word(warning.class_), text,
                     has_digest ? "" : "; text: " + warning.digest);
}

}  // namespace

ChangeRow change_row(lifecycle::Seen const& seen, lifecycle::Owner owner, lifecycle::Next const& next) {
  ChangeRow row{.id = seen.change.id.value,
                .type = seen.type,
                .owner = owner,
                .state = seen.change.state_text,
                .status = seen.change.status};
  std::visit(Filled{row}, next.due);
  std::optional<WallTime> since = since_of(seen);
  auto const* const info = std::get_if<cps::InputInfo>(&seen.info);
  if (auto const* const challenges = info != nullptr ? std::get_if<cps::Challenges>(info) : nullptr) {
    lifecycle::Awaited awaited = lifecycle::awaited(*challenges);
    row.names = std::move(awaited.names);
    if (awaited.since) since = awaited.since;
  }
  if (since) row.since = timestamp(*since);
  row.notes.insert(row.notes.end(), next.notes.begin(), next.notes.end());
  return row;
}

HistoryRow history_row(cps::HistoryChange const& change) {
  constexpr std::size_t longest = 200;
  auto const& order = change.primary_certificate_order_details;
  std::string const& action = change.action_description.empty() ? change.action : change.action_description;
  return {.action = text::excerpt(action, longest),
          .by = text::excerpt(change.created_by, longest),
          .at = text::excerpt(change.created_on, longest),
          .order = order ? text::excerpt(order->order_id, longest) : std::string()};
}

std::string due_words(ChangeRow const& row) {
  return row.who ? fmt::format("{} · {} to act", row.what, who_acts(*row.who)) : row.what;
}

std::vector<std::string> change_lines(ChangeRow const& row) {
  std::vector<std::string> lines{fmt::format("change {}{}, {}: {}", row.id,
                                             row.type.empty() ? "" : " (" + row.type + ")", lifecycle::whose(row.owner),
                                             due_words(row))};
  if (!row.error.empty()) lines.push_back("  " + row.error);
  for (std::string const& reason : row.because) lines.push_back("  " + reason);
  for (WarningRow const& warning : row.warnings) lines.push_back("  " + warning_words(warning, row.yaml));
  for (std::string const& note : row.notes) lines.push_back("  " + note);
  if (!row.begun.empty() && !row.history) lines.push_back("  begun " + without_fraction(row.begun));
  if (row.history) lines.push_back("  " + asked_words(*row.history));
  if (row.history && !row.history->order.empty())
    lines.push_back(fmt::format("  order {} at the CA", row.history->order));
  for (std::string const& next : row.next) lines.push_back("  next: " + next);
  if (!row.yaml.empty()) {
    lines.emplace_back("  or under spec.lifecycle:");
    std::istringstream text(row.yaml);
    for (std::string line; std::getline(text, line);) lines.push_back("    " + line);
  }
  return lines;
}

}  // namespace cpsctl::report
