#include "cli/planning.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "diff/compare.hpp"
#include "http/crew.hpp"
#include "plan/identity.hpp"
#include "plan/publications.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

using Errors = std::vector<Error>;

/// "contract 1-1TJZH5 of account 1-5C0YLB": two accounts may know the same contracts, and fail alike.
std::string words_of(plan::Scope const& scope) {
  auto const& [account, contract] = scope;
  return account.empty() ? "contract " + contract : fmt::format("contract {} of account {}", contract, account);
}

/// The version below; nothing below the lowest.
std::optional<std::string> lower(std::string const& api_schema) {
  auto const versions = schema::enrollment_versions();
  auto const here = std::ranges::find(versions, api_schema);
  return here == versions.begin() || here == versions.end() ? std::nullopt : std::optional(*std::prev(here));
}

/// In the version that the manifests want, or else in the highest below it that CPS serves: the plan holds back what
/// needs more.
http::Task<> list_one(cps::Reader& reader, plan::Scope scope, std::string api_schema, plan::Inputs& inputs,
                      Errors& errors) {
  auto listing = co_await reader.list(scope.first, scope.second, api_schema);
  for (auto below = lower(api_schema); !listing && listing.error().code == Errc::not_served && below;
       below = lower(*below)) {
    log::warning("{}: CPS does not serve API version {}; it is read in {}", words_of(scope), api_schema, *below);
    listing = co_await reader.list(scope.first, scope.second, *below);
  }
  if (listing)
    inputs.listings.insert_or_assign(scope, std::move(*listing));
  else
    errors.push_back(std::move(listing).error().within("listing " + words_of(scope)));
}

http::Task<> look_up(cps::Reader& reader, plan::Lookup lookup, plan::Inputs& inputs, Errors& errors) {
  cps::EnrollmentId const id{lookup.id};
  auto live = co_await reader.get(lookup.scope.first, id, lookup.api_schema, lookup.name);
  if (live)
    plan::learn(inputs, lookup, std::move(*live));
  else if (live.error().code == Errc::not_found)
    plan::learn(inputs, lookup, std::nullopt);
  else
    errors.push_back(std::move(live).error().within(
        fmt::format("looking up enrollment {} in {}", lookup.id, words_of(lookup.scope))));
}

/// All that went wrong is reported; the first error ends the command.
Result<> outcome(Errors errors) {
  if (errors.empty()) return {};
  for (std::size_t i = 1; i < errors.size(); ++i) log::error("{}", describe(errors[i]));
  return std::move(errors.front());
}

/// What manifests and state know, to check words against.
struct Known {
  struct One {
    std::string name, contract, common_name, id;
    std::map<std::string, std::string> const* labels;
  };
  std::vector<One> all = {};

  explicit Known(plan::Inputs const& inputs) {
    for (manifest::Desired const& one : inputs.desired)
      all.push_back({one.name, one.contract, desired_name(one), "", &one.labels});
    for (auto const& [name, entry] : inputs.entries)
      all.push_back({name, entry.contract, entry.common_name, std::to_string(entry.id), &entry.labels});
    for (state::Record const& intent : inputs.open_intents)
      if (intent.entry)
        all.push_back({intent.name, intent.entry->contract, intent.entry->common_name, "", &intent.entry->labels});
  }

  static std::string desired_name(manifest::Desired const& one) {
    auto const schema = schema::enrollment(one.api_schema);
    return schema && one.enrollment ? plan::common_name(*one.enrollment, **schema) : std::string();
  }
  std::vector<std::string> words(std::string One::*member) const {
    std::set<std::string> found;
    for (One const& one : all)
      if (!(one.*member).empty()) found.insert(one.*member);
    return {found.begin(), found.end()};
  }
};

Error fits_nothing(std::string const& what, std::string const& word, std::vector<std::string> const& known,
                   std::string next = {}) {
  if (next.empty()) {
    auto const near = text::nearest(word, known);
    std::vector<std::string> some(known.begin(), known.begin() + std::min<std::ptrdiff_t>(5, std::ssize(known)));
    next = near ? fmt::format("did you mean {}?", *near)
                : fmt::format("known here: {}{}", fmt::join(some, ", "), known.size() > some.size() ? " …" : "");
    if (known.empty()) next = "manifests and state know none";
  }
  return {
      .code = Errc::usage,
      .message = fmt::format("{} {} matches nothing that the manifests or the state know", what, text::printable(word)),
      .next = text::printable(next)};
}

