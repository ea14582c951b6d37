#include "base/result.hpp"

#include <ostream>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl {

std::string describe(Error const& error) {
  std::string text;
  if (error.at) text = fmt::format("{}:{}:{}: ", error.at->file, error.at->line, error.at->column);
  text += error.message;
  if (!error.trail.empty()) text += fmt::format(" (while {})", fmt::join(error.trail, ", while "));
  return text;
}

std::ostream& operator<<(std::ostream& out, Error const& error) {
  return out << describe(error);
}

std::ostream& print_success(std::ostream& out) {
  return out << "a value";
}

void throw_exception_from_error(Error const& error, boost::source_location const& where) {
  throw std::logic_error(
      fmt::format("{}:{}: value() on an error: {}", where.file_name(), where.line(), describe(error)));
}

}  // namespace cpsctl
