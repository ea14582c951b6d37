#include "lifecycle/warnings.hpp"

#include "base/embedded.hpp"
#include "base/fields.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::lifecycle {

std::span<EmbeddedFile const> embedded_warnings();  // schemas/warnings.json

namespace {

constexpr std::size_t longest_text = std::size_t{256} << 10;  // a longer one is one unknown entry
constexpr std::size_t longest_first_variable = 64;

/// One message of CPS, as schemas/warnings.json has it: its beginning with variables in braces.
struct Message {
  std::string id = {};
  WarningClass level = WarningClass::high;
  std::vector<std::string> literals = {};  ///< what is around the variables; an empty first one: it begins with one
  bool whole = false;                      ///< the line ends where the text does
  bool lines = false;                      ///< further lines may follow
  std::size_t weight = 0;                  ///< bytes that are not variable: the more, the surer
};

std::vector<std::string> literals_of(std::string_view text) {
  std::vector<std::string> literals;
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{')) {
    literals.emplace_back(text.substr(0, open));
    text.remove_prefix(text.find('}', open) + 1);
  }
  literals.emplace_back(text);
  return literals;
}

bool has_flag(json::Value const& message, char const* name) {
  json::Value const* const flag = json::find(message, name);
  return flag != nullptr && flag->IsTrue();
}

std::vector<Message> const& messages() {
  static std::vector<Message> const all = [] {
    std::vector<Message> read;
    json::Document const document = json::parse(embedded_warnings().front().text, "schemas/warnings.json").value();
    for (json::Value const& one : document.GetArray()) {
      Message message{.id = std::string(json::text_or(json::find(one, "id"), "")),
                      .literals = literals_of(json::text_or(json::find(one, "text"), "")),
                      .whole = has_flag(one, "whole"),
                      .lines = has_flag(one, "lines")};
      message.level = fields::enumerator<WarningClass>(json::text_or(json::find(one, "class"), "")).value();
      for (std::string const& literal : message.literals) message.weight += literal.size();
      read.push_back(std::move(message));
    }
    return read;
  }();
  return all;
}

/// One line, looked at from ever later places. Where a literal is next is remembered, so that all of it takes linear
/// time.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  std::string_view from(std::size_t at) const { return text_.substr(at); }

  /// Where the message's literal `i` is, at `at` or behind it.
  std::size_t next(Message const& message, std::size_t i, std::size_t at) {
    auto const [place, added] = next_.try_emplace({&message, i}, 0);
    if (added || place->second < at) place->second = text_.find(message.literals[i], at);
    return place->second;
  }

 private:
  std::string_view text_;
  std::map<std::pair<Message const*, std::size_t>, std::size_t> next_ = {};
};

bool begins(Message const& message, Line& line, std::size_t at) {
  auto const& literals = message.literals;
  std::string_view const rest = line.from(at);
  if (!rest.starts_with(literals.front())) return false;
  std::size_t const end = at + rest.size();
  at += literals.front().size();
  for (std::size_t i = 1; i < literals.size(); ++i) {
    std::size_t const length = literals[i].size();
    if (message.whole && i + 1 == literals.size()) return end >= at + length && rest.ends_with(literals[i]);
    auto const found = line.next(message, i, at);
    if (found == std::string_view::npos) return false;
    if (i == 1 && literals.front().empty() && found > at + longest_first_variable) return false;
    at = found + length;
  }
  return !message.whole || at == end;
}

/// literal: not with a variable, which would take anything for a message.
enum class Beginning : std::uint8_t { any, literal };

/// The message that a line begins with; of several the surest, and of equal ones that without further lines.
Message const* message_of(Line& line, std::size_t at, Beginning beginning) {
  Message const* best = nullptr;
  auto const rank = [](Message const& one) { return std::tuple(one.whole, one.weight, !one.lines); };
  for (Message const& message : messages())
    if ((beginning == Beginning::any || !message.literals.front().empty()) && begins(message, line, at) &&
        (best == nullptr || rank(message) > rank(*best)))
      best = &message;
  return best;
}

/// The same message where it carries further lines, if there is such a one.
Message const* with_lines(Message const& message) {
  if (message.lines) return &message;
  auto const twin = std::ranges::find_if(
      messages(), [&](Message const& one) { return one.lines && one.literals == message.literals; });
  return twin == messages().end() ? nullptr : &*twin;
}

