#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace cpsctl {
namespace {

using namespace std::chrono;

struct SystemClock final : Clock {
  WallTime wall() const override { return time_point_cast<milliseconds>(std::chrono::system_clock::now()); }
  SteadyTime steady() const override { return steady_clock::now(); }
};

/// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
  if (problem != std::errc{} || end != text.data() + digits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Day> take_day(std::string_view& text) {
  auto const y = take(text, 4);
  if (!y || !skip(text, '-')) return std::nullopt;
  auto const m = take(text, 2);
  if (!m || !skip(text, '-')) return std::nullopt;
  auto const d = take(text, 2);
  if (!d) return std::nullopt;
  Day const day{year{*y}, month{static_cast<unsigned>(*m)}, std::chrono::day{static_cast<unsigned>(*d)}};
  return day.ok() ? std::optional(day) : std::nullopt;
}

struct Unit {
  std::string_view name;
  std::string_view spoken;
  Duration length;
};
constexpr std::array<Unit, 5> units{
    {{"ms", "ms", 1ms}, {"s", "s", 1s}, {"m", "min", 1min}, {"h", "h", 1h}, {"d", "d", 24h}}};

}  // namespace

Clock const& system_clock() {
  static SystemClock const clock;
  return clock;
}

Day day_of(WallTime time) {
  return Day(floor<days>(time));
}

Result<Day> parse_day(std::string_view text) {
  std::string_view rest = text;
  auto const day = take_day(rest);
  if (!day || !rest.empty())
    return Error{.code = Errc::usage,
                 .message = fmt::format("\"{}\" is not a date", text),
                 .next = "write it as YYYY-MM-DD, such as 2026-12-01"};
  return *day;
}

std::string day_text(Day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::string timestamp(WallTime time) {
  auto const midnight = floor<days>(time);
  Day const day(midnight);
  hh_mm_ss const clock(time - midnight);
  auto text = fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"), static_cast<int>(day.year()),
                          static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), clock.hours().count(),
                          clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(FMT_COMPILE(".{:03}"), clock.subseconds().count());
  return text + "Z";
}

Result<WallTime> parse_timestamp(std::string_view text) {
  std::string_view rest = text;
  Error const bad{.code = Errc::usage, .message = fmt::format("\"{}\" is not an RFC 3339 time in UTC", text)};
  auto const day = take_day(rest);
  if (!day || !(skip(rest, 'T') || skip(rest, 't'))) return bad;
  auto const h = take(rest, 2);
  if (!h || !skip(rest, ':')) return bad;
  auto const m = take(rest, 2);
  if (!m || !skip(rest, ':')) return bad;
  auto const s = take(rest, 2);
  if (!s || *h > 23 || *m > 59 || *s > 60) return bad;
  WallTime time = sys_days(*day) + hours(*h) + minutes(*m) + seconds(*s);
  if (skip(rest, '.')) {
    int scale = 100;
    bool any = false;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      time += milliseconds((rest.front() - '0') * scale);
      scale /= 10;
      any = true;
      rest.remove_prefix(1);
    }
    if (!any) return bad;
  }
  if (rest == "Z" || rest == "z" || rest == "+00:00" || rest == "-00:00") return time;
  return bad;
}

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string_view const unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (problem == std::errc{} && count >= 0) {
    for (Unit const& known : units) {
      if (known.name != unit) continue;
      if (count > std::numeric_limits<std::int32_t>::max() / 1000) break;  // 24 days in ms, 5,800 years in days
      return known.length * count;
    }
  }
  return Error{.code = Errc::usage,
               .message = fmt::format("\"{}\" is not a duration", text),
               .next = "write a whole number and a unit: 90s, 50m, 2h, 30d"};
}

std::string written_duration(Duration duration) {
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit)
    if (duration % unit->length == 0ms) return fmt::format("{}{}", duration / unit->length, unit->name);
  return {};  // the smallest unit is the type's own
}

std::string duration_text(Duration duration) {
  if (duration < 1s) return fmt::format("{} ms", duration.count());
  std::string text;
  int parts = 0;
  for (auto unit = units.rbegin(); unit != units.rend() && parts < 2; ++unit) {
    auto const count = duration / unit->length;
    if (count == 0) {
      if (parts > 0) break;
      continue;
    }
    if (unit->name == "ms" && parts == 0) break;
    if (unit->name == "ms") break;
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", count, unit->spoken);
    duration -= unit->length * count;
    ++parts;
  }
  return text;
}

}  // namespace cpsctl
