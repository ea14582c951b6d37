#include "base/log.hpp"
#include "cli/changes.hpp"
#include "cli/command.hpp"
#include "cli/histories.hpp"
#include "cli/one_change.hpp"
#include "cli/option_groups.hpp"
#include "lifecycle/by_hand.hpp"
#include "lifecycle/certificates.hpp"
#include "lifecycle/history.hpp"
#include "lifecycle/owner.hpp"
#include "pki/pile.hpp"
#include "plan/advance.hpp"
#include "plan/situation.hpp"
#include "plan/watch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

struct Asked {
  WhichOne which = {};
  std::vector<std::string> words = {};  ///< [NAME] FILE…
};

/// The first word is a name if the state has it and no file is called so.
Result<std::vector<pki::Source>> read_files(Asked& asked, Account& account, World& world) {
  std::vector<std::string> files = asked.words;
  bool const named = account.contents().entries.contains(files.front());
  auto const kind = world.files.kind(files.front());
  bool const is_file = kind && *kind == FileKind::file;
  if (named && is_file)
    return usage(fmt::format("{} is a name in the state and a file, too", files.front()),
                 fmt::format("write ./{} for the file", files.front()));
  if (named) {
    asked.which.name = files.front();
    files.erase(files.begin());
  }
  if (files.empty()) return usage("no file is given", fmt::format("cpsctl upload {} FILE", asked.which.name));
  std::vector<pki::Source> sources;
  for (std::string const& file : files) {
    CPS_TRY(FileKind const found, world.files.kind(file));
    if (found == FileKind::missing && (named || files.size() > 1 || !sources.empty()))
      return usage(fmt::format("there is no file {}", text::printable(file)),
                   "give the path of a file of certificates");
    if (found == FileKind::missing)
      return usage(fmt::format("{} is neither a file nor a name in the state", text::printable(file)),
                   "see: cpsctl state list");
    CPS_TRY(std::string content, world.files.read(file, pki::longest_text));
    sources.push_back({.name = file, .text = std::move(content)});
  }
  return sources;
}

/// What cannot be used, whatever waits: a private key, no certificate at all. Errors: guard_rail, with all of it.
Result<> check_usable(std::vector<pki::Source> const& sources) {
  pki::Pile const pile = pki::read_pile(sources);
  std::vector<std::string> wrong;
  std::vector<std::string> next;
  for (pki::Finding const& one : pile.findings) {
    if (one.level != pki::Level::error) continue;
    wrong.push_back(lifecycle::words(one));
    if (!one.next.empty() && std::ranges::count(next, one.next) == 0) next.push_back(one.next);
  }
  if (wrong.empty()) return {};
  return Error{.code = Errc::guard_rail,
               .message = fmt::format("nothing is uploaded: {}", fmt::join(wrong, "; ")),
               .next = fmt::format("{}", fmt::join(next, "; "))};
}

/// What the files have for what the change waits for; nothing if that is something else. `former`: CSRs of earlier
/// changes, as far as they are known.
Result<std::optional<lifecycle::Offer>> offer_for(OneEnrollment const& one, lifecycle::Sight const& sight,
                                                  std::vector<pki::Source> const& sources, state::Entry const* entry,
                                                  std::vector<pki::FormerCsr> former = {}) {
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  auto const* const csrs = info == nullptr ? nullptr : std::get_if<cps::Csrs>(info);
  if (csrs == nullptr) return std::optional<lifecycle::Offer>();
  cps::Live const& live = one.item.live;
  CPS_TRY(auto const schema, schema::enrollment(live.api_schema));
  manifest::Lifecycle const lifecycle = entry != nullptr ? plan::policy_of(*entry) : manifest::Lifecycle();
  WallTime const now = sight.change->answered.value_or(WallTime());
  lifecycle::Order order = plan::order_of(csrs->csrs, live, *schema, lifecycle, now);
  order.former = std::move(former);
  return std::optional(lifecycle::offer_of(order, sources));
}

state::Entry const* entry_of(Account const& account, std::string const& name) {
  auto const entry = account.contents().entries.find(name);
  return entry == account.contents().entries.end() ? nullptr : &entry->second;
}

/// A certificate is for no CSR that is known: CPS's history may tell which one that was. What cannot be read leaves the
/// offer as it was. Errors: cancelled, internal.
Result<> look_back(OneEnrollment const& one, std::vector<pki::Source> const& sources, state::Entry const* entry,
                   Account& account, lifecycle::Sight& sight) {
  if (!sight.offer || !sight.offer->unknown_key) return {};
  std::vector<History> asked{{.name = one.item.name, .account = one.item.account, .enrollment = {one.item.id}}};
  CPS_TRY(auto const histories, read_histories(std::move(asked), account.connection()));
  for (History const& history : histories) {
    if (history.failure) {
      sight.offer->because.push_back(unread_history(*history.failure));
    } else {
      CPS_TRY(sight.offer, offer_for(one, sight, sources, entry, lifecycle::former_csrs(history.changes)));
    }
  }
  return {};
}

/// The certificates of one enrollment. Errors: guard_rail, with everything that is wrong with them.
Result<std::vector<plan::Item>> for_one(OneEnrollment one, std::vector<pki::Source> const& sources, Account& account) {
  std::optional<Error> refused;
  for (lifecycle::Sight& sight : one.sights) {
    state::Entry const* const entry = entry_of(account, one.item.name);
    CPS_TRY(sight.offer, offer_for(one, sight, sources, entry));
    CPS_CHECK(look_back(one, sources, entry, account, sight));
    auto due = lifecycle::uploaded(plan::seen_of(sight, {}, {}));
    if (due) return std::vector{answering(one, sight, std::move(*due))};
    if (!refused) refused = due.error();
  }
  return *refused;
}

