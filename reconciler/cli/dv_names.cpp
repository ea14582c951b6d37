#include "cli/dv_names.hpp"

#include "diff/compare.hpp"
#include "plan/identity.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

constexpr std::string_view dv = "dv";

/// Each once, as a host name is compared.
void add(DvName like, std::string const& domain, std::vector<DvName>& all) {
  auto const record = dns::challenge_name(domain);
  bool const known = std::ranges::any_of(
      all, [&](DvName const& one) { return one.enrollment == like.enrollment && diff::same_host(one.domain, domain); });
  if (!record || known) return;
  like.domain = domain;
  like.record = *record;
  all.push_back(std::move(like));
}

Result<> add_all(DvName const& like, json::Ref const& document, std::string const& api_schema,
                 std::vector<DvName>& all) {
  CPS_TRY(auto const schema, schema::enrollment(api_schema));
  if (plan::kind_of(*document, *schema) != dv) return {};
  for (std::string const& domain : plan::host_names(*document, *schema)) add(like, domain, all);
  return {};
}

manifest::Desired const* manifest_of(plan::Inputs const& inputs, std::string const& name) {
  auto const found = std::ranges::find(inputs.desired, name, &manifest::Desired::name);
  return found == inputs.desired.end() ? nullptr : &*found;
}

/// The enrollment of the state that has the id; nullptr: none.
state::Entry const* entry_of(plan::Inputs const& inputs, std::int64_t id) {
  auto const found = std::ranges::find_if(inputs.entries, [id](auto const& one) { return one.second.id == id; });
  return found == inputs.entries.end() ? nullptr : &found->second;
}

}  // namespace

Result<std::vector<DvName>> dv_names(plan::Inputs const& inputs, Lives const& lives) {
  std::vector<DvName> all;
  for (manifest::Desired const& one : inputs.desired) {
    if (!one.enrollment || !inputs.selection.takes(one.name, one.contract, one.labels)) continue;
    DvName const like{
        .enrollment = one.name, .account = plan::scope_of(one, inputs).first, .by = one.lifecycle.dv.publisher};
    CPS_CHECK(add_all(like, one.enrollment, one.api_schema, all));
  }
  for (auto const& [name, entry] : inputs.entries) {
    cps::Live const* const live = lives.find(entry.account, entry.id);
    if (live == nullptr || !inputs.selection.takes(name, entry.contract, entry.labels)) continue;
    DvName like{.enrollment = name, .account = entry.account};
    if (auto const* const wanted = manifest_of(inputs, name)) like.by = wanted->lifecycle.dv.publisher;
    CPS_CHECK(add_all(like, live->document, live->api_schema, all));
  }
  return all;
}

Result<std::vector<DvName>> unread_names(plan::Inputs const& inputs,
                                         std::set<std::pair<std::int64_t, std::string>> const& shown) {
  std::vector<DvName> all;
  for (auto const& [scope, listing] : inputs.listings) {
    for (cps::Live const& live : listing.enrollments) {
      if (live.pending.empty()) continue;
      state::Entry const* const entry = entry_of(inputs, live.id.value);
      DvName const like{.enrollment = entry != nullptr ? entry->name : fmt::format("enrollment {}", live.id.value),
                        .account = scope.first};
      std::vector<DvName> names;
      CPS_CHECK(add_all(like, live.document, live.api_schema, names));
      manifest::Desired const* const wanted = entry != nullptr ? manifest_of(inputs, entry->name) : nullptr;
      if (wanted != nullptr && wanted->enrollment)
        CPS_CHECK(add_all(like, wanted->enrollment, wanted->api_schema, names));
      std::erase_if(names, [&](DvName const& one) {
        return std::ranges::all_of(live.pending, [&](cps::PendingChange const& change) {
          return shown.contains({change.id.value, one.domain});
        });
      });
      std::ranges::move(names, std::back_inserter(all));
    }
  }
  return all;
}

}  // namespace cpsctl::cli
