#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The manual as man pages: cpsctl(1), a page of section 1 for each command, with the topic of its name, and one of
/// section 7 for each other topic. Made of the table of commands, of what they take, and of cli/help/.
namespace cpsctl::cli {

struct ManPage {
  std::string file;   ///< "cpsctl-state-mv.1"
  std::string about;  ///< for man_page(): "state mv", "trust"; empty: cpsctl itself
};

std::vector<ManPage> man_pages();

/// The page, in roff; nothing for what has none. Pure.
std::optional<std::string> man_page(std::string const& about);

}  // namespace cpsctl::cli
