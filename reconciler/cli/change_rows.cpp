#include "cli/change_rows.hpp"

#include "base/text.hpp"
#include "cli/command.hpp"
#include "diff/compare.hpp"
#include "lifecycle/pending.hpp"
#include "pki/certificate.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

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

/// A file that is not there yet answers nothing.
void look_for_files(ChangeSight const& sight, Around const& around, lifecycle::Due& due) {
  auto const* const uploads = std::get_if<lifecycle::Uploads>(&due);
  if (uploads == nullptr) return;
  std::vector<std::string> lacking;
  for (std::string const& file : uploads->source.files) {
    auto const kind = around.files.kind(std::filesystem::path(around.folder) / file);
    if (!kind || *kind != FileKind::file) lacking.push_back(file);
  }
  if (lacking.empty()) return;
  due = lifecycle::Missing{.input = uploads->input,
                           .what = "the certificate for its CSR",
                           .because = {fmt::format("the manifest names {}, and {} not there", fmt::join(lacking, ", "),
                                                   lacking.size() == 1 ? "it is" : "they are")},
                           .commands = {"cpsctl csr " + sight.pending.name}};
}

/// Answers that would still be given, had they not ended.
void tell_ended_answers(lifecycle::Due const& due, lifecycle::Policy const& policy, WallTime now,
                        report::ChangeRow& row) {
  auto const* const missing = std::get_if<lifecycle::Missing>(&due);
  if (missing == nullptr) return;
  for (lifecycle::Warning const& warning : missing->unanswered)
    for (manifest::Acknowledgement const& one : policy.lifecycle.acknowledge) {
      lifecycle::Policy alone = policy;
      alone.lifecycle.acknowledge = {one};
      bool const answered = one.until.ok() && is_answered(alone, warning, std::chrono::sys_days(one.until));
      if (answered && !is_answered(alone, warning, now))
        row.because.push_back(fmt::format("your acknowledgement of {} ended on {}", warning.id, day_text(one.until)));
    }
}

/// Those that a person should look at before they end.
void tell_ending_answers(lifecycle::Policy const& policy, WallTime now, report::ChangeRow& row) {
  for (lifecycle::Ending const& one : lifecycle::ending_answers(policy.lifecycle, now))
    if (!one.ended)
      row.notes.push_back(fmt::format("the acknowledgement of {} ends on {}", one.warning, day_text(one.until)));
}

/// The set of host names that the common name belongs to.
schema::Field const* names_field(schema::Schema const& schema) {
  auto const found = std::ranges::find_if(schema.telling(), [](schema::Field const* field) {
    return field->list == schema::ListKind::set && field->derived != nullptr && !field->derived->includes.empty();
  });
  return found == schema.telling().end() ? nullptr : *found;
}

std::vector<std::string> names_of(json::Value const& document, schema::Schema const& schema) {
  std::vector<std::string> names{plan::common_name(document, schema)};
  schema::Field const* const field = names_field(schema);
  json::Value const* const list = field == nullptr ? nullptr : json::at(document, field->pointer);
  if (list != nullptr && list->IsArray())
    for (json::Value const& name : list->GetArray()) names.emplace_back(json::text_or(&name, ""));
  std::erase(names, "");
  return names;
}

}  // namespace

std::optional<std::vector<std::string>> differences(cps::PendingDeployment const& pending,
                                                    manifest::Desired const& desired, cps::Live const& live) {
  auto const schema = schema::enrollment(desired.api_schema);
  if (!schema) return std::nullopt;
  std::vector<std::vector<std::string>> names;
  for (cps::PendingCertificate const& one : pending.certificates) {
    auto const certificate = pki::read_certificate(one.full_certificate);
    if (!certificate) return std::nullopt;
    std::vector<std::string>& of = names.emplace_back();
    for (pki::AlternativeName const& name : certificate->names)
      if (name.kind == pki::NameKind::dns) of.push_back(name.value);
  }
  json::Document const wanted = diff::update_body(*desired.enrollment, *live.document, **schema);
  auto const network = std::ranges::find((*schema)->telling(), "network-settings", &schema::Field::tells);
  json::Value const* const settings =
      network == (*schema)->telling().end() ? nullptr : json::at(*desired.enrollment, (*network)->pointer);
  json::Value const none;
  return lifecycle::pending_differences(pending, names, names_of(wanted, **schema),
                                        settings == nullptr ? none : *settings);
}

ToldChange tell_change(ChangeSight const& sight, Around const& around) {
  PendingChange const& pending = sight.pending;
  lifecycle::Owner const owner = owner_of(pending, around.planned);
  report::ChangeRow row{
      .id = pending.change.id.value, .type = pending.change.type, .owner = owner, .begun = around.begun};
  if (sight.change) {
    row.state = sight.change->state_text;
    row.status = sight.change->status;
  }
  if (sight.failure) {
    row.what = sight.change ? "what it waits for could not be read" : "it could not be read";
    row.error = describe(*sight.failure);
    if (!sight.failure->next.empty()) row.next.push_back(sight.failure->next);
    return {.row = std::move(row)};
  }
  if (!sight.change) {
    row.what = "it has ended since the list was read";
    return {.row = std::move(row)};
  }
  lifecycle::Seen seen{.name = pending.name,
                       .type = pending.change.type,
                       .change = *sight.change,
                       .info = sight.info,
                       .since = around.since,
                       .staging_since = around.staging_since,
                       .live_expires = around.live_expires};
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  auto const* const deployment = info != nullptr ? std::get_if<cps::PendingDeployment>(info) : nullptr;
  if (deployment != nullptr && around.desired != nullptr && around.live != nullptr)
    seen.differences = differences(*deployment, *around.desired, *around.live);
  WallTime const now = sight.change->answered.value_or(around.asked);
  lifecycle::Policy const policy = policy_of(pending, around.desired);
  lifecycle::Next next = lifecycle::decide(seen, owner, policy, now);
  look_for_files(sight, around, next.due);
  row = report::change_row(seen, owner, next);
  row.begun = around.begun;
  tell_ended_answers(next.due, policy, now, row);
  tell_ending_answers(policy, now, row);
  name_what_exists(row, sight, next.due, policy.lifecycle.hold);
  return {.row = std::move(row), .look_after = next.look_after};
}

}  // namespace cpsctl::cli
