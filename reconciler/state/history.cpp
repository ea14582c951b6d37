#include "state/history.hpp"

#include "base/clock.hpp"

#include <algorithm>

namespace cpsctl::state {
namespace {

using namespace std::chrono_literals;

constexpr auto kept_for = 90 * 24h;
constexpr std::size_t most_events = 10'000;

Happened done(WriteKind step) {
  switch (step) {
    case WriteKind::create: return Happened::created;
    case WriteKind::update: return Happened::updated;
    case WriteKind::delete_: return Happened::removing;
    case WriteKind::cancel: return Happened::cancelled;
    case WriteKind::answer: return Happened::answered;
    case WriteKind::schedule: return Happened::rescheduled;
  }
  return Happened::recorded;
}

/// Is it something that became of an enrollment?
bool tells(Phase phase) {
  switch (phase) {
    case Phase::intent:
    case Phase::watched:
    case Phase::published:
    case Phase::withdrawn: return false;
    default: return true;
  }
}

}  // namespace

std::optional<Event> event_of(Contents const& contents, Record const& record) {
  if (!tells(record.phase)) return std::nullopt;
  auto const& open = contents.open_intents;
  auto const intent = std::ranges::find(open, record.intent, &Record::sequence);
  auto const known = contents.entries.find(record.name);
  bool const in_state = known != contents.entries.end();
  Event event{.sequence = record.sequence,
              .at = record.at,
              .name = record.name,
              .step = intent != open.end() ? intent->step : record.step,
              .enrollment = record.enrollment,
              .changes = record.changes,
              .reason = record.reason,
              .run = record.run,
              .by = record.by};
  if (event.enrollment == 0 && record.entry) event.enrollment = record.entry->id;
  if (event.enrollment == 0 && in_state) event.enrollment = known->second.id;
  switch (record.phase) {
    case Phase::intent:
    case Phase::watched:
    case Phase::published:
    case Phase::withdrawn: return std::nullopt;
    case Phase::done:
      event.what = done(event.step);
      if ((event.step == WriteKind::answer || event.step == WriteKind::schedule) && intent != open.end()) {
        event.reason = intent->said;
        event.changes = intent->pending_changes;
      }
      break;
    case Phase::refused: event.what = Happened::refused; break;
    case Phase::conflict: event.what = Happened::conflict; break;
    case Phase::lost:
      event.what = Happened::lost;
      event.reason = record.lost;
      break;
    case Phase::dropped: {
      bool const by_us = record.intent != 0 || (in_state && !known->second.removal.empty());
      event.what = by_us ? Happened::removed : Happened::forgotten;
      break;
    }
    case Phase::stored:
      event.what = in_state ? Happened::recorded : Happened::adopted;
      if (record.entry && record.entry->name != record.name) {
        event.what = Happened::renamed;
        event.name = record.entry->name;
        event.old_name = record.name;
      }
      break;
  }
  return event;
}

void keep_within_bounds(std::vector<Event>& history) {
  if (history.empty()) return;
  if (auto const last = parse_timestamp(history.back().at)) {
    auto const too_old = [limit = *last - kept_for](Event const& event) {
      auto const at = parse_timestamp(event.at);
      return at && *at < limit;
    };
    std::erase_if(history, too_old);
  }
  if (history.size() > most_events)
    history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(most_events));
}

}  // namespace cpsctl::state