/// "sans-removed-require-acknowledgement: …" -> SANS_REMOVED_REQUIRE_ACKNOWLEDGEMENT (facts-2026.md A3).
std::optional<std::string> slug_of(std::string_view line) {
  auto const end = line.find(": ");
  if (end == std::string_view::npos) return std::nullopt;
  std::string id(line.substr(0, end));
  bool const parts = id.find('-') != std::string::npos && !id.starts_with('-') && !id.ends_with('-') &&
                     id.find("--") == std::string::npos;
  if (!parts) return std::nullopt;
  for (char& c : id) {
    bool const letter = c >= 'a' && c <= 'z';
    if (!letter && c != '-' && !(c >= '0' && c <= '9')) return std::nullopt;
    if (letter) c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  return id;
}

Message const* message_named(std::string_view id) {
  auto const found = std::ranges::find(messages(), id, &Message::id);
  return found == messages().end() ? nullptr : &*found;
}

/// What a chain or a certificate looks like in a warning: PEM, and lines that name subjects and issuers.
bool is_certificate_line(std::string_view line) {
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  if (line.starts_with("-----BEGIN CERTIFICATE-----") || line.starts_with("-----END CERTIFICATE-----")) return true;
  if (line.size() <= 76 && line.find_first_not_of(base64) == std::string_view::npos) return true;
  for (std::string_view const word : {"Subject", "Issuer", "CN=", "C=", "O=", "OU=", "L=", "ST=", "Serial", "#["})
    if (line.starts_with(word)) return true;
  return false;
}

/// The entries of a line: a known message behind a comma begins one.
std::vector<std::string_view> entries_of(std::string_view text) {
  std::vector<std::string_view> entries;
  Line line(text);
  std::size_t begin = 0;
  for (auto comma = text.find(", "); comma != std::string_view::npos; comma = text.find(", ", comma + 2)) {
    if (message_of(line, comma + 2, Beginning::literal) == nullptr) continue;
    entries.push_back(text.substr(begin, comma - begin));
    begin = comma + 2;
  }
  entries.push_back(text.substr(begin));
  return entries;
}

Message const* message_of(std::string_view entry) {
  Line line(entry);
  return message_of(line, 0, Beginning::any);
}

std::string digest_of(std::string_view text) {
  std::string words;
  for (char const c : text) {
    bool const blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) words += c;
    if (blank && !words.empty() && words.back() != ' ') words += ' ';
  }
  return "sha256:" + text::sha256_hex(text::trimmed(words));
}

}  // namespace

std::vector<Warning> read_warnings(std::string_view text) {
  std::vector<Warning> warnings;
  if (text.size() > longest_text) {
    warnings.push_back({.text = std::string(text), .digest = digest_of(text)});
    return warnings;
  }
  Message const* carries = nullptr;  // the last entry's message, where further lines may follow
  for (std::string_view all : text::split(text, '\n')) {
    std::string_view const line = text::trimmed(all);
    if (line.empty() || line == "[WARNINGS]") continue;
    if (carries != nullptr && is_certificate_line(line)) {
      warnings.back().id = carries->id;
      warnings.back().level = carries->level;
      warnings.back().text += fmt::format("\n{}", line);
      continue;
    }
    for (std::string_view const entry : entries_of(line)) {
      auto const slug = slug_of(entry);
      Message const* const message = slug ? message_named(*slug) : message_of(entry);
      carries = message != nullptr ? with_lines(*message) : nullptr;
      warnings.push_back({.id = message != nullptr ? message->id : std::string(),
                          .level = message != nullptr ? message->level : WarningClass::high,
                          .text = std::string(entry)});
    }
  }
  for (Warning& warning : warnings) warning.digest = digest_of(warning.text);
  return warnings;
}

std::vector<std::string> removed_names(Warning const& warning) {
  if (warning.id != "SANS_REMOVED_REQUIRE_ACKNOWLEDGEMENT") return {};
  auto const open = warning.text.find('[');
  auto const close = warning.text.find(']', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> names;
  for (std::string_view const name :
       text::split(std::string_view(warning.text).substr(open + 1, close - open - 1), ','))
    names.push_back(text::hostname(text::trimmed(name)));
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> const& warning_ids() {
  static std::vector<std::string> const ids = [] {
    std::vector<std::string> all;
    std::ranges::transform(messages(), std::back_inserter(all), &Message::id);
    std::ranges::sort(all);
    return all;
  }();
  return ids;
}

}  // namespace cpsctl::lifecycle
