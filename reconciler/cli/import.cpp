#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {

Exit run_import(Options const& options, World& world) {
  return fail({.code = Errc::usage, .message = "not yet"}, options.global, world);
}

}  // namespace cpsctl::cli
