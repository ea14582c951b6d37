#include "cli/roff.hpp"

#include "base/freed.hpp"
#include "base/text.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cpsctl::cli::roff {
namespace {

using Node = cmark_node;

template <class F>
void for_each_child(Node* node, F const& each) {
  for (Node* child = cmark_node_first_child(node); child != nullptr; child = cmark_node_next(child)) each(child);
}

/// The names of the types that extensions add are known at run time only.
bool is(Node* node, std::string_view type) {
  return type == cmark_node_get_type_string(node);
}

std::string_view literal_of(Node* node) {
  char const* const text = cmark_node_get_literal(node);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

/// The text of a node, its lines broken where the document breaks them.
std::string inlines(Node* node) {
  std::string line;
  for_each_child(node, [&](Node* child) {
    if (is(child, "softbreak"))
      line += '\n';
    else if (is(child, "linebreak"))
      line += "\n.br\n";
    else if (is(child, "code"))
      line += literal(literal_of(child));
    else if (is(child, "strong"))
      line += fmt::format("\\fB{}\\fR", inlines(child));
    else if (is(child, "emph"))
      line += fmt::format("\\fI{}\\fR", inlines(child));
    else if (auto const text = plain(literal_of(child)); !text.empty())
      line += text;
    else
      line += inlines(child);  // of a link: what is shown
  });
  return line;
}

/// The same where a line break would end it.
std::string one_line(Node* node) {
  std::string line = inlines(node);
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line.empty() ? "\\&" : line;
}

class Page {
 public:
  explicit Page(Heading heading) : heading_(heading) {}

  void blocks(Node* above) {
    for_each_child(above, [this](Node* node) { block(node); });
  }

  std::string text = {};

 private:
  void line(std::string_view words) { text.append(words) += '\n'; }

  void block(Node* node) {
    bool const begins = std::exchange(begins_, false);
    if (is(node, "heading")) {
      begins_ = true;
      if (cmark_node_get_heading_level(node) > 1)
        line(fmt::format(".{} {}", heading_ == Heading::section ? "SH" : "SS", one_line(node)));
    } else if (is(node, "paragraph")) {
      if (!begins) line(".PP");
      line(inlines(node));
    } else if (is(node, "code_block")) {
      code(literal_of(node));
    } else if (is(node, "list")) {
      list(node);
    } else if (is(node, "table")) {
      table(node);
    } else {
      blocks(node);
    }
  }

  void code(std::string_view lines) {
    line(".IP");
    line(".EX");
    if (lines.ends_with('\n')) lines.remove_suffix(1);
    for (auto const one : text::split(lines, '\n')) line(plain(one));
    line(".EE");
  }

  void list(Node* node) {
    bool const ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    int number = cmark_node_get_list_start(node);
    for_each_child(node, [&](Node* item) {
      line(ordered ? fmt::format(".IP {}. 4", number++) : ".IP \\(bu 2");
      Node* const first = cmark_node_first_child(item);
      if (first == nullptr) return;
      line(inlines(first));
      if (cmark_node_next(first) == nullptr) return;
      line(".RS");
      for (Node* more = cmark_node_next(first); more != nullptr; more = cmark_node_next(more)) block(more);
      line(".RE");
    });
  }

  void table(Node* node) {
    std::vector<std::string> columns;
    for_each_child(node, [&](Node* row) {
      std::vector<Node*> cells;
      for_each_child(row, [&](Node* cell) { cells.push_back(cell); });
      if (cmark_gfm_extensions_get_table_row_is_header(row) != 0)
        for (Node* cell : cells) columns.push_back(inlines(cell));
      else
        table_row(cells, columns);
    });
  }

  void table_row(std::vector<Node*> const& cells, std::vector<std::string> const& columns) {
    line(".TP");
    line(one_line(cells.front()));
    for (std::size_t at = 1; at < cells.size(); ++at) {
      std::string const cell = inlines(cells[at]);
      if (cell.empty()) continue;
      if (at > 1) line(".br");
      line(cells.size() == 2 || columns[at].empty() ? cell : fmt::format("\\fI{}\\fR: {}", columns[at], cell));
    }
    if (cells.size() < 2) line("\\&");
  }

  Heading heading_;
  bool begins_ = true;  ///< a section, whose first paragraph needs no sign
};

}  // namespace

std::string plain(std::string_view text) {
  // A line that begins with one of two signs is a request; the other one is escaped wherever it stands.
  std::string escaped = text.starts_with('.') ? "\\&" : "";
  for (char const c : text) {
    switch (c) {
      case '\\': escaped += "\\e"; break;
      case '-': escaped += "\\-"; break;
      case '\'': escaped += "\\(aq"; break;
      case '"': escaped += "\\(dq"; break;
      case '`': escaped += "\\(ga"; break;
      case '^': escaped += "\\(ha"; break;
      case '~': escaped += "\\(ti"; break;
      case '\n': escaped += ' '; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string literal(std::string_view text) {
  return fmt::format("\\fB{}\\fR", plain(text));
}

std::string variable(std::string_view text) {
  return fmt::format("\\fI{}\\fR", plain(text));
}

std::string from_markdown(std::string_view markdown, Heading heading) {
  cmark_gfm_core_extensions_ensure_registered();
  std::unique_ptr<cmark_parser, Freed<cmark_parser_free>> const parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension("table"));
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  std::unique_ptr<Node, Freed<cmark_node_free>> const document(cmark_parser_finish(parser.get()));
  Page page(heading);
  page.blocks(document.get());
  return page.text;
}

}  // namespace cpsctl::cli::roff
