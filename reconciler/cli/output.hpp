#pragma once
#include "base/json.hpp"
#include "cli/exit.hpp"
#include "cli/formats.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"

#include <functional>
#include <ostream>

namespace cpsctl::cli {

/// The one document of a command, in the formats it can be asked for.
struct Product {
  std::function<void(std::ostream&, report::Style const&)> text;
  /// Instead of `text` on a stdout that is read below stderr: what stderr has said already is not repeated.
  std::function<void(std::ostream&, report::Style const&)> text_below_err = {};
  std::function<json::Document()> json;
  Forms others = {};
};

/// The document to stdout in the format of -o, and to every --out file. Every place is tried. Errors: io,
/// the first.
Result<> deliver(Product const& product, GlobalOptions const& options, World& world);

/// deliver(), and `exit`; or the worse exit code when a place could not be written to, which is reported.
Exit delivered(Product const& product, Exit exit, GlobalOptions const& options, World& world);

/// An error in words, on stderr.
void say(Error const& error, GlobalOptions const& options, World& world);

/// What ends a command before its document exists: words to stderr; on stdout when -o is not text, and in every --out
/// file, the failure in that format, so that a pipeline always finds what it reads.
Exit fail(Error const& error, GlobalOptions const& options, World& world);

}  // namespace cpsctl::cli
