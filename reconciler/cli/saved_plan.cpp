#include "cli/saved_plan.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "manifest/saved.hpp"
#include "plan/document.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

constexpr std::size_t longest_plan = std::size_t{4} << 30;

/// The part of a plan's consent that goes beyond what this run allows.
plan::Consent beyond(plan::Consent const& saved, plan::Consent const& allowed) {
  using manifest::OnPendingChange;
  auto const others = [](std::vector<std::string> names, std::vector<std::string> const& known) {
    std::erase_if(names, [&](std::string const& name) { return std::ranges::count(known, name) > 0; });
    return names;
  };
  plan::Consent more{.confirm_delete = others(saved.confirm_delete, allowed.confirm_delete),
                     .recreate = others(saved.recreate, allowed.recreate),
                     .override_renewal_window = others(saved.override_renewal_window, allowed.override_renewal_window)};
  if (saved.allow_delete && (!allowed.allow_delete || saved.max_deletes > allowed.max_deletes)) {
    more.allow_delete = true;
    more.max_deletes = saved.max_deletes;
  }
  auto const pending = saved.on_pending.value_or(OnPendingChange::refuse);
  bool const same = pending == allowed.on_pending ||
                    (pending == OnPendingChange::wait && allowed.on_pending == OnPendingChange::cancel);
  if (pending != OnPendingChange::refuse && !same) more.on_pending = pending;
  return more;
}

/// Is there a limit of changes that the plan was not held against?
bool loosens_changes(plan::Consent const& saved, plan::Consent const& allowed) {
  auto const looser = [](std::optional<std::int64_t> const& here, std::optional<std::int64_t> const& limit) {
    return limit && (!here || *here > *limit);
  };
  return looser(saved.max_changes, allowed.max_changes) ||
         looser(saved.max_changes_percent, allowed.max_changes_percent);
}

}  // namespace

Result<plan::PlanView> read_plan(std::string const& file, World& world) {
  auto const text = world.files.read(file, longest_plan);
  if (!text) {
    Error error = text.error();
    if (error.next.empty())
      error.next =
          fmt::format("check the path, or save a plan there: cpsctl plan --out json={}", text::printable(file));
    return error;
  }
  CPS_TRY(plan::PlanView plan, plan::read_document(*text, file));
  for (plan::ItemView& item : plan.items) {
    auto const checked = item.desired ? manifest::check_saved(*item.desired) : Result<>();
    if (!checked) return Error(checked.error()).within("reading " + file);
  }
  return plan;
}

std::vector<std::string> flags_of(plan::Consent const& consent) {
  std::vector<std::string> flags;
  auto const names = [&flags](char const* flag, std::vector<std::string> const& each) {
    for (std::string const& name : each) flags.push_back(fmt::format("{} {}", flag, text::printable(name)));
  };
  if (consent.allow_delete) flags.emplace_back("--allow-delete");
  if (consent.allow_delete && consent.max_deletes > 0)
    flags.push_back(fmt::format("--max-deletes {}", consent.max_deletes));
  if (consent.max_changes) flags.push_back(fmt::format("--max-changes {}", *consent.max_changes));
  if (consent.max_changes_percent) flags.push_back(fmt::format("--max-changes {}%", *consent.max_changes_percent));
  names("--confirm-delete", consent.confirm_delete);
  names("--recreate", consent.recreate);
  names("--override-renewal-window", consent.override_renewal_window);
  if (consent.on_pending) flags.push_back(fmt::format("--on-pending {}", fields::word(*consent.on_pending)));
  return flags;
}

Result<> check_consent(plan::Consent const& saved, plan::Consent const& allowed) {
  if (auto const missing = flags_of(beyond(saved, allowed)); !missing.empty())
    return Error{
        .code = Errc::guard_rail,
        .message =
            fmt::format("the plan was made with consent that this call does not give: {}", fmt::join(missing, " ")),
        .next = "look at the plan with cpsctl show PLAN, then add these flags; or make the plan again without them"};
  if (!loosens_changes(saved, allowed)) return {};
  return Error{.code = Errc::guard_rail,
               .message = "the plan was made without the limit of changes that holds here (--max-changes)",
               .next = "make the plan again with it, or give --max-changes as the plan had it"};
}

}  // namespace cpsctl::cli
