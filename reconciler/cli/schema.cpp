#include "schema/schema.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {
namespace {

struct Names {
  std::vector<std::string> schemas = {};
};
BOOST_DESCRIBE_STRUCT(Names, (), (schemas))

/// cpsctl schema [NAME]: a whole schema for editors and other tools, the same as text and as json; without a name, the
/// names.
Result<Exit> run(std::string const& name, Options const& options, World& world) {
  if (name.empty()) {
    auto const names = schema::names();
    Product const product{.text =
                              [&](std::ostream& out, report::Style) {
                                for (std::string const& one : names) screen::line(out, "{}", one);
                              },
                          .json = [&] { return fields::versioned(Names{names}); }};
    return delivered(product, Exit::done, options.global, world);
  }
  CPS_TRY(auto const found, schema::named(name));
  schema::Schema const& schema = *found;
  Product const product{.text =
                            [&](std::ostream& out, report::Style) {
                              out << schema.text() << '\n';  // past the door: a document of ours
                            },
                        .json = [&] { return json::parse(schema.text(), name).value(); }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace

Command schema_command() {
  return {.name = "schema",
          .what = "Print a JSON Schema",
          .topic = "manifests",
          .examples = {{{"cpsctl schema", "the names"},
                        {"cpsctl schema manifest >manifest.schema.json", "for an editor"},
                        {"cpsctl schema enrollment.v11", "the fields of CPS's request body"}}},
          .works = Works::alone,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const name = std::make_shared<std::string>();
            flags.add({"NAME", "schema name"}, *name, {.words = schema::names()});
            return with(name, run);
          }};
}

}  // namespace cpsctl::cli
