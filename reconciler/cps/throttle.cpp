#include "cps/throttle.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr Duration believable = 24h;
constexpr std::size_t most_seconds_digits = 9;
constexpr std::size_t body_looked_at = 8192, longest_timestamp = 40;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  if (!std::ranges::all_of(digits, digit)) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// "30", "1.5": a fraction counts as a whole second, since a wait must not be too short.
std::optional<std::chrono::seconds> seconds_of(std::string_view text) {
  std::int64_t count = 0;
  std::size_t length = 0;
  while (length < text.size() && digit(text[length])) ++length;
  if (length == 0 || length > most_seconds_digits) return std::nullopt;
  std::from_chars(text.data(), text.data() + length, count);
  text.remove_prefix(length);
  if (text.size() >= 2 && text[0] == '.' && digit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && digit(text.front())) text.remove_prefix(1);
    ++count;
  }
  return text.empty() ? std::optional(std::chrono::seconds(count)) : std::nullopt;
}

/// "2026-11-23T10:00:30.5Z", also without the Z, at the front of `text`.
std::optional<WallTime> leading_timestamp(std::string_view text) {
  std::size_t const end = text.find_first_not_of("0123456789-:.Tt");
  if (end != std::string_view::npos && text[end] == '+') return std::nullopt;  // a time zone: nobody sends one
  std::string time(text::trimmed(text.substr(0, end)));
  while (time.ends_with('.')) time.pop_back();  // the sentence's
  auto const parsed = parse_timestamp(time + "Z");
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// A name without case and without what proxies and documentation mangle: "Retry-After-:", "retry_after", "RetryAfter".
std::string squeezed(std::string_view name) {
  std::string letters;
  for (char const c : text::lower(name))
    if (c >= 'a' && c <= 'z') letters += c;
  return letters;
}

class Waits {
 public:
  explicit Waits(WallTime here) : here_(here) {}

  void seconds(std::string_view value) {
    if (auto const count = seconds_of(value)) consider(*count);
  }
  void until(std::optional<WallTime> time) {
    if (time) consider(*time - here_);
  }
  void header(std::string_view name, std::string_view value) {
    std::string const letters = squeezed(name);
    if (letters == "retryafter") {
      seconds(value);
      until(parse_http_date(value));
      until(leading_timestamp(value));
    } else if (letters == "xratelimitnext" || letters == "akamairatelimitnext" || letters == "ratelimitnext") {
      until(leading_timestamp(value));
    }
  }
  /// "… try after 2026-11-23T10:00:30.500Z", inside a sentence or a JSON text (facts-2026.md A19). Times that have
  /// passed are nobody's wait.
  void body(std::string_view text) {
    text = text.substr(0, body_looked_at);
    for (std::size_t at = 0; at < text.size(); ++at) {
      bool const starts = digit(text[at]) && (at == 0 || !digit(text[at - 1]));
      if (starts) until(leading_timestamp(text.substr(at, longest_timestamp)));
    }
  }
  std::optional<Duration> longest() const { return longest_; }

 private:
  void consider(Duration wait) {
    if (wait > 0ms && wait <= believable) longest_ = std::max(longest_.value_or(0ms), std::min(wait, longest_pause));
  }

  WallTime here_;
  std::optional<Duration> longest_ = {};
};

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  text = text::trimmed(text);
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  auto const day = number(text.substr(5, 2));
  auto const year = number(text.substr(12, 4));
  auto const h = number(text.substr(17, 2));
  auto const m = number(text.substr(20, 2));
  auto const s = number(text.substr(23, 2));
  auto const month = std::ranges::find(months, text.substr(8, 3));
  if (!day || !year || !h || !m || !s || month == months.end()) return std::nullopt;
  auto const index = static_cast<unsigned>(month - months.begin()) + 1;
  Day const date{std::chrono::year{*year}, std::chrono::month{index}, std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*h) + std::chrono::minutes(*m) + std::chrono::seconds(*s);
}

std::optional<Duration> advertised_wait(http::Response const& response, WallTime now) {
  Waits waits(parse_http_date(response.header("Date")).value_or(now));
  for (http::Header const& header : response.headers) waits.header(header.name, text::trimmed(header.value));
  if (!waits.longest()) waits.body(response.body);
  return waits.longest();
}

Duration pause_after(std::optional<Duration> advertised, double jitter) {
  Duration const told = advertised.value_or(usual_pause);
  return told + std::chrono::duration_cast<Duration>(told * 0.1 * jitter);
}

}  // namespace cpsctl::cps
