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
constexpr std::size_t body_looked_at = 8192;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  if (!std::ranges::all_of(digits, digit)) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// Takes the digits off the front; a fraction counts as a whole second, since a wait must not be too short.
std::optional<std::chrono::seconds> take_seconds(std::string_view& text) {
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
  return std::chrono::seconds(count);
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
    auto const count = take_seconds(value);
    if (count && text::trimmed(value).empty()) consider(*count);
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
  /// "… retry after 2026-11-23T10:00:30Z", "Retry-After: 30 seconds", "retry in 30 s", inside a sentence or a JSON
  /// text. A number that stands elsewhere (a status, an error's number) is nobody's wait.
  void body(std::string_view text) {
    std::string const small = text::lower(text.substr(0, body_looked_at));
    for (auto at = small.find("retry"); at != std::string::npos; at = small.find("retry", at + 1)) {
      std::string_view rest = std::string_view(small).substr(at + 5, 64);
      skip(rest, "-_ ");
      bool const after = rest.starts_with("after");
      bool const in = rest.starts_with("in ");
      if (!after && !in) continue;
      rest.remove_prefix(after ? 5 : 2);
      skip(rest, "-_: \"'=");
      if (after) until(leading_timestamp(rest));
      in_words(rest, in);
    }
  }
  std::optional<Duration> longest() const { return longest_; }

 private:
  static void skip(std::string_view& text, std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
  }
  /// "30", "30 seconds", "5 minutes"; with `unit_needed` not the first.
  void in_words(std::string_view text, bool unit_needed) {
    auto const count = take_seconds(text);
    if (!count) return;
    skip(text, " ");
    bool const bare = text.empty() || std::string_view(".,;}\"'").find(text.front()) != std::string_view::npos;
    if (text.starts_with("m"))
      consider(*count * 60);
    else if (text.starts_with("s") || (bare && !unit_needed))
      consider(*count);
  }
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
