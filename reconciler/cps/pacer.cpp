#include "cps/pacer.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t most_reserve = 1'000'000'000;  // keeps the product below in range

double rate(Window const& window) {
  return static_cast<double>(window.requests) / static_cast<double>(window.per.count());
}

bool counts(Window const& window, Lane lane) {
  return window.lane == Lane::usual || window.lane == lane;
}

auto identity(Slot const& slot) {
  return std::tie(slot.run, slot.ticket);
}

/// The `requests`-th from the back that the window counts; nullptr when there are fewer.
Slot const* filling(Window const& window, std::vector<Slot> const& slots) {
  auto wanted = static_cast<std::size_t>(window.requests);
  if (slots.size() < wanted) return nullptr;
  if (window.lane == Lane::usual) return &slots[slots.size() - wanted];
  for (auto slot = slots.rbegin(); slot != slots.rend(); ++slot)
    if (counts(window, slot->lane) && --wanted == 0) return &*slot;
  return nullptr;
}

}  // namespace

Result<Window> parse_window(std::string_view text) {
  Error const bad{.code = Errc::usage,
                  .message = fmt::format("\"{}\" is not a limit", text),
                  .next = "write requests and time, as in 35/60s"};
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return bad;
  Window window;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + slash, window.requests);
  auto const per = parse_duration(text.substr(slash + 1));
  if (problem != std::errc{} || end != text.data() + slash || window.requests < 1 || !per || *per <= 0ms) return bad;
  window.per = *per;
  return window;
}

std::string window_text(Window const& window) {
  return window.per == 60s ? fmt::format("{} a minute", window.requests)
                           : fmt::format("{} in {}", window.requests, duration_text(window.per));
}

std::vector<Window> default_windows() {
  return {{.requests = 35, .per = 60s}, {.requests = 20, .per = 2s}};
}

Window active_certificates_window() {
  return {.requests = 10, .per = 60s, .lane = Lane::active_certificates};
}

Result<std::vector<Window>> with_reserve(std::vector<Window> windows, std::int64_t reserve) {
  for (Window& window : windows) {
    // People send in bursts, too: a short window gives up the whole minute's share.
    std::int64_t const minutes = std::max<std::int64_t>(1, window.per / 60s);
    std::int64_t const given = std::min(reserve, most_reserve) * minutes;
    if (window.per >= 60s && given >= window.requests)
      return Error{.code = Errc::usage,
                   .message = fmt::format("a reserve of {} requests a minute leaves nothing of the limit {}", reserve,
                                          window_text(window)),
                   .next = "lower api.reserve"};
    window.requests = static_cast<int>(std::max<std::int64_t>(1, window.requests - given));
  }
  return windows;
}

std::optional<Window> slowest(std::vector<Window> const& windows) {
  std::optional<Window> found;
  for (Window const& window : windows)
    if (window.lane == Lane::usual && (!found || rate(window) < rate(*found))) found = window;
  return found;
}

Pacer::Pacer(std::vector<Window> windows, std::uint64_t run) : windows_(std::move(windows)), run_(run) {
  for (Window const& window : windows_) longest_ = std::max(longest_, window.per);
  if (auto const window = slowest(windows_)) spacing_ = std::chrono::nanoseconds(window->per) / window->requests;
  traffic_.keep = longest_;
}

/// A 429 means that others used up the account's windows. At the pause's end these allow little, and a burst
/// would only be refused again: requests come evenly until a whole window has gone by.
SteadyTime Pacer::after_pause(SteadyTime now) const {
  SteadyTime const from = traffic_.paused_until;
  if (from == SteadyTime::min() || now >= from + longest_) return from;
  auto const sent = std::ranges::count_if(traffic_.slots, [&](Slot const& slot) { return slot.sent >= from; });
  return from + std::min<std::chrono::nanoseconds>(spacing_ * sent, longest_);
}

SteadyTime Pacer::next(SteadyTime now, Lane lane) const {
  SteadyTime earliest = after_pause(now);
  for (Window const& window : windows_) {
    if (!counts(window, lane)) continue;
    // The window is full until the `requests`-th last to end has left it.
    Slot const* const slot = filling(window, traffic_.slots);
    if (slot == nullptr) continue;
    if (slot->in_flight()) return SteadyTime::max();
    earliest = std::max(earliest, slot->ended + window.per);
  }
  return earliest;
}

