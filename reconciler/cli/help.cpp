#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/formats.hpp"
#include "cli/man.hpp"
#include "cli/topics.hpp"
#include "cli/words.hpp"
#include "manifest/rules.hpp"

#include <algorithm>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {

namespace {

struct Asked {
  std::vector<std::string> words = {};
  bool man = false;
};

/// Topics of the overview, in the order in which a newcomer needs them.
struct TopicGroup {
  std::string_view about;
  std::vector<std::string_view> topics;
};

std::vector<TopicGroup> topic_groups() {
  return {{"start here", {"sandbox", "manifests", "plan", "apply"}},
          {"your project", {"project", "import", "rules", "credentials", "accounts", "hooks"}},
          {"certificates", {"dv", "publishers", "ov-ev", "third-party", "answers", "status"}},
          {"every day", {"guard-rails", "state", "limits", "failures", "trust"}},
          {"automation", {"pipelines", "reports", "exit-codes", "options", "completion"}}};
}

/// One screen: what there is, and where to begin.
void overview(std::ostream& out) {
  screen::line(out, "{}", purpose);
  screen::line(out, "");
  screen::line(out, "Usage: cpsctl COMMAND [OPTIONS]      options of a command: cpsctl COMMAND --help");
  std::string_view group;
  for (Command const& command : commands()) {
    if (command.nested()) continue;
    if (command.group != group) {
      group = command.group;
      screen::line(out, "");
      screen::line(out, "{}:", group);
    }
    screen::line(out, "  {:<10} {}", command.name, command.what);
  }
  screen::line(out, "");
  screen::line(out, "Topics (cpsctl help TOPIC; with their titles: cpsctl help topics):");
  for (TopicGroup const& line : topic_groups())
    screen::line(out, "  {:<14} {}", line.about, fmt::format("{}", fmt::join(line.topics, ", ")));
  screen::line(out, "");
  screen::line(out, "{}: {}", first_step.says, first_step.line);
}

void topic_list(std::ostream& out) {
  for (TopicGroup const& group : topic_groups()) {
    screen::line(out, "{}:", group.about);
    for (std::string_view const name : group.topics)
      screen::line(out, "  {:<14} {}", name, title_of(*topic_named(name)));
  }
}

void print_rule(report::RuleText const& rule, std::ostream& out) {
  char const* const severity = rule.severity == Severity::error ? "error" : "warning";
  screen::line(out, "{}  {:<7}  {}", rule.id, severity, rule.demands);
}

/// "CPS122", in whatever letters.
std::optional<report::RuleText> rule_named(std::string_view word) {
  for (report::RuleText const& rule : all_rules())
    if (text::lower(rule.id) == text::lower(word)) return rule;
  return std::nullopt;
}

/// May what exists at CPS already break it?
bool only_for_new(report::RuleText const& rule) {
  auto const rules = manifest::rules();
  auto const found = std::ranges::find(rules, rule.id, &manifest::RuleInfo::id);
  return found != rules.end() && found->refused_new;
}

/// What belongs to a topic and is known to the program: options, rules.
void appendix(std::string_view topic, std::ostream& out) {
  if (topic == "options") fmt::print(out, "{}", global_options_help());  // past the door: our help
  if (topic != "rules") return;
  screen::line(out, "");
  for (report::RuleText const& rule : all_rules()) print_rule(rule, out);
}

std::vector<std::string> topic_names() {
  std::vector<std::string> names{"topics"};
  for (EmbeddedFile const& topic : help_topics()) names.emplace_back(topic.name);
  return names;
}

/// cpsctl help --man [TOPIC]: the page for man; of "pages", which there are.
Result<Exit> run_man(std::string const& about, World& world) {
  if (about == "pages") {
    for (ManPage const& page : man_pages()) screen::line(world.out, "{} {}", page.file, page.about);
    return Exit::done;
  }
  auto const page = man_page(about);
  if (!page) return usage(fmt::format("there is no man page of \"{}\"", about), "see: cpsctl help --man pages");
  fmt::print(world.out, "{}", *page);  // past the door: ours
  return Exit::done;
}

/// cpsctl help [TOPIC]: a page of the manual, else a command's options, else the overview.
Result<Exit> run(std::string const& about, World& world) {
  if (about.empty()) {
    overview(world.out);
    return Exit::done;
  }
  if (about == "topics") {
    topic_list(world.out);
    return Exit::done;
  }
  if (auto const rule = rule_named(about)) {
    print_rule(*rule, world.out);
    if (only_for_new(*rule))
      screen::line(world.out, "It is about what is new: an enrollment that CPS has already may differ.");
    screen::line(world.out, "All rules: cpsctl help rules");
    return Exit::done;
  }
  auto page = command_help(about);
  auto known = topic_names();
  std::string const wanted = page ? about : other_name(about, known).value_or(about);
  auto const topics = help_topics();
  auto const topic = std::ranges::find(topics, wanted, &EmbeddedFile::name);
  if (topic != topics.end()) {
    fmt::print(world.out, "{}", topic->text);  // past the door: ours
    appendix(topic->name, world.out);
  }
  if (topic != topics.end() && page) {
    screen::line(world.out, "");
    // The topic is above already.
    std::string const more = fmt::format(" More: cpsctl help {}", topic->name);
    if (auto const at = page->rfind(more); at != std::string::npos) page->erase(at, more.size());
  }
  if (page) fmt::print(world.out, "{}", *page);  // past the door: our help
  if (topic != topics.end() || page) return Exit::done;

  for (Command const& command : commands())
    if (!command.nested()) known.emplace_back(command.name);
  for (report::RuleText const& rule : all_rules()) known.emplace_back(rule.id);
  auto const near = meant(about, known);
  return usage(fmt::format("there is no help topic \"{}\"", about),
               near ? fmt::format("did you mean {}?", *near) : "see: cpsctl help topics");
}

}  // namespace

Command help_command() {
  return {.name = "help",
          .what = "Explain a topic, a command or a rule",
          .topic = "topics",
          .examples = {{{"cpsctl help plan", "a topic or a command"},
                        {"cpsctl help CPS122", "a rule that a finding names"},
                        {"cpsctl help topics", "all topics"}}},
          .document = Document::none,
          .works = Works::alone,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({.name = "TOPIC", .what = "topic, command or rule", .names = Names::topics, .at_most = 2},
                      asked->words);
            flags.add({"--man", "as a man page; of \"pages\": the list of them"}, asked->man);
            return [asked](Options const&, World& world) {
              std::string const about = fmt::format("{}", fmt::join(asked->words, " "));
              return asked->man ? run_man(about, world) : run(about, world);
            };
          }};
}

}  // namespace cpsctl::cli
