#include "cli/man.hpp"

#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "cli/formats.hpp"
#include "cli/roff.hpp"
#include "cli/topics.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

using roff::literal;
using roff::plain;
using roff::variable;

/// "cpsctl-state-mv".
std::string page_name(std::string_view about) {
  std::string name = about.empty() ? "cpsctl" : fmt::format("cpsctl-{}", about);
  std::ranges::replace(name, ' ', '-');
  return name;
}

/// Section 1 for what is run, and for the topic that has its name.
int section_of(std::string_view about) {
  return about.empty() || command_named(about) != nullptr ? 1 : 7;
}

std::string reference(std::string_view about) {
  return fmt::format("{}({})", literal(page_name(about)), section_of(about));
}

class Page {
 public:
  Page(std::string_view about, std::string_view what) {
    line(".TH {} {} \"\" \"cpsctl {}\" \"cpsctl manual\"", plain(page_name(about)), section_of(about),
         program_version());
    section("NAME");
    line("{} \\- {}", plain(page_name(about)), plain(what));
  }

  template <class... Arguments>
  void line(fmt::format_string<Arguments const&...> format, Arguments const&... arguments) {
    text += fmt::format(format, arguments...) + '\n';
  }

  void section(std::string_view title) { line(".SH {}", plain(title)); }
  void subsection(std::string_view title) { line(".SS {}", plain(title)); }
  void words(std::string_view said) { line("{}", plain(said)); }

  /// `term` is roff; what it means is not.
  void term(std::string_view term, std::string_view means) { line(".TP\n{}\n{}", term, plain(means)); }

  void see_also(std::vector<std::string> const& pages) {
    std::vector<std::string> references;
    std::ranges::transform(pages, std::back_inserter(references), [](auto const& page) { return reference(page); });
    section("SEE ALSO");
    line("{}", fmt::format("{}", fmt::join(references, ",\n")));
  }

  std::string text = {};
};

/// "-l, --label KEY=VALUE", "--sandbox[=DIR]".
std::string flag_term(Taken const& one) {
  std::vector<std::string> names;
  for (auto const name : text::split(one.flag.name, ','))
    names.push_back(one.positional() ? variable(name) : literal(name));
  std::string term = fmt::format("{}", fmt::join(names, ", "));
  switch (one.value) {
    case Taken::Value::none: break;
    case Taken::Value::one:
      if (!one.positional()) term += ' ' + variable(one.flag.type);
      break;
    case Taken::Value::optional: term += fmt::format("[={}]", variable(one.flag.type)); break;
  }
  return term;
}

void flag(Taken const& one, Page& page) {
  page.term(flag_term(one),
            one.flag.variable.empty() ? one.flag.what : fmt::format("{} [{}]", one.flag.what, one.flag.variable));
}

void flags_below(std::string_view heading, std::vector<Taken> const& taken, Page& page) {
  for (Taken const& one : taken)
    if (one.heading == heading && !one.positional()) flag(one, page);
}

void synopsis(Command const& command, std::vector<Taken> const& taken, Page& page) {
  page.section("SYNOPSIS");
  page.line("{}", literal(fmt::format("cpsctl {}", command.name)));
  if (command.takes == nullptr) page.line("{}", variable("COMMAND"));
  page.line("[{}]", variable("OPTIONS"));
  for (Taken const& one : taken) {
    if (!one.positional() && !one.required) continue;
    std::string const term = flag_term(one) + (one.repeatable && one.positional() ? "..." : "");
    page.line("{}", one.required ? term : fmt::format("[{}]", term));
  }
}

void options(std::vector<Taken> const& taken, Page& page) {
  page.section("OPTIONS");
  for (Taken const& one : taken)
    if (one.positional()) flag(one, page);
  std::vector<std::string> headings{"Options"};
  for (Taken const& one : taken)
    if (std::ranges::count(headings, one.heading) == 0) headings.push_back(one.heading);
  for (std::string const& heading : headings) {
    if (heading != headings.front()) page.subsection(heading);
    flags_below(heading, taken, page);
  }
  if (!taken.empty()) page.line(".PP");
  page.line("{} has those of every command.", reference("options"));
}