Result<> check_name(std::string const& what, std::string const& word, Known const& known) {
  auto const fits = [&](Known::One const& one) { return text::glob_matches(word, one.name); };
  if (std::ranges::any_of(known.all, fits)) return {};
  auto const other = std::ranges::find_if(known.all, [&](Known::One const& one) {
    return one.id == word || (!one.common_name.empty() && diff::same_host(one.common_name, word));
  });
  std::string const next =
      other == known.all.end()
          ? std::string()
          : fmt::format("{} is the {} of {}", word, other->id == word ? "id" : "common name", other->name);
  return fits_nothing(what, word, known.words(&Known::One::name), next);
}

}  // namespace

Result<> check_words(plan::Inputs const& inputs, bool contracts_at_cps) {
  plan::Selection const& selection = inputs.selection;
  plan::Consent const& consent = inputs.consent;
  if (selection.everything() && consent.confirm_delete.empty() && consent.recreate.empty() &&
      consent.override_renewal_window.empty())
    return {};
  Known const known(inputs);
  for (std::string const& name : selection.names) CPS_CHECK(check_name("the name", name, known));
  auto const contracts = known.words(&Known::One::contract);
  for (std::string const& contract : selection.contracts)
    if (!contracts_at_cps && std::ranges::count(contracts, contract) == 0)
      return fits_nothing("the contract", contract, contracts);
  for (auto const& [key, value] : selection.labels) {
    auto const has = [&](Known::One const& one) {
      auto const label = one.labels->find(key);
      return label != one.labels->end() && label->second == value;
    };
    if (std::ranges::any_of(known.all, has)) continue;
    std::set<std::string> labels;
    for (Known::One const& one : known.all)
      for (auto const& [name, word] : *one.labels) labels.insert(name + "=" + word);
    return fits_nothing("the label", key + "=" + value, {labels.begin(), labels.end()});
  }
  for (auto const& [flag, names] :
       {std::pair("--confirm-delete", &consent.confirm_delete), std::pair("--recreate", &consent.recreate),
        std::pair("--override-renewal-window", &consent.override_renewal_window)})
    for (std::string const& name : *names)
      if (auto const fits = check_name(flag, name, known); !fits)  // a run that is repeated may have done it before
        log::warning("{}; {}", fits.error().message, fits.error().next);
  return {};
}

http::Task<Result<plan::Inputs>> read_account(cps::Reader reader, Connection const& connection, plan::Inputs inputs) {
  auto const to_the_end = [] { return false; };
  auto const found = plan::scopes(inputs);
  std::vector<std::pair<plan::Scope, std::string>> const scopes(found.begin(), found.end());
  Errors errors;
  auto const list_next = [&](std::size_t at) {
    return list_one(reader, scopes[at].first, scopes[at].second, inputs, errors);
  };
  co_await http::crew(*connection.loop, connection.parallelism, scopes.size(), to_the_end, list_next);
  CPS_CO_CHECK(outcome(std::exchange(errors, {})));

  for (plan::Scope const& scope : plan::scopes_of_publications(inputs)) {
    co_await list_one(reader, scope, schema::enrollment_versions().front(), inputs, errors);
    for (Error const& error : std::exchange(errors, {})) {
      if (error.code == Errc::cancelled) co_return error;
      log::warning(
          "values that were published for {} stay where they are, as nobody can say whether they are needed: "
          "{}; next: run with credentials that see that contract",
          words_of(scope), describe(error));
    }
  }

  // Requests are money: once it is plain that too much is gone, nobody asks for the rest (plan's mass_absence blocks).
  std::vector<plan::Lookup> lookups = plan::lookups_needed(inputs);
  while (!lookups.empty()) {
    std::vector<plan::Lookup> const round = plan::next_round(lookups, inputs);
    auto const look_up_next = [&](std::size_t at) { return look_up(reader, round[at], inputs, errors); };
    co_await http::crew(*connection.loop, connection.parallelism, round.size(), to_the_end, look_up_next);
    CPS_CO_CHECK(outcome(std::exchange(errors, {})));
  }
  co_return inputs;
}

void list_too(std::vector<std::string> const& contracts, std::string const& account, plan::Inputs& inputs) {
  for (std::string const& contract : contracts)
    inputs.also_listed.try_emplace({account, contract}, schema::enrollment_versions().front());
}

std::set<std::int64_t> managed_ids(plan::Inputs const& inputs, plan::Plan const& plan) {
  std::set<std::int64_t> ids;
  for (auto const& [name, entry] : inputs.entries) ids.insert(entry.id);
  for (plan::Item const& item : plan.items) ids.insert(item.id);
  return ids;
}

cps::Requests requests_to_apply(plan::PlanView const& plan) {
  cps::Requests requests;
  for (plan::ItemView const& item : plan.items)
    if (!item.steps.empty()) requests[item.account] += item.steps.size();
  return requests;
}

}  // namespace cpsctl::cli
