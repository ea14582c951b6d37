#include "schema/schema.hpp"

#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {

/// cpsctl schema [NAME]: a whole schema for editors and other tools; without a name, the names.
Exit run_schema(Options const& options, World& world) {
  if (options.name.empty()) {
    for (std::string const& name : schema::names()) screen::line(world.out, "{}", name);
    return Exit::done;
  }
  auto const found = schema::named(options.name);
  if (!found) return fail(found.error(), options.global, world);
  world.out << (*found)->text() << '\n';  // past the door: a document of ours
  return Exit::done;
}

}  // namespace cpsctl::cli