void command_list(std::vector<Command const*> const& list, Page& page) {
  for (Command const* one : list) page.term(reference(one->name), one->what);
}

std::string command_page(Command const& command) {
  Page page(command.name, command.what);
  Syntax const all = syntax();
  auto const found = all.of.find(command.name);
  std::vector<Taken> const taken = found == all.of.end() ? std::vector<Taken>{} : found->second;
  synopsis(command, taken, page);
  page.section("DESCRIPTION");
  EmbeddedFile const* const topic = topic_named(command.name);
  if (topic == nullptr)
    page.words(fmt::format("{}.", command.what));
  else
    page.text += roff::from_markdown(topic->text, roff::Heading::subsection);
  auto const below = commands_below(command.name);
  if (!below.empty()) {
    page.section("COMMANDS");
    command_list(below, page);
  }
  options(taken, page);
  if (command.takes != nullptr) {
    page.section("EXIT STATUS");
    page.text += roff::from_markdown(exit_table(command, taken), roff::Heading::subsection);
  }
  page.section("EXAMPLES");
  for (Example const& one : command.examples) page.term(literal(one.line), one.says);
  std::vector<std::string> also{""};
  std::string const manual(command.manual());
  if (manual != command.name && (topic_named(manual) != nullptr || command_named(manual) != nullptr))
    also.push_back(manual);
  also.insert(also.end(), {"options", "exit-codes"});
  page.see_also(also);
  return page.text;
}

std::string topic_page(EmbeddedFile const& topic) {
  Page page(topic.name, title_of(topic));
  page.section("DESCRIPTION");
  page.text += roff::from_markdown(topic.text, roff::Heading::section);
  if (topic.name == "options") {
    page.section("OPTIONS");
    flags_below("Global options", syntax().everywhere, page);
  }
  if (topic.name == "rules") {
    page.section("RULES");
    for (report::RuleText const& rule : all_rules())
      page.term(fmt::format("{} ({})", literal(rule.id), rule.severity == Severity::error ? "error" : "warning"),
                rule.demands);
  }
  page.see_also({""});
  return page.text;
}

std::string main_page() {
  Page page("", "keep Akamai CPS certificate enrollments as YAML in git");
  page.section("SYNOPSIS");
  page.line("{}\n{}\n[{}]", literal("cpsctl"), variable("COMMAND"), variable("OPTIONS"));
  page.section("DESCRIPTION");
  page.words(purpose);
  page.line("{}:\n{}", plain(first_step.says), literal(first_step.line));
  page.section("COMMANDS");
  std::string_view group;
  for (Command const& command : commands()) {
    if (command.group != group) page.subsection(command.group);
    group = command.group;
    command_list({&command}, page);
  }
  page.section("TOPICS");
  for (EmbeddedFile const& topic : help_topics())
    if (command_named(topic.name) == nullptr) page.term(reference(topic.name), title_of(topic));
  page.see_also({"options", "exit-codes", "help"});
  return page.text;
}

}  // namespace

std::vector<ManPage> man_pages() {
  std::vector<ManPage> pages;
  auto const add = [&pages](std::string_view about) {
    pages.push_back({.file = fmt::format("{}.{}", page_name(about), section_of(about)), .about = std::string(about)});
  };
  add("");
  for (Command const& command : commands()) add(command.name);
  for (EmbeddedFile const& topic : help_topics())
    if (command_named(topic.name) == nullptr) add(topic.name);
  return pages;
}

std::optional<std::string> man_page(std::string const& about) {
  if (about.empty()) return main_page();
  if (Command const* const command = command_named(about)) return command_page(*command);
  if (EmbeddedFile const* const topic = topic_named(about)) return topic_page(*topic);
  return std::nullopt;
}

}  // namespace cpsctl::cli
