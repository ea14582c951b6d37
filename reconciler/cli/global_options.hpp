#pragma once
#include "cli/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cpsctl::cli {

/// The flags that every command takes, from their words to their meaning.
class GlobalFlags {
 public:
  /// Each is added to `taken`.
  void add(CLI::App& app, Options& options, std::vector<Taken>& taken);
  /// Once everything is read; -C takes effect here. Errors: usage.
  Result<> finish(Command const& command, Options& options) const;
  bool version() const { return version_; }

 private:
  Result<> take_formats(Command const& command, GlobalOptions& to) const;

  std::optional<std::string> output_ = {};
  std::vector<std::string> out_ = {};
  std::string chdir_ = {}, colour_ = "auto", log_format_ = "text", rate_ = {}, sandbox_ = {};
  bool quiet_ = false, verbose_ = false, version_ = false;
};

}  // namespace cpsctl::cli
