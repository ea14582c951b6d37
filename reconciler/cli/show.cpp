#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/saved_plan.hpp"
#include "plan/document.hpp"
#include "report/report.hpp"

#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

/// cpsctl show: a saved plan, also a stale one.
Result<Exit> run(std::string const& file, Options const& options, World& world) {
  CPS_TRY(plan::PlanView const plan, read_plan(file, world));
  report::Cost const cost;  // nothing was asked
  Product const product{.text =
                            [&](std::ostream& out, report::Style const& style) {
                              report::plan_text(plan, cost, style, out);
                              if (!plan.changes()) screen::line(out, "Digest: {}", plan::digest(plan));
                              auto const flags = flags_of(plan.consent);
                              screen::line(out, "Consent: {}",
                                           flags.empty() ? "none" : fmt::format("{}", fmt::join(flags, " ")));
                            },
                        .json = [&] { return plan::document(plan); },
                        .others = forms_of(PlanDocument{.plan = plan, .cost = cost}, world)};
  return delivered(product, Exit::done, options.global, world);
}

}  // namespace

Command show_command() {
  return {.name = "show",
          .what = "Print a saved plan",
          .topic = "plan",
          .examples = {{{"cpsctl show plan.json", "as plan printed it, with its digest"},
                        {"cpsctl show -o md plan.json", "as a comment for a pull request"},
                        {"cpsctl show --out junit=plan.xml plan.json", "as a report of tests as well"}}},
          .document = Document::plan,
          .works = Works::files,
          .takes = [](Flags& flags, Options&) -> Run {
            auto const file = std::make_shared<std::string>();
            flags.require({"PLAN", "a plan saved with plan --out json=FILE", "", Names::files}, *file);
            return with(file, run);
          }};
}

}  // namespace cpsctl::cli
