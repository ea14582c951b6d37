#include "cps/ledger.hpp"
#include "cps/throttle.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr std::string_view title = "cpsctl-governor ";
constexpr int version = 1;
constexpr std::int64_t farthest = std::int64_t{1} << 53;  ///< µs, 285 years: sums of such stay in range
constexpr auto longest_keep = 30 * 24h;

std::uint64_t check_sum(std::string_view text) {
  std::uint64_t sum = 0xcbf29ce484222325;  // FNV-1a: against torn writes, not against people
  for (char const c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return sum;
}

std::int64_t micros(SteadyTime time) {
  return std::chrono::ceil<microseconds>(time.time_since_epoch()).count();
}

SteadyTime steady(std::int64_t count) {
  return SteadyTime(microseconds(count));
}

/// The words of one line, taken from the left; what is not a number spoils the whole line.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view word() {
    auto const space = rest_.find(' ');
    std::string_view const word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view() : rest_.substr(space + 1);
    good_ = good_ && !word.empty();
    return word;
  }
  std::int64_t number() {
    auto const value = parse<std::int64_t>();
    good_ = good_ && value >= -farthest && value <= farthest;
    return good_ ? value : 0;
  }
  std::uint64_t natural() { return parse<std::uint64_t>(); }
  bool good() const { return good_ && rest_.empty(); }

 private:
  template <class T>
  T parse() {
    std::string_view const text = word();
    T value = 0;
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    good_ = good_ && problem == std::errc{} && end == text.data() + text.size();
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

class Reader {
 public:
  Reader(std::string_view text, Epoch const& now) : rest_(text), now_(now) {}

  Result<Traffic> read() {
    std::string_view const whole = rest_;
    Words first(line());
    bool const ours = first.word() == title.substr(0, title.size() - 1);
    std::int64_t const written = first.number();
    if (!ours || !first.good()) return damaged();
    if (written != version)
      return Error{.code = Errc::stale,
                   .message = fmt::format("it has format {}, this cpsctl knows {}", written, version)};
    while (!rest_.empty()) {
      std::string_view const body = whole.substr(0, whole.size() - rest_.size());
      Words words(line());
      std::string_view const kind = words.word();
      if (kind == "end") return words.natural() == check_sum(body) && words.good() ? finish() : damaged();
      take(kind, words);
      if (!words.good() || bad_ || traffic_.slots.size() > most_slots) return damaged();
    }
    return damaged();
  }

 private:
  static Result<Traffic> damaged() { return Error{.code = Errc::protocol, .message = "it is damaged"}; }

  std::string_view line() {
    auto const end = rest_.find('\n');
    std::string_view const line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return line;
  }

  void take(std::string_view kind, Words& words) {
    if (kind == "clock")
      clock(words);
    else if (kind == "keep")
      traffic_.keep =
          std::clamp(std::chrono::ceil<Duration>(microseconds(words.number())), Duration(0ms), Duration(longest_keep));
    else if (kind == "paused")
      traffic_.paused_until = time(words, longest_pause + longest_pause / 10);
    else if (kind == "slot" || kind == "flight")
      slot(words, kind == "flight");
    else
      bad_ = true;
  }

  /// How times of the file become ours. In another boot the wall clock says how long ago it was written; one that was
  /// set back says: just now.
  void clock(Words& words) {
    same_domain_ = words.word() == now_.domain;
    std::int64_t const steady_then = words.number();
    microseconds const wall_then(words.number());
    if (same_domain_) return;
    auto const since =
        std::max(microseconds(0), std::chrono::floor<microseconds>(now_.wall.time_since_epoch()) - wall_then);
    shift_ = std::chrono::ceil<microseconds>(now_.steady.time_since_epoch()).count() - since.count() - steady_then;
  }

  SteadyTime time(Words& words, std::chrono::nanoseconds ahead = {}) {
    // Half of it, so that nanoseconds are in range, too.
    return std::min(steady(std::clamp(words.number() + shift_, -farthest / 2, farthest / 2)), now_.steady + ahead);
  }

  void slot(Words& words, bool in_flight) {
    Slot slot{.run = words.natural(), .ticket = words.natural()};
    slot.lane = words.number() == 0 ? Lane::usual : Lane::active_certificates;
    slot.sent = time(words);
    if (in_flight) {
      slot.expires = time(words, 24h);
      slot.owner.pid = words.number();
      slot.owner.born = words.natural();
      if (!same_domain_) slot.owner = {};
    } else {
      slot.ended = time(words);
    }
    traffic_.slots.push_back(slot);
  }

  Result<Traffic> finish() {
    std::ranges::stable_sort(traffic_.slots, {}, &Slot::ended);
    return std::move(traffic_);
  }

  std::string_view rest_;
  Epoch const& now_;
  Traffic traffic_ = {};
  std::int64_t shift_ = 0;  ///< µs
  bool same_domain_ = true;
  bool bad_ = false;
};

}  // namespace

std::string ledger_text(Traffic const& traffic, Epoch const& at) {
  fmt::memory_buffer text;
  auto const to = std::back_inserter(text);
  fmt::format_to(to, "{}{}\nclock {} {} {}\nkeep {}\n", title, version, at.domain, micros(at.steady),
                 std::chrono::floor<microseconds>(at.wall.time_since_epoch()).count(),
                 microseconds(traffic.keep).count());
  if (traffic.paused_until > at.steady - traffic.keep) fmt::format_to(to, "paused {}\n", micros(traffic.paused_until));
  std::size_t const dropped = traffic.slots.size() > most_slots ? traffic.slots.size() - most_slots : 0;
  for (std::size_t i = dropped; i < traffic.slots.size(); ++i) {
    Slot const& slot = traffic.slots[i];
    fmt::format_to(to, "{} {} {} {} {}", slot.in_flight() ? "flight" : "slot", slot.run, slot.ticket,
                   static_cast<int>(slot.lane), micros(slot.sent));
    if (slot.in_flight())
      fmt::format_to(to, " {} {} {}\n", micros(std::min(slot.expires, at.steady + 24h)), slot.owner.pid,
                     slot.owner.born);
    else
      fmt::format_to(to, " {}\n", micros(slot.ended));
  }
  std::uint64_t const sum = check_sum({text.data(), text.size()});
  fmt::format_to(to, "end {}\n", sum);
  return fmt::to_string(text);
}

Result<Traffic> read_ledger(std::string_view text, Epoch const& now) {
  return Reader(text, now).read();
}

}  // namespace cpsctl::cps
