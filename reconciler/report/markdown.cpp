#include "report/markdown.hpp"

#include "base/screen.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace cpsctl::report::markdown {
namespace {

/// Rows that every section gets before any section gets all of its own.
constexpr std::size_t first_rows = 5;
/// A harmless section with more rows than this is folded.
constexpr std::size_t open_rows = 12;
/// For what a section says apart from rows and details: title, folds, fences, "N more not shown".
constexpr std::size_t section_frame = 400;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A word that means nothing to Markdown wherever it is in a line: letters with hyphens between them, or digits.
bool plain(std::string_view word) {
  if (word.empty() || word == "·" || word == "→" || word == "—" || word == "…" || word == "•••") return true;
  if (std::ranges::all_of(word, is_digit)) return true;
  return is_letter(word.front()) && is_letter(word.back()) && word.find("--") == std::string_view::npos &&
         std::ranges::all_of(word, [](char c) { return is_letter(c) || c == '-' || c == '\''; });
}

std::string word_or_code(std::string_view token) {
  constexpr std::string_view before = "(\"'";
  constexpr std::string_view after = ",;:.)\"'?";
  auto const first = std::min(token.find_first_not_of(before), token.size());
  auto const last = token.find_last_not_of(after);
  auto const end = last == std::string_view::npos || last < first ? first : last + 1;
  std::string_view const word = token.substr(first, end - first);
  if (plain(word)) return std::string(token);
  return fmt::format("{}`{}`{}", token.substr(0, first), literal(word, word.size()), token.substr(end));
}

/// "lifecycle.deletion:" of "lifecycle.deletion: delete": a field of a manifest, whose value comes next.
bool names_a_field(std::string_view token) {
  bool const ours = token.starts_with("lifecycle.") || token.starts_with("spec.");
  return ours && token.ends_with(':') &&
         std::ranges::all_of(token.substr(0, token.size() - 1), [](char c) { return is_letter(c) || c == '.'; });
}

/// What of a section is shown.
struct Shown {
  Section const* section;
  std::string rows = {};
  std::size_t row_count = 0;
  std::string details = {};
  std::size_t details_left = 0;  ///< items with details that are not shown
  bool rows_full = false;
};

class Composer {
 public:
  Composer(Comment const& comment, std::size_t limit) : comment_(comment) {
    std::size_t const fixed = comment.marker.size() + comment.head.size() + comment.foot.size() + comment.whole.size() +
                              comment.sections.size() * section_frame + 64;
    room_ = limit > fixed ? limit - fixed : 0;
    for (Section const& section : comment.sections) {
      if (section.size == 0) continue;
      room_ -= std::min(room_, section.head.size());
      shown_.push_back({.section = &section});
    }
  }

  std::string run() {
    for (bool const first_look : {true, false}) each(first_look, [this](Shown& one) { add_rows(one, first_rows); });
    for (bool const first_look : {true, false}) {
      each(first_look, [this](Shown& one) { add_rows(one, one.section->size); });
      each(first_look, [this](Shown& one) { add_details(one); });
    }
    std::string text = fmt::format("{}\n{}\n", comment_.marker, comment_.head);
    for (Shown const& one : shown_) text += framed(one);
    if (cut_) text += fmt::format("\n{}\n", comment_.whole);
    return text + fmt::format("\n{}\n", comment_.foot);
  }

 private:
  template <class Work>
  void each(bool first_look, Work const& work) {
    for (Shown& one : shown_)
      if (one.section->first_look == first_look) work(one);
  }

  bool take(std::string& to, std::string const& piece) {
    if (piece.size() > room_) return false;
    room_ -= piece.size();
    to += piece;
    return true;
  }

  void add_rows(Shown& one, std::size_t up_to) {
    up_to = std::min(up_to, one.section->size);
    while (!one.rows_full && one.row_count < up_to) {
      one.rows_full = !take(one.rows, one.section->row(one.row_count) + "\n");
      if (!one.rows_full) ++one.row_count;
    }
    cut_ = cut_ || one.rows_full;
  }

  /// Details of items whose row is shown; the others are counted with the rows. Where rows had to go, no details stay.
  void add_details(Shown& one) {
    if (!one.section->detail) return;
    bool const rows_went = std::ranges::any_of(shown_, [&one](Shown const& other) {
      return other.rows_full && other.section->first_look == one.section->first_look;
    });
    if (rows_went) one.details_left = one.row_count;
    if (rows_went) return;
    for (std::size_t i = 0; i < one.row_count; ++i) {
      std::string const detail = one.section->detail(i);
      if (!detail.empty() && (one.details_left > 0 || !take(one.details, detail))) ++one.details_left;
    }
    cut_ = cut_ || one.details_left > 0;
  }

  static std::string framed(Shown const& one) {
    std::size_t const more = one.section->size - one.row_count;
    bool const table = !one.section->head.empty() && !one.rows.empty();
    std::string rows = table ? one.section->head + one.rows : one.rows;
    if (more > 0) rows += fmt::format("{}{} more not shown\n", table ? "\n… " : rows.empty() ? "" : "- … ", more);
    bool const fold = !one.section->first_look && one.section->size > open_rows;
    std::string text = fmt::format("\n#### {}\n\n", one.section->title);
    text += fold ? fmt::format("<details><summary>show</summary>\n\n{}\n</details>\n", rows) : rows;
    std::string const left =
        one.details_left > 0 ? fmt::format("details of {} more not shown\n", one.details_left) : std::string();
    if (!one.details.empty())
      text += fmt::format("\n<details><summary>changes and writes</summary>\n\n```diff\n{}```\n{}\n</details>\n",
                          one.details, left);
    else if (!left.empty())
      text += "\n" + left;
    return text;
  }

  Comment const& comment_;
  std::vector<Shown> shown_ = {};
  std::size_t room_ = 0;
  bool cut_ = false;
};

}  // namespace

std::string literal(std::string_view text, std::size_t limit) {
  std::string escaped;
  for (char const c : screen::inert(text::printable(text::middle_cut(text, limit)))) {
    if (c == '`' || c == '<' || c == '>' || c == '&' || c == '|')
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      escaped += c;
  }
  return escaped;
}

std::string code(std::string_view text, std::size_t limit) {
  return text.empty() ? "" : fmt::format("`{}`", literal(text, limit));
}

std::string prose(std::string_view text, std::size_t limit) {
  std::string sentence;
  std::string const printable = text::printable(text::middle_cut(text, limit));
  std::string field;
  for (std::string_view const token : text::split(printable, ' ')) {
    if (token.empty()) continue;
    if (field.empty() && names_a_field(token)) {
      field = token;  // one span with its value
      continue;
    }
    if (!sentence.empty()) sentence += ' ';
    sentence += word_or_code(field.empty() ? std::string(token) : fmt::format("{} {}", field, token));
    field.clear();
  }
  if (!field.empty()) sentence += (sentence.empty() ? "" : " ") + word_or_code(field);
  return sentence;
}

std::string compose(Comment const& comment, std::size_t limit) {
  return Composer(comment, limit).run();
}

}  // namespace cpsctl::report::markdown
