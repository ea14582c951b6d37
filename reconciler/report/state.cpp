#include "report/state.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <span>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

void doubts_text(std::vector<state::Record> const& open_intents, Style const& style, std::ostream& out) {
  for (state::Record const& intent : open_intents)
    screen::line(out, "{} {}: in doubt: {} sent at {}{}; {}", paint("?", Ink::warn, style), intent.name,
                 fields::word(intent.step), intent.at, intent.reason.empty() ? "" : ", refused for now",
                 next_step("cpsctl plan says what became of it", style));
}

/// "created", "update in doubt".
std::string what_text(state::Event const& event) {
  std::string const step = fields::word(event.step);
  switch (event.what) {
    case state::Happened::refused: return step + " not done";
    case state::Happened::conflict: return step + " met a conflict";
    case state::Happened::lost: return step + " in doubt";
    case state::Happened::created:
    case state::Happened::updated:
    case state::Happened::removing:
    case state::Happened::removed:
    case state::Happened::cancelled:
    case state::Happened::answered:
    case state::Happened::rescheduled:
    case state::Happened::adopted:
    case state::Happened::recorded:
    case state::Happened::renamed:
    case state::Happened::forgotten: break;
  }
  return fields::word(event.what);
}

std::string by_text(state::Author const& by) {
  std::string text = by.user;
  if (!by.host.empty()) text += (text.empty() ? "" : "@") + by.host;
  if (!by.job.empty()) text += (text.empty() ? "" : ", ") + by.job;
  return text.empty() ? "an older version, which does not say who" : text;
}

std::string details_text(state::Event const& event) {
  std::string text = event.old_name.empty() ? "" : fmt::format("was {}, ", event.old_name);
  if (event.enrollment != 0) text += fmt::format("id {}, ", event.enrollment);
  for (std::int64_t const change : event.changes) text += fmt::format("change {}, ", change);
  if (!text.empty()) text.erase(text.size() - 2);
  if (!event.reason.empty()) text += (text.empty() ? "" : "; ") + event.reason;
  return text;
}

}  // namespace

void state_text(Entries const& entries, std::vector<state::Record> const& open_intents, Style const& style,
                std::ostream& out) {
  std::size_t name = 4;
  std::size_t contract = 8;
  for (auto const& [key, entry] : entries) {
    name = std::max(name, std::min<std::size_t>(columns(key), 48));
    contract = std::max(contract, columns(entry.contract));
  }
  if (!entries.empty())
    screen::line(out, "{}",
                 paint(fmt::format("{}  {:<10}  {}  {:<20}  {}", padded("NAME", name), "ID",
                                   padded("CONTRACT", contract), "WRITTEN", "COMMON NAME"),
                       Ink::strong, style));
  for (auto const& [key, entry] : entries)
    screen::line(out, "{}  {:<10}  {}  {:<20}  {}{}", padded(key, name), entry.id, padded(entry.contract, contract),
                 without_fraction(entry.written), text::printable(entry.common_name),
                 entry.removal.empty() ? "" : "  (removal sent to CPS)");
  doubts_text(open_intents, style, out);
  screen::line(out, "{}", text::counted(entries.size(), "enrollment"));
}

namespace {

struct StateDocument {
  std::string realm = {};
  std::string host = {};
  std::int64_t serial = 0;
  std::vector<state::Entry> enrollments = {};
  std::vector<state::Record> open_intents = {};
};
BOOST_DESCRIBE_STRUCT(StateDocument, (), (realm, host, serial, enrollments, open_intents))
struct LogDocument {
  std::string realm = {};
  std::vector<state::Event> events = {};
  std::vector<state::Record> open_intents = {};
};
BOOST_DESCRIBE_STRUCT(LogDocument, (), (realm, events, open_intents))

}  // namespace

json::Document state_document(std::string const& realm, std::string const& host, std::int64_t serial,
                              Entries const& entries, std::vector<state::Record> const& open_intents) {
  StateDocument document{.realm = realm, .host = host, .serial = serial, .open_intents = open_intents};
  for (auto const& [name, entry] : entries) document.enrollments.push_back(entry);
  return fields::versioned(document);
}

void log_text(std::vector<state::Event> const& history, std::vector<state::Record> const& open_intents,
              Style const& style, std::ostream& out) {
  for (state::Event const& event : history) {
    std::string const at = fmt::format("{:<20}", without_fraction(event.at));
    std::string const details = details_text(event);
    screen::line(out, "{}  {} {}{}{}", at, paint(event.name, Ink::strong, style), what_text(event),
                 details.empty() ? "" : ": ", details);
    screen::line(out, "    by {}{}", by_text(event.by), event.run.empty() ? "" : ", run " + event.run.substr(0, 8));
  }
  doubts_text(open_intents, style, out);
  screen::line(out, "{}", text::counted(history.size(), "event"));
}

json::Document log_document(std::string const& realm, std::vector<state::Event> const& history,
                            std::vector<state::Record> const& open_intents) {
  return fields::versioned(LogDocument{.realm = realm, .events = history, .open_intents = open_intents});
}

void entry_text(state::Entry const& entry, std::ostream& out) {
  auto const line = [&out](std::string_view what, std::string_view value) {
    if (!value.empty()) screen::line(out, "{} {}", padded(what, 13), value);
  };
  auto const document = [&](std::string_view what, json::Value const& value) {
    std::string const whole = json::pretty(value);
    auto const lines = text::split(whole, '\n');
    line(what, lines.front());
    for (std::string_view const more : std::span(lines).subspan(1)) screen::line(out, "{}", more);
  };
  line("name", entry.name);
  line("account", entry.account);
  line("contract", entry.contract);
  line("id", std::to_string(entry.id));
  line("common name", entry.common_name);
  line("manifest", entry.source);
  line("API version", entry.api_schema);
  std::vector<std::string> labels;
  for (auto const& [key, value] : entry.labels) labels.push_back(key + "=" + value);
  line("labels", fmt::format("{}", fmt::join(labels, ", ")));
  line("written", entry.written);
  if (entry.lifecycle) document("lifecycle", *entry.lifecycle);
  if (entry.last_applied) document("last applied", *entry.last_applied);
  std::vector<std::string> fields;
  for (std::string const& pointer : entry.open_steps) fields.push_back(json::dotted(pointer));
  if (!fields.empty())
    screen::line(out, "second write still to be sent: {}", fmt::format("{}", fmt::join(fields, ", ")));
  if (!entry.changes.empty())
    screen::line(out, "changes started by the last write: {}", fmt::format("{}", fmt::join(entry.changes, ", ")));
  if (!entry.removal.empty())
    screen::line(out, "removed by change {}", fmt::format("{}", fmt::join(entry.removal, ", ")));
}

}  // namespace cpsctl::report
