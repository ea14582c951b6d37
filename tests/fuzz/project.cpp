#include "manifest/project.hpp"

#include "fuzz/fuzz.hpp"
#include "state/failing_files.hpp"

/// Any bytes as cpsctl.yaml give settings or words about them.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  failing::Disk disk;
  disk.bytes()["p/cpsctl.yaml"] = fuzz::text(bytes, size);
  auto const loaded = cpsctl::manifest::load_project({.file = "p/cpsctl.yaml"}, disk);
  fuzz::holds(loaded.has_value(), "a file that can be read is not an error", loaded ? "" : loaded.error().message);
  for (cpsctl::Finding const& finding : loaded->findings)
    fuzz::holds(fuzz::is_printable(finding.message), "a finding is one line", finding.message);
  return 0;
}
