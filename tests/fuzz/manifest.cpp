#include "diff/compare.hpp"
#include "fuzz/fuzz.hpp"
#include "manifest/findings.hpp"
#include "manifest/write.hpp"

#include <algorithm>

using namespace cpsctl;

/// Any bytes give manifests or words about them, at places that exist; what loads can be written and loads again.
namespace {

bool has_errors(manifest::Loaded const& loaded) {
  return std::ranges::any_of(loaded.findings, [](Finding const& one) { return one.severity == Severity::error; });
}

void check_findings(manifest::Loaded const& loaded, std::string_view text) {
  auto const lines = std::ranges::count(text, '\n') + 2;  // an error may point behind the end
  for (Finding const& finding : loaded.findings) {
    fuzz::holds(finding.mark.line >= 0 && finding.mark.line <= lines, "a finding points into the text",
                finding.message);
    fuzz::holds(fuzz::is_printable(finding.message), "a finding is one line", finding.message);
    fuzz::holds(!finding.rule.empty(), "it is a rule's finding, not an exception", finding.message);
  }
}

/// An enrollment that a manifest describes could exist at CPS; import would write it so that nothing differs.
void check_written(manifest::Desired const& desired) {
  manifest::Found const found{
      .id = 1, .contract = desired.contract, .api_schema = desired.api_schema, .document = desired.enrollment};
  auto const written = manifest::write_manifests(std::span(&found, 1), {});
  fuzz::holds(written.has_value(), "a manifest can be written");
  std::string all;
  for (auto const& file : written->files) all += "---\n" + file.text;
  auto const again = manifest::load_text(all);
  fuzz::holds(!has_errors(again), "what was written loads", manifest::lines(again.findings) + all);
  auto const schema = schema::enrollment(desired.api_schema).value();
  for (manifest::Desired const& one : again.desired)
    fuzz::holds(diff::compare(*one.enrollment, *desired.enrollment, *schema).empty(), "what was written is the same",
                all);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text(fuzz::text(bytes, size));
  auto const loaded = manifest::load_text(text);
  bool const says_something = !loaded.findings.empty() || !loaded.desired.empty() || loaded.profiles > 0;
  fuzz::holds(says_something, "bytes lead to a manifest or to words");
  check_findings(loaded, text);
  if (has_errors(loaded)) return 0;
  for (manifest::Desired const& desired : loaded.desired) check_written(desired);
  return 0;
}
