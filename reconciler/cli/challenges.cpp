#include "report/challenges.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/asked.hpp"
#include "cli/command.hpp"
#include "cli/delegations.hpp"
#include "cli/dns_checks.hpp"
#include "cli/leftovers.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

struct Asked {
  std::vector<std::string> names = {};
  std::string zone = {};
  bool check = false;
  bool changed = false;
  bool leftovers = false;
  bool delegations = false;
};

/// A document, and how badly the reading went.
struct Read {
  report::Challenges document = {};
  std::vector<Without> without = {};
  Exit unread = Exit::done;
};

cps::Challenges const* challenges_of(ChangeSight const& sight) {
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  return info != nullptr ? std::get_if<cps::Challenges>(info) : nullptr;
}

/// Why a change that shows challenges has no token.
Without without_tokens(PendingChange const& pending, cps::Challenges const& challenges) {
  Without none{.name = pending.name, .change = pending.change.id.value};
  bool const all = !challenges.dv.empty() && std::ranges::all_of(challenges.dv, lifecycle::is_validated);
  none.later = !all;
  none.reason = all ? "the CA has validated all of its names" : "CPS asks the CA for challenges";
  return none;
}

/// What cannot be read hides no other.
Read document_of(std::vector<ChangeSight> const& sights) {
  Read read;
  for (ChangeSight const& sight : sights) {
    if (sight.failure) {
      note_failure(sight, *sight.failure, read.without, read.unread);
      continue;
    }
    PendingChange const& pending = sight.pending;
    cps::Challenges const* const challenges = challenges_of(sight);
    if (challenges == nullptr) {
      read.without.push_back(without(sight));
      continue;
    }
    lifecycle::Tokens const found = lifecycle::tokens(*challenges);
    for (std::string const& odd : found.odd)
      log::warning("{}: what CPS gives as {}: it is not printed", pending.name, odd);
    if (found.tokens.empty()) read.without.push_back(without_tokens(pending, *challenges));
    for (lifecycle::Token const& token : found.tokens)
      read.document.tokens.push_back(
          {.name = pending.name, .id = pending.enrollment.value, .change = pending.change.id.value, .token = token});
  }
  return read;
}

std::vector<std::string> named(report::Challenges const& document) {
  std::vector<std::string> names;
  std::ranges::transform(document.tokens, std::back_inserter(names), &report::TokenRow::name);
  return names;
}

/// --zone: the records of one zone; a zone has no files.
void keep_zone(std::string const& zone, report::Challenges& document) {
  if (zone.empty()) return;
  auto const outside = [&zone](std::string const& record) { return !report::lies_in(record, zone); };
  std::erase_if(document.tokens, [&](report::TokenRow const& row) { return outside(row.token.name); });
  std::erase_if(document.leftovers, [&](report::LeftoverRow const& row) { return outside(row.record); });
  std::erase_if(document.delegations, [&](report::DelegationRow const& row) { return outside(row.record); });
}

/// --changed: without the names of which a publisher was given a token that counts now; in one way is enough.
void keep_changed(std::vector<state::Publication> const& published, report::Challenges& document) {
  std::set<std::pair<std::int64_t, std::string>> known;
  for (report::TokenRow const& row : document.tokens)
    for (state::Publication const& one : published)
      if (one.change == row.change && one.domain == row.token.domain && one.value == row.token.value)
        known.emplace(row.change, row.token.domain);
  if (known.empty()) return;
  log::info("{} left out: the state has a value of each as published", text::counted(known.size(), "name"));
  std::erase_if(document.tokens, [&](report::TokenRow const& row) {
    return known.contains({row.change, row.token.domain});
  });
}

bool asks_for(Format format, GlobalOptions const& options) {
  return options.output == format || std::ranges::find(options.out, format, &OutFile::format) != options.out.end();
}

Result<> check(Asked& asked, GlobalOptions const& options) {
  if (asked.zone.ends_with('.')) asked.zone.pop_back();
  if (!asked.zone.empty() || !asks_for(Format::octodns, options)) return {};
  return usage("octoDNS keeps a file for each zone", "say which: --zone example.com");
}

Exit print(report::Challenges const& document, Asked const& asked, Exit exit, Options const& options, World& world) {
  return delivered(
      {.text = [&](std::ostream& out, report::Style const& style) { report::challenges_text(document, style, out); },
       .json = [&] { return report::challenges_document(document); },
       .others = forms_of(ChallengesDocument{document, asked.zone}, world)},
      exit, options.global, world);
}

