#pragma once
#include <cstdint>
#include <string>
#include <string_view>

/// roff, as man(7) has it: what pages of the manual are written in.
namespace cpsctl::cli::roff {

/// `text` as it stands, for a place within a line; line breaks become blanks.
std::string plain(std::string_view text);
/// What is typed as it stands: bold.
std::string literal(std::string_view text);
/// What stands for something else: italic.
std::string variable(std::string_view text);

/// What a "##" of a document is on its page.
enum class Heading : std::uint8_t { section, subsection };

/// A Markdown document without its title ("#"). Tables become lists: what is in the first column, and what the others
/// say of it.
std::string from_markdown(std::string_view markdown, Heading heading);

}  // namespace cpsctl::cli::roff
