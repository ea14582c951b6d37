#pragma once
#include "cli/arguments.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

/// What a command line may go on with. A shell asks by `cpsctl __complete WORDS…`: its script (completion/) knows
/// nothing of the commands.
namespace cpsctl::cli {

inline constexpr std::string_view completing = "__complete";

/// One word that fits, and what it stands for; empty: it says all itself.
struct Candidate {
  std::string word;
  std::string says = {};
  bool operator==(Candidate const&) const = default;
};

/// What follows a word, or who knows which fit: the shell has the names of files.
BOOST_DEFINE_ENUM_CLASS(How, space, more, files, folders)

struct Completion {
  How how = How::space;
  std::size_t before = 0;  ///< bytes of the last word ahead of the file's name, as of "--config="
  std::vector<Candidate> candidates = {};
};

/// Names of what manifests and state have. `line`: flags that say where to look, and PATHs, as `validate` takes them.
using Look = std::function<std::vector<std::string>(Names names, std::vector<std::string> const& line)>;

/// `words`: those of the command line up to the cursor, without the program; the last one is being typed, and may be
/// empty. Never fails: of what it does not understand, it has no candidates. Pure but for `look`.
Completion complete(std::span<std::string const> words, Look const& look);

/// Names as manifests and state have them; nothing where they cannot be read. Asks nobody, and no state that is not a
/// file. A name that a command line could take for something else is left out: who wrote it is not trusted.
std::vector<std::string> look_up(Names names, std::vector<std::string> const& line, World& world);

/// cpsctl __complete WORDS…: prints how, then each word, a tab, what it stands for. Silent about whatever fails.
Run completes(std::vector<std::string> words);

/// May a name from outside stand on a command line? One in plain letters that is no flag.
bool harmless(std::string_view name);

}  // namespace cpsctl::cli
