#pragma once
#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace cpsctl {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::milliseconds;

/// The time, injected. Wall time is for signatures and records, steady time for deadlines and pacing.
struct Clock {
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

/// The machine's clocks. Thread-safe.
Clock const& system_clock();

/// A calendar day, UTC, as in deploy-not-before.
using Day = std::chrono::year_month_day;

Day day_of(WallTime time);
/// "2026-12-01"; Errors: usage, for anything that is not a date.
Result<Day> parse_day(std::string_view text);
std::string day_text(Day day);

/// "2026-11-23T10:15:00Z"; milliseconds appear only when they are not zero.
std::string timestamp(WallTime time);
Result<WallTime> parse_timestamp(std::string_view text);

/// "90s", "50m", "2h", "30d", "250ms". Errors: usage.
Result<Duration> parse_duration(std::string_view text);
/// As parse_duration() reads it: a whole number of the largest unit that fits exactly.
std::string written_duration(Duration duration);
/// The largest exact unit first: "2 h", "90 s", "1 min 30 s".
std::string duration_text(Duration duration);

}  // namespace cpsctl