Pacer::Ticket Pacer::take(SteadyTime now, Lane lane, SteadyTime expires, Process owner) {
  if (windows_.empty()) return 0;
  tidy(now);
  Slot slot{.run = run_, .ticket = ++last_, .lane = lane, .sent = now, .expires = expires, .owner = owner};
  traffic_.slots.push_back(slot);
  return last_;
}

void Pacer::ended(Ticket ticket, SteadyTime now) {
  // Few are in flight, and they are last.
  for (std::size_t i = traffic_.slots.size(); i-- > 0 && traffic_.slots[i].in_flight();) {
    bool const it = traffic_.slots[i].run == run_ && traffic_.slots[i].ticket == ticket;
    if (it) return end(i, now);
  }
}

void Pacer::give_back(Ticket ticket) {
  std::erase_if(traffic_.slots, [&](Slot const& slot) { return slot.run == run_ && slot.ticket == ticket; });
}

/// Marks a slot in flight as ended and moves it to its place.
void Pacer::end(std::size_t index, SteadyTime at) {
  auto& slots = traffic_.slots;
  slots[index].ended = std::max(at, slots[index].sent);
  auto const slot = slots.begin() + static_cast<std::ptrdiff_t>(index);
  auto const place = std::upper_bound(slots.begin(), slot, slot->ended,
                                      [](SteadyTime time, Slot const& other) { return time < other.ended; });
  std::rotate(place, slot, slot + 1);
}

void Pacer::pause(SteadyTime until) {
  traffic_.paused_until = std::max(traffic_.paused_until, until);
}

void Pacer::tidy(SteadyTime now) {
  auto& slots = traffic_.slots;
  for (std::size_t i = slots.size(); i > 0 && slots[i - 1].in_flight();) {
    bool const over = slots[i - 1].run != run_ && slots[i - 1].expires <= now;
    if (over)
      end(i - 1, slots[i - 1].expires);  // another one is at its place now
    else
      --i;
  }
  auto const counted = std::ranges::find_if(
      slots, [&](Slot const& slot) { return slot.in_flight() || slot.ended + traffic_.keep > now; });
  slots.erase(slots.begin(), counted);
}

void Pacer::merge(Traffic theirs) {
  // What they no longer name although we saw it end is kept: their record may have been lost, and it is cheap.
  auto& all = theirs.slots;
  std::erase_if(all, [&](Slot const& slot) { return slot.run == run_; });
  std::ranges::sort(all, {}, identity);
  std::size_t const known = all.size();
  for (Slot const& slot : traffic_.slots) {
    auto const end = all.begin() + static_cast<std::ptrdiff_t>(known);
    bool const named = slot.run != run_ && std::binary_search(all.begin(), end, slot, [](auto const& a, auto const& b) {
                         return identity(a) < identity(b);
                       });
    if (slot.run == run_ || (!slot.in_flight() && !named)) all.push_back(slot);
  }
  std::ranges::sort(all, {}, &Slot::ended);
  traffic_.slots = std::move(all);
  traffic_.paused_until = std::max(traffic_.paused_until, theirs.paused_until);
  traffic_.keep = std::max(longest_, theirs.keep);
}

Duration Pacer::estimate(std::size_t requests, SteadyTime now) const {
  auto const decisive = slowest(windows_);
  if (!decisive || requests == 0) return std::chrono::ceil<Duration>(std::max(traffic_.paused_until, now) - now);
  // From the second round of the slowest window on, every round is like the one before.
  auto const round = static_cast<std::size_t>(decisive->requests);
  std::size_t const skipped = requests > 3 * round ? (requests - 2 * round) / round : 0;
  Pacer trial = *this;
  for (std::size_t i = 0; i < trial.traffic_.slots.size(); ++i)
    if (trial.traffic_.slots[i].in_flight()) trial.end(i, now);
  SteadyTime time = now;
  for (std::size_t i = requests - skipped * round; i > 0; --i) {
    time = std::max(time, trial.next(time));
    trial.ended(trial.take(time), time);
  }
  return std::chrono::ceil<Duration>(time - now) + decisive->per * static_cast<std::int64_t>(skipped);
}

}  // namespace cpsctl::cps
