#include "schema/schema.hpp"

#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {
namespace {

json::Document document_of(std::vector<std::string> const& names) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  for (std::string const& name : names) list.PushBack(json::string(name, pool), pool);
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "schemas", std::move(list), pool);
  return document;
}

}  // namespace

/// cpsctl schema [NAME]: a whole schema for editors and other tools, the same as text and as json; without a name, the
/// names.
Exit run_schema(Options const& options, World& world) {
  if (options.name.empty()) {
    auto const names = schema::names();
    Product const product{.text =
                              [&](std::ostream& out, report::Style) {
                                for (std::string const& name : names) screen::line(out, "{}", name);
                              },
                          .json = [&] { return document_of(names); }};
    return delivered(product, Exit::done, options.global, world);
  }
  auto const found = schema::named(options.name);
  if (!found) return fail(found.error(), options.global, world);
  schema::Schema const& schema = **found;
  Product const product{.text =
                            [&](std::ostream& out, report::Style) {
                              out << schema.text() << '\n';  // past the door: a document of ours
                            },
                        .json = [&] { return json::parse(schema.text(), options.name).value(); }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
