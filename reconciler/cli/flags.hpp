#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

/// What a command line may say. CLI11, which reads it, is slow to compile: a command does not see it.
namespace cpsctl::cli {

struct Check {
  /// Says what is wrong with a value; nothing: it fits.
  std::function<std::string(std::string const&)> wrong = {};
  std::vector<std::string> words = {};  ///< where only a few fit: these
};

/// One of a few words; a misspelt one is told which it may have been.
Check one_of(std::vector<std::string> words);
/// A whole number, from `least` to `most`.
Check a_number(std::int64_t least, std::int64_t most);

/// What a value names: a shell completes it from those that there are.
enum class Names : std::uint8_t {
  nothing,
  files,
  folders,
  formats,      ///< of the command's document
  reports,      ///< FORMAT=FILE
  topics,       ///< what `cpsctl help` knows
  described,    ///< enrollments of the manifests
  managed,      ///< enrollments of the state
  enrollments,  ///< of both
  contracts,    ///< of both
  labels        ///< KEY=VALUE of the manifests
};

struct Flag {
  std::string name;              ///< "-y,--yes"; "PATH" for what has its place and no name
  std::string what;              ///< its line in the help
  std::string type = {};         ///< what it takes: "FILE"
  Names names = Names::nothing;  ///< what that is
  std::string variable = {};     ///< of the environment, which says the same
  int at_most = 0;               ///< words of a list; 0: any number
};

/// A flag or a word as it was declared: the manual and the completion go by it.
struct Taken {
  enum class Value : std::uint8_t { none, one, optional };  ///< optional: --flag or --flag=VALUE

  Flag flag;
  std::string heading = {};
  Value value = Value::one;
  bool repeatable = false;
  bool required = false;
  std::vector<std::string> words = {};  ///< the values, where they are few

  bool positional() const { return !flag.name.starts_with('-'); }
};

/// The flags and words of one command, under one heading of its help.
class Flags {
 public:
  /// What is declared is added to `taken`.
  Flags(CLI::App& app, std::vector<Taken>& taken, std::string heading = "Options")
      : app_(app), taken_(taken), heading_(std::move(heading)) {}
  Flags under(std::string heading) const { return Flags(app_, taken_, std::move(heading)); }

  /// What was said goes to `to`, which outlives the parsing. T: bool, a text, a number, a duration; optional: was it
  /// said at all; vector: may be repeated. A value that does not fit is a usage error in our words.
  template <class T>
  void add(Flag const& flag, T& to, Check check = {});
  /// The same for what must be said.
  template <class T>
  void require(Flag const& flag, T& to, Check check = {}) {
    add(flag, to, std::move(check));
    require(flag.name);
  }

  /// A flag that may have a value, as --sandbox[=DIR]: without one it is `usual`.
  void maybe(Flag const& flag, std::string& to, std::string const& usual);

  enum class Times : std::uint8_t { once, any };
  /// Each value goes through `set`; a flag without a type has none.
  void each(Flag const& flag, Times times, std::function<Result<>(std::string const&)> set);

  void exclude(std::string const& one, std::string const& other);

 private:
  void require(std::string const& name);

  CLI::App& app_;
  std::vector<Taken>& taken_;
  std::string heading_;
};

}  // namespace cpsctl::cli
