#include "cli/status_rows.hpp"

#include "cli/planning.hpp"
#include "plan/identity.hpp"
#include "report/mask.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace cpsctl::cli {
namespace {

using report::Condition;

/// What the plan thinks of an item, as a state of affairs.
Condition condition_of(plan::ItemView const& item) {
  switch (item.action) {
    case plan::Action::create: return Condition::missing;
    case plan::Action::update:
    case plan::Action::adopt: return item.state_only ? Condition::to_be_recorded : Condition::differs;
    case plan::Action::advance: return Condition::waits_for_input;
    case plan::Action::delete_: return item.steps.empty() ? Condition::being_deleted : Condition::to_be_deleted;
    case plan::Action::orphan: return Condition::orphan;
    case plan::Action::forget: return Condition::gone;
    case plan::Action::blocked: return item.waits ? Condition::waiting : Condition::blocked;
    case plan::Action::none: return Condition::in_progress;
  }
  return Condition::in_progress;
}

/// The schemas of the contracts, each in the version that it was listed in.
using Schemas = std::map<plan::Scope, std::shared_ptr<schema::Schema const>>;

Result<Schemas> schemas_of(plan::Inputs const& inputs) {
  Schemas all;
  for (auto const& [scope, listing] : inputs.listings) {
    CPS_TRY(auto schema, schema::enrollment(listing.api_schema));
    all.emplace(scope, std::move(schema));
  }
  return all;
}

/// Where it is deployed, as the list says it; expiry is not part of a list.
void tell_deployment(cps::Live const& live, schema::Schema const& schema, report::StatusRow& row) {
  row.production = plan::in_production(*live.document, schema);
  row.production_slots = plan::slots(*live.document, schema, "production");
  row.staging_slots = plan::slots(*live.document, schema, "staging");
  if (auto const start = plan::renewal_start(*live.document, schema)) row.renewal_start = timestamp(*start);
}

/// What CPS says of an enrollment, whatever a plan has to say about it.
void tell(cps::Live const& live, schema::Schema const& schema, report::StatusRow& row) {
  row.common_name = plan::common_name(*live.document, schema);
  row.kind = plan::kind_of(*live.document, schema);
  row.notes = plan::pending_notes(live);
  tell_deployment(live, schema, row);
}

report::StatusRow row_of(plan::ItemView const& item) {
  plan::ItemView const shown = report::masked(item);
  return {.name = shown.name,
          .id = shown.id,
          .contract = shown.contract,
          .account = shown.account,
          .common_name = shown.common_name,
          .kind = shown.validation_type,
          .condition = condition_of(shown),
          .reason = shown.reason,
          .next = shown.next,
          .production = shown.production,
          .notes = shown.notes};
}

/// An item of its own for the change of an enrollment that has a row already.
void add(plan::ItemView const& item, report::StatusRow& row) {
  report::StatusRow const other = row_of(item);
  if (report::is_quiet(row.condition)) {
    row.condition = other.condition;
    row.reason = other.reason;
    row.next = other.next;
  } else if (!report::is_quiet(other.condition)) {
    row.also.push_back(other.condition);
    for (std::string const& text : {other.reason, other.next.empty() ? "" : "next: " + other.next})
      if (!text.empty()) row.notes.push_back(text);
  }
  for (std::string const& note : other.notes)
    if (std::ranges::count(row.notes, note) == 0) row.notes.push_back(note);
}

}  // namespace

Result<std::vector<report::StatusRow>> managed_rows(plan::Inputs const& inputs, plan::PlanView const& plan,
                                                    Lives const& lives) {
  std::vector<report::StatusRow> rows;
  std::set<std::string> told;
  CPS_TRY(Schemas const schemas, schemas_of(inputs));
  for (plan::ItemView const& item : plan.items) {
    if (!told.insert(item.name).second) {  // items are sorted by name
      add(item, rows.back());
      continue;
    }
    report::StatusRow& row = rows.emplace_back(row_of(item));
    auto const schema = schemas.find({item.account, item.contract});
    cps::Live const* const live = schema == schemas.end() ? nullptr : lives.find(item.account, item.id);
    if (live != nullptr) tell_deployment(*live, *schema->second, row);
  }
  for (auto const& [name, entry] : inputs.entries) {
    auto const schema = schemas.find({entry.account, entry.contract});
    if (told.contains(name) || schema == schemas.end() || !inputs.selection.takes(name, entry.contract, entry.labels))
      continue;
    report::StatusRow row{.name = name,
                          .id = entry.id,
                          .contract = entry.contract,
                          .account = entry.account,
                          .common_name = entry.common_name,
                          .condition = inputs.desired.empty() ? Condition::managed : Condition::in_sync};
    if (cps::Live const* const live = lives.find(entry.account, entry.id)) tell(*live, *schema->second, row);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &report::StatusRow::name);
  return rows;
}

Result<std::vector<report::StatusRow>> unmanaged_rows(plan::Inputs const& inputs, plan::Plan const& plan) {
  std::set<std::int64_t> const ours = managed_ids(inputs, plan);
  std::vector<report::StatusRow> rows;
  CPS_TRY(Schemas const schemas, schemas_of(inputs));
  for (auto const& [scope, listing] : inputs.listings)
    for (cps::Live const& live : listing.enrollments) {
      if (ours.contains(live.id.value)) continue;
      report::StatusRow& row = rows.emplace_back(report::StatusRow{
          .id = live.id.value, .contract = scope.second, .account = scope.first, .condition = Condition::unmanaged});
      tell(live, *schemas.at(scope), row);
    }
  return rows;
}

Begun begun_of(std::vector<state::Event> const& history) {
  Begun begun;
  using state::Happened;
  for (state::Event const& event : history) {
    bool const wrote =
        event.what == Happened::created || event.what == Happened::updated || event.what == Happened::removing;
    if (!wrote) continue;
    for (std::int64_t const change : event.changes) begun.try_emplace({event.enrollment, change}, event.at);
  }
  return begun;
}

}  // namespace cpsctl::cli
