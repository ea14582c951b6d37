#include "schema/schema.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {
namespace {

struct Names {
  std::vector<std::string> schemas = {};
};
BOOST_DESCRIBE_STRUCT(Names, (), (schemas))

}  // namespace

/// cpsctl schema [NAME]: a whole schema for editors and other tools, the same as text and as json; without a name, the
/// names.
Result<Exit> run_schema(Options const& options, World& world) {
  if (options.name.empty()) {
    auto const names = schema::names();
    Product const product{.text =
                              [&](std::ostream& out, report::Style) {
                                for (std::string const& name : names) screen::line(out, "{}", name);
                              },
                          .json = [&] { return fields::versioned(Names{names}); }};
    return delivered(product, Exit::done, options.global, world);
  }
  CPS_TRY(auto const found, schema::named(options.name));
  schema::Schema const& schema = *found;
  Product const product{.text =
                            [&](std::ostream& out, report::Style) {
                              out << schema.text() << '\n';  // past the door: a document of ours
                            },
                        .json = [&] { return json::parse(schema.text(), options.name).value(); }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
