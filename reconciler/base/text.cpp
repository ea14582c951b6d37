#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <idn2.h>
#include <openssl/evp.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

namespace cpsctl::text {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

/// Letters to replace, add, leave out, or swap with their neighbour ("plna" is one from "plan").
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_last, last(right.size() + 1), row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      std::size_t const replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      bool const swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

std::uint8_t const* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<std::uint8_t const*>(bytes.data());
}

/// Must a reader not overlook it? Controls, which can rewrite what a terminal shows, other spaces than " ", marks that
/// change directions or how others look, fillers, tags, and what Unicode calls no characters.
bool is_hidden(ucs4_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0xad || point == 0x034f || point == 0x061c ||
         point == 0x115f || point == 0x1160 || point == 0x1680 || (point >= 0x180b && point <= 0x180f) ||
         (point >= 0x2000 && point <= 0x200f) || (point >= 0x2028 && point <= 0x202f) ||
         (point >= 0x205f && point <= 0x206f) || point == 0x3000 || point == 0x3164 ||
         (point >= 0xe000 && point <= 0xf8ff) || (point >= 0xfe00 && point <= 0xfe0f) || point == 0xfeff ||
         point == 0xffa0 || (point >= 0xfff0 && point <= 0xfffb) || (point & 0xfffeU) == 0xfffe || point >= 0xe0000;
}

/// A pattern as an automaton: a step is the state in front of it, and all states are followed at once. Trying one way
/// after the other would take a time that is exponential in the stars.
enum class GlobStep : std::uint8_t { literal, any, star, folders, in_folder, rest };

struct GlobState {
  GlobStep step = GlobStep::literal;
  char wanted = '\0';  ///< of literal
};

std::vector<GlobState> glob_states(std::string_view pattern) {
  std::vector<GlobState> states;
  while (!pattern.empty()) {
    std::size_t length = 1;
    if (pattern.starts_with("**/")) {
      states.insert(states.end(), {{.step = GlobStep::folders}, {.step = GlobStep::in_folder}});
      length = 3;
    } else if (pattern == "**") {
      states.push_back({.step = GlobStep::rest});
      length = 2;
    } else if (pattern.front() == '*' || pattern.front() == '?') {
      states.push_back({.step = pattern.front() == '*' ? GlobStep::star : GlobStep::any});
    } else {
      states.push_back({.step = GlobStep::literal, .wanted = pattern.front()});
    }
    pattern.remove_prefix(length);
  }
  return states;
}

/// Which states a path has come to; the one behind the last step is "matched".
class GlobWalk {
 public:
  explicit GlobWalk(std::vector<GlobState> states) : states_(std::move(states)), now_(states_.size() + 1, false) {
    now_.front() = true;
    pass_what_may_be_empty();
  }

  /// False: nothing that follows can match any more.
  bool take(char c) {
    std::vector<bool> next(now_.size(), false);
    bool any = false;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      auto const to = now_[i] ? after(i, c) : std::nullopt;
      if (!to) continue;
      next[*to] = true;
      any = true;
    }
    now_ = std::move(next);
    pass_what_may_be_empty();
    return any;
  }

  bool matched() const { return now_.back(); }

 private:
  std::optional<std::size_t> after(std::size_t at, char c) const {
    auto const if_so = [](bool condition, std::size_t to) { return condition ? std::optional(to) : std::nullopt; };
    switch (states_[at].step) {
      case GlobStep::literal: return if_so(c == states_[at].wanted, at + 1);
      case GlobStep::any: return if_so(c != '/', at + 1);
      case GlobStep::star: return if_so(c != '/', at);
      case GlobStep::folders: return c == '/' ? at : at + 1;
      case GlobStep::in_folder: return c == '/' ? at - 1 : at;
      case GlobStep::rest: return at;
    }
    return std::nullopt;
  }

  void pass_what_may_be_empty() {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (!now_[i]) continue;
      GlobStep const step = states_[i].step;
      if (step == GlobStep::star || step == GlobStep::rest) now_[i + 1] = true;
      if (step == GlobStep::folders) now_[i + 2] = true;  // only at a folder's beginning: not in_folder
    }
  }

  std::vector<GlobState> states_;
  std::vector<bool> now_;
};

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<std::string const> candidates) {
  std::optional<std::string> best;
  std::size_t const limit = std::max<std::size_t>(1, word.size() / 3);
  std::size_t closest = limit + 1;
  std::string const wanted = lower(word.substr(0, 200));
  for (std::string const& candidate : candidates) {
    std::size_t const distance = edit_distance(wanted, lower(candidate));
    if (distance < closest) {
      closest = distance;
      best = candidate;
    }
  }
  return best;
}

bool is_ascii(std::string_view bytes) {
  // Without a way out in the middle the compiler takes many bytes at once.
  unsigned char high = 0;
  for (char const c : bytes) high |= static_cast<unsigned char>(c);
  return high < 0x80;
}

