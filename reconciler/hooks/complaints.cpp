#include "hooks/complaints.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::hooks {
namespace {

constexpr std::size_t kept_of_line = std::size_t{8} << 10;  // what a secret in the shown part may reach into
constexpr std::size_t kept_lines = 3;

}  // namespace

void Complaints::take(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    auto const end = std::min(bytes.find('\n'), bytes.size());
    line_ += bytes.substr(0, std::min(end, kept_of_line - line_.size()));
    if (end == bytes.size()) return;
    line();
    bytes.remove_prefix(end + 1);
  }
}

void Complaints::end() {
  line();
}

std::string Complaints::last() const {
  return fmt::format("{}", fmt::join(last_, " / "));
}

void Complaints::line() {
  std::string_view const text = text::trimmed(line_);
  if (!text.empty()) {
    bool const cut = line_.size() == kept_of_line;
    std::string shown = text::excerpt(cut ? mask_.of_beginning(text) : mask_(text), longest_line);
    ++lines_;
    if (lines_ <= most_lines) log_(shown);
    if (lines_ == most_lines + 1) log_("more lines are not shown");
    last_.push_back(std::move(shown));
    if (last_.size() > kept_lines) last_.pop_front();
  }
  line_.clear();
}

}  // namespace cpsctl::hooks
