#include "manifest/script.hpp"

#include <algorithm>
#include <cctype>

namespace cpsctl::manifest {
namespace {

/// May a comment begin there, or a text in quotes? Not in the middle of a word, as in https://.
bool begins_word(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  char const before = text[at - 1];
  return std::isspace(static_cast<unsigned char>(before)) != 0 || std::string_view("{[,").find(before) != text.npos;
}

/// Most texts have none, which is seen at once.
bool may_have_comments(std::string_view text) {
  for (auto at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1))
    if (begins_word(text, at) && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*')) return true;
  return false;
}

/// Goes through a text, knowing what is in quotes, in brackets, and behind a '#'.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<ScriptComment> run() {
    while (at_ < text_.size()) {
      char const c = text_[at_];
      bool const first = begins_word(text_, at_);
      if ((first || (at_ > 0 && text_[at_ - 1] == ':')) && (c == '"' || c == '\''))
        quoted(c);
      else if (first && c == '#')
        to(text_.find('\n', at_));
      else if (first && depth_ > 0 && text_.substr(at_, 2) == "//")
        comment(text_.find('\n', at_));
      else if (first && depth_ > 0 && text_.substr(at_, 2) == "/*" && text_.find("*/", at_ + 2) != text_.npos)
        comment(text_.find("*/", at_ + 2) + 2);
      else
        plain(c);
    }
    return std::move(found_);
  }

 private:
  void plain(char c) {
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && depth_ > 0) --depth_;
    to(at_ + 1);
  }

  void quoted(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) end += quote == '"' && text_[end] == '\\' ? 2 : 1;
    to(end + 1);
  }

  void comment(std::size_t end) {
    end = std::min(end, text_.size());
    found_.push_back({.begin = at_, .end = end, .line = line_, .column = static_cast<int>(at_ - line_start_)});
    to(end);
  }

  void to(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      line_start_ = at_ + 1;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 0, depth_ = 0;
  std::vector<ScriptComment> found_ = {};
};

}  // namespace

std::vector<ScriptComment> script_comments(std::string_view text) {
  return may_have_comments(text) ? Scanner(text).run() : std::vector<ScriptComment>{};
}

Chunk without(std::vector<ScriptComment> const& comments, Chunk chunk) {
  for (ScriptComment const& one : comments)
    for (std::size_t i = one.begin; i < one.end; ++i)
      if (chunk.text[i] != '\n' && chunk.text[i] != '\r') chunk.text[i] = ' ';
  return chunk;
}

}  // namespace cpsctl::manifest
