#include "cli/exit_codes.hpp"

#include "base/text.hpp"
#include "cli/topics.hpp"

#include <algorithm>

namespace cpsctl::cli {
namespace {

std::vector<Exit> exits_of(Works works) {
  using enum Exit;
  switch (works) {
    case Works::alone: return {};
    case Works::files: return {invalid};
    case Works::state: return {invalid, refused, locked};
    case Works::asking_cps: return {failed, invalid, unavailable, again, unauthorized, interrupted, terminated};
    case Works::changing_cps:
      return {failed, refused, locked, invalid, unavailable, again, unauthorized, interrupted, terminated};
    case Works::as_a_server: return {locked, interrupted, terminated};
  }
  return {};
}

}  // namespace

std::vector<ExitRow> exit_rows() {
  std::vector<ExitRow> rows;
  EmbeddedFile const* const page = topic_named("exit-codes");
  for (std::string_view const line : text::split(page == nullptr ? std::string_view() : page->text, '\n')) {
    if (!line.starts_with("| ")) continue;
    ExitRow row{.text = std::string(line)};
    for (std::string_view const code : text::split(line.substr(2, line.find(" |", 2) - 2), ','))
      if (auto const number = text::number<int>(text::trimmed(code))) row.codes.push_back(*number);
    if (!row.codes.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Exit> exits_of(Command const& command, std::span<Taken const> taken) {
  std::vector<Exit> exits{Exit::done, Exit::usage, Exit::bug, Exit::local_file};
  std::ranges::copy(exits_of(command.works), std::back_inserter(exits));
  bool const detailed =
      std::ranges::any_of(taken, [](Taken const& one) { return one.flag.name == "--detailed-exitcode"; });
  if (detailed) exits.insert(exits.end(), {Exit::changes, Exit::needs_action});
  std::ranges::sort(exits);
  return exits;
}

std::string exit_table(Command const& command, std::span<Taken const> taken) {
  std::vector<Exit> const exits = exits_of(command, taken);
  std::string table = "| code | meaning |\n|---|---|\n";
  for (ExitRow const& row : exit_rows()) {
    bool const concerns = std::ranges::any_of(
        row.codes, [&](int code) { return std::ranges::count(exits, static_cast<Exit>(code)) > 0; });
    if (concerns) table += row.text + '\n';
  }
  return table;
}

}  // namespace cpsctl::cli
