#include "base/embedded.hpp"
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
    fmt::print(world.out, "{}\nTopics (cpsctl help TOPIC):\n", command_help("").value_or(""));
    for (EmbeddedFile const& topic : topics) {
      std::string_view const title = topic.text.substr(0, topic.text.find('\n'));
      fmt::print(world.out, "  {:<14} {}\n", topic.name, text::trimmed(title.substr(title.find_first_not_of('#'))));
    }
    return Exit::done;
  }
  auto const topic = std::ranges::find(topics, options.name, &EmbeddedFile::name);
  auto const command = command_help(options.name);
  if (topic != topics.end()) fmt::print(world.out, "{}", topic->text);
  if (topic != topics.end() && command) fmt::print(world.out, "\n");
  if (command) fmt::print(world.out, "{}", *command);
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
