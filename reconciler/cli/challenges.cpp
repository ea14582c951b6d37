#include "report/challenges.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/asked.hpp"
#include "cli/command.hpp"
#include "cli/dns_checks.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

struct Asked {
  std::vector<std::string> names = {};
  std::string zone = {};
  bool check = false;
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
  std::erase_if(document.tokens, [&](report::TokenRow const& row) { return !report::lies_in(row.token, zone); });
}

bool asks_for(Format format, GlobalOptions const& options) {
  return options.output == format || std::ranges::find(options.out, format, &OutFile::format) != options.out.end();
}

Result<> check(Asked& asked, GlobalOptions const& options) {
  if (asked.zone.ends_with('.')) asked.zone.pop_back();
  if (!asked.zone.empty() || !asks_for(Format::octodns, options)) return {};
  return usage("octoDNS keeps a file for each zone", "say which: --zone example.com");
}

/// cpsctl challenges: one list per contract, and for each change that is pending two requests.
Result<Exit> run(Asked asked, Options options, World& world) {
  CPS_CHECK(check(asked, options.global));
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(Answers const answers, read_wanted(asked.names,
                                               {.takes = [](PendingChange const& one) { return one.kind == "dv"; },
                                                .otherwise = "it is no DV enrollment: no token is published for it"},
                                               account));
    Read read = document_of(answers.sights);
    read.without.insert(read.without.end(), answers.never.begin(), answers.never.end());
    auto const with_tokens = named(read.document);
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
    return delivered({.text = [&](std::ostream& out,
                                  report::Style const& style) { report::challenges_text(read.document, style, out); },
                      .json = [&] { return report::challenges_document(read.document); },
                      .others = forms_of(ChallengesDocument{read.document, asked.zone}, world)},
                     exit, options.global, world);
  });
}

}  // namespace

Command challenges_command() {
  return {.name = "challenges",
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
            flags.add({"--zone", "only TXT records of this zone", "ZONE"}, asked->zone);
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