bool looks_like_utf16(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ||
         bytes.substr(0, 4).find('\0') != std::string_view::npos;
}

std::optional<std::size_t> invalid_utf8(std::string_view bytes) {
  if (is_ascii(bytes)) return std::nullopt;  // nearly everything, and much faster
  auto const* const bad = u8_check(unsigned_bytes(bytes), bytes.size());
  if (bad == nullptr) return std::nullopt;
  return static_cast<std::size_t>(bad - unsigned_bytes(bytes));
}

std::string nfc(std::string_view text) {
  if (is_ascii(text) || invalid_utf8(text)) return std::string(text);
  std::size_t length = 0;
  std::unique_ptr<std::uint8_t, Free> const normal(
      u8_normalize(UNINORM_NFC, unsigned_bytes(text), text.size(), nullptr, &length));
  if (!normal) throw std::bad_alloc();
  return {reinterpret_cast<char const*>(normal.get()), length};
}

std::string hostname(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (is_ascii(name) && name.find("xn--") == std::string_view::npos) return lower(name);
  bool const wildcard = name.starts_with("*.");
  std::string const host(wildcard ? name.substr(2) : name);
  char* encoded = nullptr;
  bool const valid = idn2_to_ascii_8z(host.c_str(), &encoded, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;
  std::unique_ptr<char, Free> const owned(encoded);
  if (!valid) return lower(name);
  return (wildcard ? "*." : "") + lower(owned.get());
}

std::string slug(std::string_view text) {
  std::size_t length = 0;
  // Folded, ß is ss; decomposed, é is e and an accent, which has a combining class.
  std::unique_ptr<std::uint8_t, Free> const folded(
      u8_casefold(unsigned_bytes(text), text.size(), nullptr, UNINORM_NFKD, nullptr, &length));
  std::string words;
  for (std::size_t i = 0; folded && i < length;) {
    ucs4_t point = 0;
    i += static_cast<std::size_t>(u8_mbtouc(&point, folded.get() + i, length - i));
    bool const usable = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
    if (usable)
      words += static_cast<char>(point);
    else if (uc_combining_class(point) == 0 && !words.empty() && words.back() != '-')
      words += '-';
  }
  if (words.ends_with('-')) words.pop_back();
  return words;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    auto const c = static_cast<unsigned char>(text[i]);
    ucs4_t point = c;
    int const length = c < 0x80 ? 1 : u8_mbtoucr(&point, unsigned_bytes(text) + i, text.size() - i);
    bool const hidden = length < 0 || is_hidden(point);
    auto const size = length > 0 ? static_cast<std::size_t>(length) : 1;
    if (!hidden)
      shown += text.substr(i, size);
    else if (c == '\n')
      shown += "\\n";
    else if (c == '\r')
      shown += "\\r";
    else if (c == '\t')
      shown += "\\t";
    else if (length > 1 && point > 0xff)
      shown += point > 0xffff ? fmt::format("\\U{:08x}", point) : fmt::format("\\u{:04x}", point);
    else
      shown += fmt::format("\\x{:02x}", length > 0 ? point : c);
    i += size;
  }
  return shown;
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return std::string(text.substr(0, limit)) + "…";
}

std::string excerpt(std::string_view text, std::size_t limit) {
  return shortened(printable(text), limit);
}

std::optional<std::size_t> merge_conflict(std::string_view bytes) {
  auto const line_with = [&](std::string_view mark, std::size_t from) -> std::optional<std::size_t> {
    if (from == 0 && bytes.starts_with(mark)) return 0;
    auto const at = bytes.find("\n" + std::string(mark), from);
    return at == std::string_view::npos ? std::nullopt : std::optional(at + 1);
  };
  auto const begin = line_with("<<<<<<< ", 0);
  return begin && line_with(">>>>>>> ", *begin) ? begin : std::nullopt;
}

std::string middle_cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  auto const inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
  std::size_t begin = limit - limit / 3;
  std::size_t end = text.size() - limit / 3;
  while (begin > 0 && inside(begin)) --begin;
  while (end < text.size() && inside(end)) ++end;
  return fmt::format("{}…{}", text.substr(0, begin), text.substr(end));
}

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  return plural.empty() ? fmt::format("{} {}s", count, singular) : fmt::format("{} {}", count, plural);
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template std::optional<int> number(std::string_view);
template std::optional<std::int64_t> number(std::string_view);
template std::optional<std::uint64_t> number(std::string_view);
template std::optional<std::uint16_t> number(std::string_view);
template std::optional<double> number(std::string_view);

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\v\f";
  auto const first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto const end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  GlobWalk walk(glob_states(pattern));
  bool const alive = std::ranges::all_of(path, [&](char c) { return walk.take(c); });
  return alive && walk.matched();
}

std::string sha256_hex(std::string_view bytes) {
  // Fetched once: OpenSSL would look it up by its name at each use.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm, nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (unsigned char const byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int const length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), unsigned_bytes(bytes),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace cpsctl::text