/// --leftovers reads every change, as each may need what stands there; --delegations none.
Result<Exit> look_up(Asked const& asked, Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    bool const leftovers = asked.leftovers;
    CPS_TRY(Answers const answers,
            read_wanted({}, {.takes = [leftovers](PendingChange const& one) { return leftovers && one.kind == "dv"; }},
                        account));
    CPS_TRY(dns::Network network, dns_network(options.global, account.connection(), world));
    report::Challenges document;
    if (leftovers)
      CPS_CHECK(find_leftovers(answers, network, account, world.clock, document));
    else
      CPS_CHECK(find_delegations(answers, network, account, world.clock, document));
    Exit exit = Exit::done;
    std::vector<Without> unread;
    for (ChangeSight const& sight : answers.sights)
      if (sight.failure) note_failure(sight, *sight.failure, unread, exit);
    keep_zone(asked.zone, document);
    for (report::TokenlessRow const& one : document.without)
      log::warning("{}: not looked up: {}", one.name, one.reason);
    if (leftovers && document.leftovers.empty()) log::info("nothing is left over, as far as it could be looked up");
    if (!leftovers && document.delegations.empty())
      log::info("there is no DV enrollment{}", narrowed(answers.inputs.selection));
    return print(document, asked, exit, options, world);
  });
}

/// cpsctl challenges: one list per contract, and for each change that is pending two requests.
Result<Exit> run(Asked asked, Options options, World& world) {
  CPS_CHECK(check(asked, options.global));
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  if (asked.leftovers || asked.delegations) return look_up(asked, options, world);
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(Answers const answers, read_wanted(asked.names,
                                               {.takes = [](PendingChange const& one) { return one.kind == "dv"; },
                                                .otherwise = "it is no DV enrollment: no token is published for it"},
                                               account));
    Read read = document_of(answers.sights);
    read.without.insert(read.without.end(), answers.never.begin(), answers.never.end());
    auto const with_tokens = named(read.document);
    if (asked.changed) keep_changed(account.contents().publications, read.document);
    keep_zone(asked.zone, read.document);
    if (asked.check) {
      CPS_TRY(dns::Network network, dns_network(options.global, account.connection(), world));
      CPS_CHECK(check_records(read.document, network, account.connection(), world.clock));
    }
    for (Without const& one : read.without)
      read.document.without.push_back(
          {.name = one.name, .change = one.change, .reason = one.reason, .later = one.later});
    tell_without(read.without, with_tokens, asked.names, "no token to publish");
    if (with_tokens.empty() && read.without.empty())
      log::info("no change{} waits for a name to be validated", narrowed(answers.inputs.selection));
    Exit const exit = worse(exit_of(asked.names, with_tokens, read.without), read.unread);
    return print(read.document, asked, exit, options, world);
  });
}

}  // namespace

Command challenges_command() {
  return {
      .name = "challenges",
      .what = "Print the tokens that wait to be published",
      .topic = "dv",
      .examples = {{{"cpsctl challenges", "of all changes that wait for one"},
                    {"cpsctl challenges -o nsupdate", "as commands for your name server"},
                    {"cpsctl challenges -o octodns --zone example.com", "the records of a zone for octoDNS"}}},
      .document = Document::challenges,
      .works = Works::asking_cps,
      .takes = [](Flags& flags, Options& options) -> Run {
        auto const asked = std::make_shared<Asked>();
        flags.add({"NAME", "manifest names (default: all)", "", Names::enrollments}, asked->names);
        take_selection(flags, options);
        flags.add({"--check", "ask the name servers for each record"}, asked->check);
        flags.add({"--changed", "only names of which the state has no value as published"}, asked->changed);
        flags.add({"--leftovers", "values in DNS that no pending change needs, in place of tokens"}, asked->leftovers);
        flags.add({"--delegations", "CNAMEs to set once, in place of tokens"}, asked->delegations);
        for (std::string const other : {"--check", "--changed"})
          for (std::string const mode : {"--leftovers", "--delegations"}) flags.exclude(mode, other);
        flags.exclude("--leftovers", "--delegations");
        flags.add({"--zone", "only records of this zone", "ZONE"}, asked->zone);
        return with(asked, run);
      }};
}

}  // namespace cpsctl::cli
