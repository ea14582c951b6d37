#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {

char const* program_version() {
  return CPS_VERSION;
}

Exit run_version(Options const& options, World& world) {
  Product const product{.text = [](std::ostream& out, report::Style) { screen::line(out, "cpsctl {}", CPS_VERSION); },
                        .json =
                            [] {
                              json::Document document(rapidjson::kObjectType);
                              auto& pool = document.GetAllocator();
                              json::set(document, "format_version", json::string("1.0", pool), pool);
                              json::set(document, "version", json::string(CPS_VERSION, pool), pool);
                              return document;
                            }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
