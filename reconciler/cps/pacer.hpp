#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The arithmetic of CPS's request limits (cps-api.md §6.3). Pure: times in, next allowed time out.
namespace cpsctl::cps {

/// What a request counts as. A window of `usual` counts every request, one of another lane only its own.
enum class Lane : std::uint8_t { usual, active_certificates };

/// At most `requests` in any `per`.
struct Window {
  int requests = 0;
  Duration per = {};
  Lane lane = Lane::usual;
  bool operator==(Window const&) const = default;
};

/// "35/60s". Errors: usage.
Result<Window> parse_window(std::string_view text);
/// "35 a minute", "20 in 2 s".
std::string window_text(Window const& window);
/// CPS: 35/60s and 20/2s per account.
std::vector<Window> default_windows();
/// CPS: 10/60s for active-certificates, on top of the others.
Window active_certificates_window();
/// The windows without what is left to people and other tools: `reserve` requests of each minute. A window shorter than
/// a minute gives up as many, but keeps one. Errors: usage, when nothing of a longer window would be left.
Result<std::vector<Window>> with_reserve(std::vector<Window> windows, std::int64_t reserve);
/// The window that decides how long many requests take; nothing without windows.
std::optional<Window> slowest(std::vector<Window> const& windows);

/// A process of this machine, to tell whether it still lives. pid 0: unknown.
struct Process {
  std::int64_t pid = 0;
  std::uint64_t born = 0;  ///< start time in the kernel's ticks since boot: a pid is used again, the pair is not
  bool operator==(Process const&) const = default;
};

/// One request as it counts. The server counts its arrival, which lies between `sent` and `ended`.
struct Slot {
  std::uint64_t run = 0;     ///< random, of the process that sent it
  std::uint64_t ticket = 0;  ///< counts within the run
  Lane lane = Lane::usual;
  SteadyTime sent = {};
  SteadyTime ended = SteadyTime::max();    ///< max() while in flight
  SteadyTime expires = SteadyTime::max();  ///< by then it has ended, whatever became of its process
  Process owner = {};
  bool in_flight() const { return ended == SteadyTime::max(); }
};

/// An account's requests of the last minutes, of all processes that are known.
struct Traffic {
  std::vector<Slot> slots = {};                 ///< by `ended`; those in flight come last
  SteadyTime paused_until = SteadyTime::min();  ///< nothing is sent before it
  Duration keep = {};                           ///< the longest window of those who look at it
};

/// Most requests that are remembered, and so the largest window that can be kept together with other processes.
constexpr std::size_t most_slots = 4096;

/// Which request may be sent when. A slot is taken at send and counts until its window has passed since the request's
/// end. After a pause the windows count as drained: they fill again at the slowest window's rate.
class Pacer {
 public:
  using Ticket = std::uint64_t;
  explicit Pacer(std::vector<Window> windows, std::uint64_t run = 0);

  /// The earliest time at which a slot is free; `now` or earlier means at once. SteadyTime::max(): a request that is
  /// still in flight has to end first.
  SteadyTime next(SteadyTime now, Lane lane = Lane::usual) const;
  /// `expires`: when others may take the request as ended although nobody said so.
  Ticket take(SteadyTime now, Lane lane = Lane::usual, SteadyTime expires = SteadyTime::max(), Process owner = {});
  void ended(Ticket ticket, SteadyTime now);
  /// The request was not sent after all: its slot is free at once.
  void give_back(Ticket ticket);
  /// Nothing is sent before `until` (a 429).
  void pause(SteadyTime until);
  SteadyTime paused_until() const { return traffic_.paused_until; }
  /// Forgets what counts no more, and takes requests of others that have expired as ended.
  void tidy(SteadyTime now);

  /// Takes over what other processes did. For its own requests its own record counts.
  void merge(Traffic theirs);
  Traffic const& traffic() const { return traffic_; }
  std::uint64_t run() const { return run_; }
  std::vector<Window> const& windows() const { return windows_; }
  Duration longest() const { return longest_; }

  /// Time until the last of `requests` more is sent, from `now` on, if nobody else sends any and answers come at once.
  Duration estimate(std::size_t requests, SteadyTime now) const;

 private:
  SteadyTime after_pause(SteadyTime now) const;
  void end(std::size_t index, SteadyTime at);

  std::vector<Window> windows_;
  std::uint64_t run_;
  Traffic traffic_ = {};
  Duration longest_ = {};
  std::chrono::nanoseconds spacing_ = {};  ///< of requests after a pause
  Ticket last_ = 0;
};

}  // namespace cpsctl::cps
