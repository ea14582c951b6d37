#include "base/embedded.hpp"
#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/complete.hpp"
#include "cli/manifests.hpp"
#include "cli/writing.hpp"
#include "state/backend.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

namespace cpsctl::cli {

std::span<EmbeddedFile const> completion_scripts();  // generated from reconciler/cli/completion/

namespace {

/// What is collected of it; each once, sorted.
class Collected {
 public:
  explicit Collected(Names names) : names_(names) {}

  void add(manifest::Desired const& one) {
    if (names_ == Names::described || names_ == Names::enrollments) add(one.name);
    if (names_ == Names::contracts) add(one.contract);
    if (names_ == Names::labels)
      for (auto const& [key, value] : one.labels) add(fmt::format("{}={}", key, value));
  }
  void add(state::Entry const& one) {
    if (names_ == Names::managed || names_ == Names::enrollments) add(one.name);
    if (names_ == Names::contracts) add(one.contract);
  }
  /// A create whose answer never came is in the journal alone.
  void add(state::Record const& open) {
    if (names_ == Names::enrollments) add(open.name);
  }

  std::vector<std::string> words() const { return {words_.begin(), words_.end()}; }

 private:
  void add(std::string const& word) {
    if (harmless(word)) words_.insert(word);
  }

  Names names_;
  std::set<std::string> words_ = {};
};

Result<> collect(Names names, std::vector<std::string> arguments, World& world, Collected& to) {
  arguments.insert(arguments.begin(), "validate");
  CPS_TRY(Parsed const parsed, parse_arguments(std::move(arguments)));
  CPS_TRY(Settings settings, make_settings(parsed.options, world));
  if (names != Names::managed) {
    if (auto paths = manifest_paths(parsed.options, settings.project, world)) {
      settings.paths = std::move(*paths);
      for (manifest::Desired const& one : load_manifests(settings, world).desired) to.add(one);
    }
  }
  // Another place than a file may be a server's: a key on a keyboard asks nobody.
  if (names == Names::described || !state::scheme_of(settings.state).empty()) return {};
  CPS_TRY(state::Contents const contents, read_state(settings, "", world));
  for (auto const& [name, entry] : contents.entries) to.add(entry);
  for (state::Record const& open : contents.open_intents) to.add(open);
  return {};
}

void print(Completion const& completion, std::ostream& out) {
  screen::line(out, "{} {}", fields::word(completion.how), completion.before);
  for (Candidate const& one : completion.candidates)
    if (one.says.empty())
      screen::line(out, "{}", one.word);
    else
      screen::line(out, "{}\t{}", one.word, one.says);
}

/// cpsctl completion SHELL: its script.
Result<Exit> run(std::string const& shell, Options const&, World& world) {
  auto const scripts = completion_scripts();
  world.out << std::ranges::find(scripts, shell, &EmbeddedFile::name)->text;  // past the door: our script
  return Exit::done;
}

std::vector<std::string> shells() {
  std::vector<std::string> names;
  for (EmbeddedFile const& script : completion_scripts()) names.emplace_back(script.name);
  return names;
}

}  // namespace

std::vector<std::string> look_up(Names names, std::vector<std::string> const& line, World& world) {
  Collected found(names);
  // What cannot be read has no names: whoever presses a key asked for no report about it.
  [[maybe_unused]] Result<> const done = collect(names, line, world, found);
  return found.words();
}

Run completes(std::vector<std::string> words) {
  return [words = std::move(words)](Options const&, World& world) -> Result<Exit> {
    log::configure({.level = log::Level::error});
    std::istringstream nothing;
    std::ostringstream unread;
    World quiet{.in = nothing,
                .out = world.out,
                .err = unread,
                .files = world.files,
                .clock = world.clock,
                .random = world.random,
                .environment = world.environment};
    auto const look = [&quiet](Names names, std::vector<std::string> const& line) {
      return look_up(names, line, quiet);
    };
    print(complete(words, look), world.out);
    return Exit::done;
  };
}

Command completion_command() {
  return {.name = "completion",
          .what = "Print the script that completes commands in a shell",
          .examples = {{{"cpsctl completion bash >cpsctl.bash", "to be sourced by ~/.bashrc"},
                        {"cpsctl completion zsh >_cpsctl", "to be put into a folder of $fpath"},
                        {"cpsctl completion fish >cpsctl.fish", "for ~/.config/fish/completions/"}}},
          .document = Document::none,
          .works = Works::files,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const shell = std::make_shared<std::string>();
            flags.require({"SHELL", "bash, zsh or fish"}, *shell, one_of(shells()));
            return with(shell, run);
          }};
}

}  // namespace cpsctl::cli
