#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "plan/document.hpp"
#include "report/report.hpp"

#include <sstream>

using namespace cpsctl;

/// Any bytes as a saved plan: what is taken is shown without harm, and is the same plan when it is saved again.
namespace {

/// Gives a JSON object the digest that it needs to be believed, as somebody who means harm would.
std::string sealed(std::string_view text) {
  auto parsed = json::parse(text, "a plan");
  if (!parsed || !parsed->IsObject()) return std::string(text);
  json::Pool& pool = parsed->GetAllocator();
  json::set(*parsed, "digest", json::string(plan::digest(*parsed), pool), pool);
  return json::compact(*parsed);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text = sealed(fuzz::text(bytes, size));
  auto const plan = plan::read_document(text, "plan.json");
  if (!plan) {
    fuzz::holds(!plan.error().next.empty() && fuzz::is_printable(describe(plan.error())), "an error says what to do",
                describe(plan.error()));
    return 0;
  }
  std::ostringstream shown;
  report::plan_text(*plan, {}, {}, shown);
  fuzz::holds(shown.str().find('\x1b') == std::string::npos, "an untrusted plan sends no commands to the terminal");
  fuzz::holds(report::plan_markdown(*plan, {}).size() <= 60'000, "a comment keeps its bound");
  static_cast<void>(report::plan_junit(*plan));
  std::string const saved = json::compact(plan::document(*plan));
  auto const again = plan::read_document(saved, "plan.json");
  fuzz::holds(again.has_value(), "a plan can be saved again", again ? "" : describe(again.error()));
  fuzz::holds(plan::digest(*again) == plan::digest(*plan), "and is the same plan");
  return 0;
}
