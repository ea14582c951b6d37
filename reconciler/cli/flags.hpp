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

/// Says what is wrong with a value; nothing: it fits.
using Check = std::function<std::string(std::string const&)>;

/// One of a few words; a misspelt one is told which it may have been.
Check one_of(std::vector<std::string> words);
/// A whole number, from `least` to `most`.
Check a_number(std::int64_t least, std::int64_t most);

struct Flag {
  std::string name;           ///< "-y,--yes"; "PATH" for what has its place and no name
  std::string what;           ///< its line in the help
  std::string type = {};      ///< what it takes: "FILE"
  std::string variable = {};  ///< of the environment, which says the same
  int at_most = 0;            ///< words of a list; 0: any number
};

/// The flags and words of one command, under one heading of its help.
class Flags {
 public:
  explicit Flags(CLI::App& app, std::string heading = "Options") : app_(app), heading_(std::move(heading)) {}
  Flags under(std::string heading) const { return Flags(app_, std::move(heading)); }

  /// What was said goes to `to`, which outlives the parsing. T: bool, a text, a number, a duration; optional: was it
  /// said at all; vector: may be repeated. A value that does not fit is a usage error in our words.
  template <class T>
  void add(Flag const& flag, T& to, Check check = {});
  /// The same for what must be said.
  template <class T>
  void require(Flag const& flag, T& to) {
    add(flag, to);
    require(flag.name);
  }

  enum class Times : std::uint8_t { once, any };
  /// Each value goes through `set`; a flag without a type has none.
  void each(Flag const& flag, Times times, std::function<Result<>(std::string const&)> set);

  void exclude(std::string const& one, std::string const& other);

 private:
  void require(std::string const& name);

  CLI::App& app_;
  std::string heading_;
};

}  // namespace cpsctl::cli
