#pragma once
#include "base/json.hpp"
#include "cli/exit.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"
#include "report/report.hpp"

#include <functional>
#include <ostream>

namespace cpsctl::cli {

/// The one document of a command, in the forms it can be asked for.
struct Product {
  std::function<void(std::ostream&, report::Style)> text;
  std::function<json::Document()> json;
};

/// No plan document is larger.
inline constexpr std::size_t longest_plan = std::size_t{4} << 30;

/// To stdout in the form of -o, and to every --out file. Errors: io.
Result<> deliver(Product const& product, GlobalOptions const& options, World& world);

/// What ends a command before its document exists: words to stderr; with -o json, and in every --out json=FILE, a
/// document with `error` in it, so that a pipeline always finds one JSON value.
Exit fail(Error const& error, GlobalOptions const& options, World& world);

/// deliver(), and the exit code when it does or does not succeed.
Exit delivered(Product const& product, Exit exit, GlobalOptions const& options, World& world);

}  // namespace cpsctl::cli
