#include "base/screen.hpp"

#include <algorithm>
#include <array>

namespace cpsctl::screen {

std::string inert(std::string_view line) {
  constexpr std::array<std::string_view, 3> commands{"##[", "##vso[", "##teamcity["};
  std::string const lower = text::lower(line);
  auto const first = line.find_first_not_of(' ');
  std::string shown;
  for (std::size_t i = 0; i < line.size(); ++i) {
    std::string_view const rest = std::string_view(lower).substr(i);
    bool const command = (i == first && rest.starts_with("::")) ||
                         std::ranges::any_of(commands, [rest](auto word) { return rest.starts_with(word); });
    if (command)
      shown += fmt::format("\\x{:02x}", static_cast<unsigned>(line[i]));
    else
      shown += line[i];
  }
  return shown;
}

void write(std::ostream& out, std::string_view line) {
  out << inert(line) << '\n';
}

}  // namespace cpsctl::screen
