#include "report/csv.hpp"

#include "base/screen.hpp"
#include "base/text.hpp"

namespace cpsctl::report::csv {

std::string cell(std::string_view text) {
  std::string shown = screen::inert(text::printable(text));
  if (!shown.empty() && std::string_view("=+-@").find(shown.front()) != std::string_view::npos)
    shown.insert(shown.begin(), '\'');
  if (shown.find_first_of(",\"") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (char const c : shown) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string record(std::vector<std::string> const& texts) {
  std::string line;
  for (std::string const& text : texts) {
    if (&text != &texts.front()) line += ',';
    line += cell(text);
  }
  return line + "\r\n";
}

}  // namespace cpsctl::report::csv
