#include "report/status.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/changes.hpp"
#include "cli/command.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace cpsctl::cli {
namespace {

/// Conditions that say no more than that CPS is at work, or nothing is.
std::set<std::string> const waiting_at_cps{"in progress", "in sync", "managed"};

/// What the plan thinks of an item, as a state of affairs.
std::string condition_of(plan::ItemView const& item) {
  switch (item.action) {
    case plan::Action::create: return "missing";
    case plan::Action::update:
    case plan::Action::adopt: return item.state_only ? "to be recorded" : "differs";
    case plan::Action::advance: return "waits for input";
    case plan::Action::delete_: return item.steps.empty() ? "being deleted" : "to be deleted";
    case plan::Action::orphan: return "orphan";
    case plan::Action::forget: return "gone";
    case plan::Action::blocked: return item.waits ? "waiting" : "blocked";
    case plan::Action::none: return "in progress";
  }
  return "";
}

/// Where it is deployed, as the list says it; expiry is not part of a list.
void tell_deployment(cps::Live const& live, schema::Schema const& schema, report::StatusRow& row) {
  row.production_slots = plan::slots(*live.document, schema, "production");
  row.staging_slots = plan::slots(*live.document, schema, "staging");
  if (auto const start = plan::renewal_start(*live.document, schema)) row.renewal_start = timestamp(*start);
}

/// What CPS says of an enrollment, whatever a plan has to say about it.
void tell(cps::Live const& live, schema::Schema const& schema, report::StatusRow& row) {
  row.common_name = plan::common_name(*live.document, schema);
  row.kind = plan::kind_of(*live.document, schema);
  row.production = plan::in_production(*live.document, schema);
  row.notes = plan::pending_notes(live);
  tell_deployment(live, schema, row);
}

/// A contract as CPS listed it, for one question after another.
struct Contract {
  std::shared_ptr<schema::Schema const> schema;
  plan::Index listed;
};

Result<std::map<plan::Scope, Contract>> contracts_of(plan::Inputs const& inputs) {
  std::map<plan::Scope, Contract> contracts;
  for (auto const& [scope, listing] : inputs.listings) {
    CPS_TRY(auto schema, schema::enrollment(listing.api_schema));
    plan::Index index(listing, *schema);
    contracts.emplace(scope, Contract{.schema = std::move(schema), .listed = std::move(index)});
  }
  return contracts;
}

/// The enrollment of this id, in its contract's list or by the look-up that the list made necessary.
cps::Live const* live_of(plan::Inputs const& inputs, plan::Index const& listed, std::int64_t id) {
  if (cps::Live const* const live = listed.by_id(id)) return live;
  auto const lookup = inputs.lookups.find(id);
  return lookup != inputs.lookups.end() && lookup->second ? &*lookup->second : nullptr;
}

/// One row for each enrollment that a manifest or the state knows.
Result<std::vector<report::StatusRow>> managed(plan::Inputs const& inputs, plan::PlanView const& plan) {
  std::vector<report::StatusRow> rows;
  std::set<std::string> told;
  CPS_TRY(auto const contracts, contracts_of(inputs));
  for (plan::ItemView const& item : plan.items) {
    told.insert(item.name);
    report::StatusRow row{.name = item.name,
                          .id = item.id,
                          .contract = item.contract,
                          .account = item.account,
                          .common_name = item.common_name,
                          .kind = item.validation_type,
                          .condition = condition_of(item),
                          .production = item.production,
                          .notes = item.notes};
    if (auto const contract = contracts.find({item.account, item.contract}); contract != contracts.end())
      if (cps::Live const* const live = live_of(inputs, contract->second.listed, item.id))
        tell_deployment(*live, *contract->second.schema, row);
    if (!item.reason.empty()) row.notes.push_back(item.reason);
    if (!item.next.empty()) row.notes.push_back("next: " + item.next);
    rows.push_back(std::move(row));
  }
  for (auto const& [name, entry] : inputs.entries) {
    auto const contract = contracts.find({entry.account, entry.contract});
    if (told.contains(name) || contract == contracts.end() ||
        !inputs.selection.takes(name, entry.contract, entry.labels))
      continue;
    report::StatusRow row{.name = name,
                          .id = entry.id,
                          .contract = entry.contract,
                          .account = entry.account,
                          .common_name = entry.common_name,
                          .condition = inputs.desired.empty() ? "managed" : "in sync"};
    if (cps::Live const* const live = live_of(inputs, contract->second.listed, entry.id))
      tell(*live, *contract->second.schema, row);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &report::StatusRow::name);
  return rows;
}

Result<std::vector<report::StatusRow>> unmanaged(plan::Inputs const& inputs, plan::Plan const& plan) {
  std::set<std::int64_t> const ours = managed_ids(inputs, plan);
  std::vector<report::StatusRow> rows;
  for (auto const& [scope, listing] : inputs.listings) {
    CPS_TRY(auto const schema, schema::enrollment(listing.api_schema));
    for (cps::Live const& live : listing.enrollments) {
      if (ours.contains(live.id.value)) continue;
      report::StatusRow row{
          .id = live.id.value, .contract = scope.second, .account = scope.first, .condition = "unmanaged"};
      tell(live, *schema, row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// Does CPS work on one of them?
bool goes_on(plan::Inputs const& inputs, std::vector<report::StatusRow> const& rows) {
  std::set<std::int64_t> shown;
  for (report::StatusRow const& row : rows) shown.insert(row.id);
  auto const at_work = [&](cps::Live const& live) { return shown.contains(live.id.value) && !live.pending.empty(); };
  auto const listed = [&](auto const& one) { return std::ranges::any_of(one.second.enrollments, at_work); };
  auto const looked_up = [&](auto const& one) { return one.second && at_work(*one.second); };
  return std::ranges::any_of(inputs.listings, listed) || std::ranges::any_of(inputs.lookups, looked_up);
}

/// The manifests by name.
using Wanted = std::map<std::string, manifest::Desired const*>;

Wanted wanted(plan::Inputs const& inputs) {
  Wanted all;
  for (manifest::Desired const& one : inputs.desired) all.emplace(one.name, &one);
  return all;
}

manifest::Desired const* find(Wanted const& wanted, std::string const& name) {
  auto const found = wanted.find(name);
  return found == wanted.end() ? nullptr : found->second;
}

/// What the policy in force says, and in which light.
lifecycle::Policy policy_of(PendingChange const& pending, manifest::Desired const* desired) {
  lifecycle::Policy policy{.standing = lifecycle::Standing::orphan};
  if (std::ranges::count(pending.removal, pending.change.id.value) > 0)
    policy.standing = lifecycle::Standing::removal;
  else if (desired != nullptr)
    policy.standing = lifecycle::Standing::manifest;
  if (desired != nullptr) policy.lifecycle = desired->lifecycle;
  return policy;
}

/// Whose the change is, as far as state and plan tell.
lifecycle::Owner owner_of(PendingChange const& pending, plan::ItemView const* planned) {
  std::vector<std::int64_t> ours = pending.ours;
  ours.insert(ours.end(), pending.removal.begin(), pending.removal.end());
  bool const differs = planned != nullptr && !planned->changes.empty();
  return lifecycle::owner_of(pending.change, ours,
                             differs ? lifecycle::Managed::differs : lifecycle::Managed::as_wanted);
}

/// Where it goes on, as this program sends no answers: what a policy would answer is a person's, too.
std::string elsewhere(lifecycle::Due const& due, cps::Input const* input) {
  if (std::holds_alternative<lifecycle::DeadEnd>(due))
    return "cancel it in Akamai Control Center, or ask Akamai's support; then plan again";
  if (input != nullptr && input->kind == cps::InputKind::third_party_certificate)
    return "have it signed, and upload the certificate in Akamai Control Center";
  return "answer it in Akamai Control Center";
}

/// Names what there is: commands of this program, else Akamai's pages.
void name_what_exists(report::ChangeRow& row, ChangeSight const& sight, lifecycle::Due const& due,
                      std::string const& hold) {
  auto const exists = [](std::string_view line) {
    auto const at = line.find("cpsctl ");
    if (at == line.npos) return true;
    std::string_view const rest = line.substr(at + 7);
    return command_named(rest.substr(0, rest.find(' '))) != nullptr;
  };
  cps::Input const* const input = lifecycle::input_of(*sight.change);
  bool const signs = input != nullptr && input->kind == cps::InputKind::third_party_certificate;
  std::erase_if(row.next, [&](std::string const& line) { return !exists(line); });
  row.yaml.clear();
  if (row.who == lifecycle::Who::policy) {
    row.who = lifecycle::Who::person;
    row.because.emplace_back("the manifest allows it; this version of cpsctl does not send answers yet");
    if (signs) row.next.push_back("cpsctl csr " + sight.pending.name);
  }
  bool const on_hold = std::holds_alternative<lifecycle::Waits>(due) && !hold.empty();
  if (row.who == lifecycle::Who::person && !on_hold) row.next.push_back(elsewhere(due, input));
}

report::ChangeRow row_of(ChangeSight const& sight, manifest::Desired const* desired, plan::ItemView const* planned,
                         WallTime asked) {
  PendingChange const& pending = sight.pending;
  lifecycle::Owner const owner = owner_of(pending, planned);
  if (!sight.change)
    return {.id = pending.change.id.value,
            .type = pending.change.type,
            .owner = owner,
            .what = "it has ended since the list was read"};
  lifecycle::Seen const seen{
      .name = pending.name, .type = pending.change.type, .change = *sight.change, .info = sight.info};
  WallTime const now = sight.change->answered.value_or(asked);
  lifecycle::Policy const policy = policy_of(pending, desired);
  lifecycle::Next const next = lifecycle::decide(seen, owner, policy, now);
  report::ChangeRow row = report::change_row(seen, owner, next);
  name_what_exists(row, sight, next.due, policy.lifecycle.hold);
  return row;
}

/// Requests are shared: of many pending changes a quarter of what CPS allows is spent on, unless they are named.
std::size_t looks_allowed(Settings const& settings, plan::Inputs const& inputs) {
  auto const slowest = cps::slowest(settings.windows);
  if (!slowest || !inputs.selection.names.empty()) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max(1, slowest->requests / 4));
}

/// Reads the pending changes of the rows, and tells what is due. False: some were not looked at.
Result<bool> tell_changes(plan::Inputs const& inputs, plan::PlanView const& plan, Account& account,
                          std::vector<report::StatusRow>& rows) {
  CPS_TRY(std::vector<PendingChange> pending, pending_changes(inputs, plan, Lives(inputs)));
  std::size_t const allowed = looks_allowed(account.settings(), inputs);
  bool const all = pending.size() <= allowed;
  if (!all) {
    log::info("{} of {} are looked at; name enrollments to see theirs", allowed,
              text::counted(pending.size(), "pending change"));
    pending.resize(allowed);
  }
  CPS_TRY(auto const sights, look_at(std::move(pending), account.connection()));
  plan::ByKey const planned(plan);
  Wanted const manifests = wanted(inputs);
  for (ChangeSight const& sight : sights) {
    if (sight.failure) return *sight.failure;
    std::string const& name = sight.pending.name;
    auto const row = std::ranges::lower_bound(rows, name, {}, &report::StatusRow::name);
    if (row == rows.end() || row->name != name) continue;
    std::erase(row->notes, plan::pending_note(sight.pending.change));
    row->changes.push_back(row_of(sight, find(manifests, name), planned.find({.name = name}), inputs.now));
    if (report::waits_for_person(*row) && waiting_at_cps.contains(row->condition)) row->condition = "waits for input";
  }
  for (report::StatusRow& row : rows) {
    manifest::Desired const* const desired = find(manifests, row.name);
    if (desired == nullptr || desired->lifecycle.hold.empty()) continue;
    std::string const hold = "on hold: " + desired->lifecycle.hold;
    if (std::ranges::count(row.notes, hold) == 0) row.notes.push_back(hold);
  }
  return all;
}

struct Asked {
  std::vector<std::string> names = {};  ///< globs like those of --name
  bool unmanaged = false;
};

/// With --detailed-exitcode: CPS is at work, or may be (`all`: every change was looked at), or somebody else has to be.
Exit exit_of(plan::Inputs const& inputs, std::vector<report::StatusRow> const& rows, bool all) {
  bool works = !all;
  bool due = false;
  for (report::StatusRow const& row : rows)
    for (report::ChangeRow const& change : row.changes) {
      if (!change.who) continue;
      bool const other = *change.who == lifecycle::Who::person || *change.who == lifecycle::Who::ca;
      (other ? due : works) = true;
    }
  if (works || (!due && goes_on(inputs, rows))) return Exit::changes;
  return due ? Exit::needs_action : Exit::done;
}

/// cpsctl status: one list per contract; for a pending change one request more, and one for what it waits for.
Result<Exit> run(Asked const& asked, Options options, World& world) {
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests(Account::Manifests::if_any));
    CPS_CHECK(account.connect());
    CPS_CHECK(account.look());
    plan::Inputs known = account.inputs(std::move(manifests));
    CPS_CHECK(check_words(known, asked.unmanaged));
    // What a contract holds can be asked before anything of it is managed.
    if (asked.unmanaged) list_too(known.selection.contracts, account.connection().default_account, known);
    if (asked.unmanaged && plan::scopes(known).empty())
      return usage("no contract is known here: there are neither manifests nor a state",
                   "name one: cpsctl status --unmanaged --contract ID");
    CPS_TRY(plan::Inputs const inputs, account.ask(std::move(known)));
    CPS_TRY(plan::Plan const plan, plan::make_plan(inputs));
    plan::PlanView const seen = plan::view(plan);
    CPS_TRY(auto rows, asked.unmanaged ? unmanaged(inputs, plan) : managed(inputs, seen));
    bool all = true;
    if (!asked.unmanaged) {
      CPS_TRY(all, tell_changes(inputs, seen, account, rows));
    }
    return delivered(
        {.text = [&](std::ostream& out, report::Style const& style) { report::status_text(rows, style, out); },
         .json = [&] { return report::status_document(rows); }},
        options.detailed_exitcode ? exit_of(inputs, rows, all) : Exit::done, options.global, world);
  });
}

}  // namespace

Command status_command() {
  return {.name = "status",
          .what = "Show what CPS has of each enrollment",
          .examples = {{{"cpsctl status", "every enrollment of the manifests and the state"},
                        {"cpsctl status shop-example-com", "one of them"},
                        {"cpsctl status --unmanaged", "what the contracts have that nobody manages"}}},
          .works = Works::asking_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({"NAME", "manifest names (default: all)", "", Names::enrollments}, asked->names);
            take_selection(flags, options);
            take_detailed(flags, options, "exit 2 while CPS works on a change, 3 when others must act");
            flags.add({"--unmanaged", "list enrollments in neither the state nor a manifest"}, asked->unmanaged);
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