/// The changes that wait for a certificate, and for none of those that are given.
class Unfit {
 public:
  void add(lifecycle::Sight const& sight, Error const& why) {
    waiting_.push_back(sight.name);
    // One for a CSR of the change, with something wrong about it: the others are none of its business.
    bool const meant = !sight.offer->unknown_key && !sight.offer->next.empty();
    if (!meant) return;
    whys_.push_back(fmt::format("{}: {}", sight.name, why.message));
    if (std::ranges::count(next_, why.next) == 0) next_.push_back(why.next);
  }

  Error error() const {
    Error made{.code = Errc::guard_rail};
    if (!whys_.empty()) {
      made.message = fmt::format("{}", fmt::join(whys_, "; "));
      made.next = fmt::format("{}", fmt::join(next_, "; "));
    } else if (waiting_.empty()) {
      made.message = "no change waits for a certificate that is signed outside CPS";
      made.next = "look at what is pending: cpsctl status";
    } else {
      made.message =
          fmt::format("no change waits for one of these: their keys belong to no CSR of {}", fmt::join(waiting_, ", "));
      made.next = "name the enrollment that one is for, and CPS's history is looked at, too: cpsctl upload NAME FILE";
    }
    return made;
  }

 private:
  std::vector<std::string> waiting_ = {};  ///< names
  std::vector<std::string> whys_ = {};
  std::vector<std::string> next_ = {};
};

/// Certificates of many enrollments in one call: what is for one of them is no news of the others.
class Strays {
 public:
  /// Takes what is said of them out of the offer's notes.
  void take(lifecycle::Offer& offer) {
    std::erase_if(offer.notes, [&](std::string const& note) { return std::ranges::count(offer.strays, note) > 0; });
    if (std::exchange(first_, false)) of_all_ = offer.strays;
    std::erase_if(of_all_, [&](std::string const& one) { return std::ranges::count(offer.strays, one) == 0; });
  }
  /// Those that no change waits for.
  void tell() const {
    for (std::string const& one : of_all_) log::warning("{}, nor to any other that is answered here: left out", one);
  }

 private:
  bool first_ = true;
  std::vector<std::string> of_all_ = {};
};

/// Whatever waits for one of these certificates: one list a contract, and two requests for each change.
Result<std::vector<plan::Item>> for_all(std::vector<pki::Source> const& sources, Account& account) {
  CPS_TRY(plan::Inputs const inputs, account.ask(account.inputs({})));
  CPS_TRY(plan::Plan const planned, plan::make_plan(inputs));
  Lives const lives(inputs);
  CPS_TRY(auto pending, pending_changes(inputs, plan::view(planned), lives));
  std::erase_if(pending, [](PendingChange const& one) { return one.kind != "third-party"; });
  CPS_TRY(auto const seen, look_at(std::move(pending), account.connection()));
  std::vector<plan::Item> items;
  Unfit unfit;
  Strays strays;
  for (ChangeSight const& one : seen) {
    if (one.failure) return *one.failure;
    if (!one.change) continue;
    state::Entry const* const entry = entry_of(account, one.pending.name);
    cps::Live const* const live = lives.find(one.pending.account, one.pending.enrollment.value);
    if (entry == nullptr || live == nullptr) continue;
    OneEnrollment enrollment{.ours = one.pending.ours, .managed = true};
    CPS_TRY(enrollment.item, as_shown(entry->name, {entry->account, entry->contract}, *live));
    lifecycle::Sight sight{
        .name = one.pending.name, .pending = one.pending.change, .change = one.change, .info = one.info};
    CPS_TRY(sight.offer, offer_for(enrollment, sight, sources, entry));
    auto due = lifecycle::uploaded(plan::seen_of(sight, {}, {}));
    if (due) strays.take(*sight.offer);
    if (due)
      items.push_back(answering(enrollment, sight, std::move(*due)));
    else if (sight.offer)
      unfit.add(sight, due.error());
  }
  strays.tell();
  if (!items.empty()) return items;
  return unfit.error();
}

/// cpsctl upload: signed certificates, in any order and number, to the changes that wait for them.
Result<Exit> run(Asked const& given, Options const& options, World& world) {
  Asked asked = given;
  WhichOne const any{.name = "any", .yes = asked.which.yes};
  CPS_CHECK(check_call(any, "cpsctl upload", options.global, world));
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_CHECK(account.read_settings());
    CPS_CHECK(account.connect());
    CPS_CHECK(account.open("cpsctl upload"));
    CPS_TRY(auto const sources, read_files(asked, account, world));
    CPS_CHECK(check_usable(sources));
    std::vector<plan::Item> items;
    if (asked.which.name.empty()) {
      CPS_TRY(items, for_all(sources, account));
    } else {
      CPS_TRY(OneEnrollment one, read_one(asked.which, account, world.clock.wall()));
      CPS_TRY(items, for_one(std::move(one), sources, account));
    }
    return carry_by_hand(std::move(items), "Upload", asked.which, account, options, world);
  });
}

}  // namespace

Command upload_command() {
  return {.name = "upload",
          .what = "Upload certificates that your CA has signed",
          .topic = "third-party",
          .examples = {{{"cpsctl upload api-example-com api.pem --yes", "the certificate and its chain, in one file"},
                        {"cpsctl upload api-example-com chain.pem leaf.pem --yes", "in any order and number"},
                        {"cpsctl upload --yes signed.pem", "to whichever enrollments wait for them"}}},
          .document = Document::result,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.require({"[NAME] FILE", "name in the state, then files of certificates (PEM)", "", Names::files},
                          asked->words);
            flags.add({"-y,--yes", "do not ask"}, asked->which.yes);
            take_detailed(flags, options, "exit 2 while CPS works on a change");
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
