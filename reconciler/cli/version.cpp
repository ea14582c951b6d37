#include "base/fields.hpp"
#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <array>
#include <cmark-gfm_version.h>
#include <map>

#include <boost/version.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace cpsctl::cli {
namespace {

/// What the program was made of. Libraries are linked into it: a fixed one needs a new build, and whoever asks about
/// an advisory looks here.
struct Part {
  char const* name;
  char const* key;
  std::string what;
};

std::array<Part, 8> parts() {
  std::string const build =
      CPS_SANITIZERS[0] == '\0' ? CPS_BUILD_TYPE : CPS_BUILD_TYPE " with -fsanitize=" CPS_SANITIZERS;
  return {{{"OpenSSL", "openssl", OpenSSL_version(OPENSSL_FULL_VERSION_STRING)},
           {"Boost", "boost",
            fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
           {"yaml-cpp", "yaml-cpp", CPS_YAML_CPP_VERSION},
           {"RapidJSON", "rapidjson", RAPIDJSON_VERSION_STRING},
           {"cmark-gfm", "cmark-gfm", CMARK_GFM_VERSION_STRING},
           {"fmt", "fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
           {"compiler", "compiler", CPS_COMPILER},
           {"build", "buildType", build}}};
}

void version_text(std::ostream& out, bool everything) {
  screen::line(out, "cpsctl {}", CPS_VERSION);
  if (!everything) return;
  for (Part const& part : parts()) screen::line(out, "  {:<9}  {}", part.name, part.what);
}

struct VersionDocument {
  std::string version = CPS_VERSION;
  std::map<std::string, std::string> made_of = {};
};
BOOST_DESCRIBE_STRUCT(VersionDocument, (), (version, made_of))

json::Document version_document() {
  VersionDocument document;
  for (Part const& part : parts()) document.made_of.emplace(part.key, part.what);
  return fields::versioned(document);
}

Result<Exit> run(Options const& options, World& world) {
  bool const everything = options.global.log_level <= log::Level::debug;
  Product const product{.text = [everything](std::ostream& out, report::Style) { version_text(out, everything); },
                        .json = version_document};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace

char const* program_version() {
  return CPS_VERSION;
}

Command version_command() {
  return {.name = "version",
          .what = "Print the version",
          .topic = "trust",
          .examples = {{{"cpsctl version", "one line"},
                        {"cpsctl version -v", "with the libraries in it"},
                        {"cpsctl version -o json", "for programs"}}},
          .works = Works::alone,
          .takes = [](Flags&, Options&) -> Run { return run; }};
}

}  // namespace cpsctl::cli
