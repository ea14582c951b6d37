#include "findings.hpp"
#include "places.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

namespace fs = std::filesystem;

std::string content(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Findings of one file, named as if it lay in the working directory.
std::string found_in(fs::path const& path) {
  auto const loaded = manifest::load({.paths = {path.string()}, .signers = {"corp-ca"}}, system_files());
  std::string text = manifest::lines(loaded.findings);
  std::string const folder = path.parent_path().string() + "/";
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) text.erase(at, folder.size());
  return text;
}

}  // namespace

TEST_CASE("findings: the text for each bad manifest is a product; CPS_ACCEPT=1 rewrites it and fails") {
  std::vector<fs::path> manifests;
  for (auto const& entry : fs::directory_iterator(places::data("manifest")))
    if (entry.path().extension() != ".findings") manifests.push_back(entry.path());
  std::ranges::sort(manifests);
  REQUIRE(manifests.size() > 10);
  bool const accept = std::getenv("CPS_ACCEPT") != nullptr;
  for (fs::path const& path : manifests) {
    CAPTURE(path.filename().string());
    fs::path const golden = path.string() + ".findings";
    std::string const text = found_in(path);
    if (accept) std::ofstream(golden, std::ios::binary) << text;
    CHECK(text == content(golden));
  }
  if (accept) FAIL("the golden files were rewritten");
}
