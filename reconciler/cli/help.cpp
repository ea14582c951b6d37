#include "base/embedded.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

#include <algorithm>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {

std::span<EmbeddedFile const> help_topics();  // generated from reconciler/cli/help/*.md

/// cpsctl help [TOPIC]: a page of the manual, else a command's flags, else the list of both.
Exit run_help(Options const& options, World& world) {
  auto const topics = help_topics();
  if (options.name.empty()) {
    world.out << command_help("").value_or("");  // past the door: our help
    screen::line(world.out, "");
    screen::line(world.out, "Topics (cpsctl help TOPIC):");
    for (EmbeddedFile const& topic : topics) {
      std::string_view const title = topic.text.substr(0, topic.text.find('\n'));
      screen::line(world.out, "  {:<14} {}", topic.name, text::trimmed(title.substr(title.find_first_not_of('#'))));
    }
    return Exit::done;
  }
  auto const topic = std::ranges::find(topics, options.name, &EmbeddedFile::name);
  auto const command = command_help(options.name);
  if (topic != topics.end()) fmt::print(world.out, "{}", topic->text);  // past the door: ours
  if (topic != topics.end() && command) screen::line(world.out, "");
  if (command) fmt::print(world.out, "{}", *command);  // past the door: our help
  if (topic != topics.end() || command) return Exit::done;

  std::vector<std::string> known;
  for (EmbeddedFile const& one : topics) known.emplace_back(one.name);
  auto const meant = text::nearest(options.name, known);
  return fail(
      {.code = Errc::usage,
       .message = fmt::format("there is no help topic \"{}\"", options.name),
       .next = meant ? fmt::format("did you mean {}?", *meant) : fmt::format("topics: {}", fmt::join(known, ", "))},
      options.global, world);
}

}  // namespace cpsctl::cli
