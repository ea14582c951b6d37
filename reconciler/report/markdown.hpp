#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Markdown that may carry anybody's words. What comes from outside is shown as code, where neither Markdown nor HTML
/// nor a mention means anything; the few characters that could end the code are written as \u0060.
namespace cpsctl::report::markdown {

/// GitHub takes comments of 65,536 characters. Counted in bytes, so that it holds however characters are counted.
constexpr std::size_t longest_comment = 60'000;

/// `text` for the inside of code: one line without backticks, angle brackets, ampersands, pipes and invisible
/// characters. At most about `limit` bytes of the original.
std::string literal(std::string_view text, std::size_t limit = 120);

/// A code span; nothing for an empty text.
std::string code(std::string_view text, std::size_t limit = 120);

/// A sentence: plain words stay as they are; names, addresses and everything that means something to Markdown are shown
/// as code spans.
std::string prose(std::string_view text, std::size_t limit = 400);

/// One part of a comment: a row for each item, and the items' details, folded.
struct Section {
  std::string title = {};
  bool first_look = false;  ///< what a reviewer must see; shortened last
  std::string head = {};    ///< before the rows: of a table its first lines
  std::size_t size = 0;     ///< items
  /// The item's row, from 0: Markdown, further lines indented; called as far as there is room.
  std::function<std::string(std::size_t)> row = {};
  /// The item's lines for a block of code, each ending with a line break; empty: the item has no details.
  std::function<std::string(std::size_t)> detail = {};
};

struct Comment {
  std::string marker = {};  ///< an HTML comment by which a bot finds its earlier comment and replaces it
  std::string head = {};
  std::vector<Section> sections = {};
  std::string foot = {};
  std::string whole = {};  ///< where everything is, said when something had to go
};

/// The comment in at most `limit` bytes. When it is too long, first the details of harmless sections go, then their
/// rows, then the details and at last the rows of the others; each section says how much it does not show. Rows and
/// blocks are whole or not there.
std::string compose(Comment const& comment, std::size_t limit = longest_comment);

}  // namespace cpsctl::report::markdown
