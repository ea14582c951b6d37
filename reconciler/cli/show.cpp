#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/saved_plan.hpp"
#include "plan/document.hpp"
#include "report/report.hpp"

#include <fmt/ranges.h>

namespace cpsctl::cli {

/// cpsctl show: a saved plan, also a stale one.
Result<Exit> run_show(Options const& options, World& world) {
  CPS_TRY(plan::PlanView const plan, read_plan(options.name, world));
  Product const product{.text =
                            [&](std::ostream& out, report::Style const& style) {
                              report::plan_text(plan, {}, style, out);
                              if (!plan.changes()) screen::line(out, "Digest: {}", plan::digest(plan));
                              auto const flags = flags_of(plan.consent);
                              screen::line(out, "Consent: {}",
                                           flags.empty() ? "none" : fmt::format("{}", fmt::join(flags, " ")));
                            },
                        .json = [&] { return plan::document(plan); },
                        .md = [&] { return report::plan_markdown(plan, {}); },
                        .junit = [&] { return report::plan_junit(plan); }};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
