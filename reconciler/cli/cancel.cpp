#include "cli/command.hpp"
#include "cli/one_change.hpp"
#include "cli/option_groups.hpp"

#include <algorithm>

namespace cpsctl::cli {
namespace {

struct Asked {
  WhichOne which = {};
  std::vector<std::string> confirm_delete = {};
};

Result<plan::Item> abandoning(OneEnrollment const& one, Asked const& asked) {
  plan::Item item = one.item;
  plan::Abandon abandon{.removes = false};
  for (lifecycle::Sight const& sight : one.sights) abandon.changes.push_back(sight.pending);
  std::ranges::reverse(abandon.changes);  // newest first
  item.reason = fmt::format("gives up {}", plan::named(abandon.changes));
  if (!item.deployed) {
    bool const consented = std::ranges::count(asked.confirm_delete, item.name) > 0;
    if (!consented)
      return Error{.code = Errc::guard_rail,
                   .message = fmt::format("{} was never deployed: it goes with its first change", item.name),
                   .next = fmt::format("if it is to be gone: cpsctl cancel {0} --confirm-delete {0}", item.name)};
    item.notes.emplace_back("it was never deployed, and is gone with its change; the next plan creates it anew");
    abandon.removes = one.managed;
  }
  // Nothing that anybody wrote down says that a cancel takes the document back, and nothing that it does not.
  if (item.deployed)
    item.notes.emplace_back(
        "CPS may keep in the enrollment what the change was to bring; then no plan shows a "
        "difference, and the next certificate brings it");
  item.work = std::move(abandon);
  return item;
}

/// cpsctl cancel: gives up what is pending.
Result<Exit> run(Asked const& asked, Options const& options, World& world) {
  CPS_CHECK(check_call(asked.which, "cpsctl cancel", options.global, world));
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(OneEnrollment const one, look_at_one(asked.which, "cpsctl cancel", account, world.clock.wall()));
    CPS_TRY(plan::Item item, abandoning(one, asked));
    return carry_by_hand({std::move(item)}, "Cancel", asked.which, account, options, world);
  });
}

}  // namespace

Command cancel_command() {
  return {
      .name = "cancel",
      .what = "Give up what is pending of an enrollment",
      .topic = "answers",
      .examples = {{{"cpsctl cancel shop-example-com --confirm-delete shop-example-com --yes",
                     "never deployed: the enrollment goes, too"},
                    {"cpsctl cancel shop-example-com --confirm-delete shop-example-com --yes -o json", "for programs"},
                    {"cpsctl cancel --id 10003 --confirm-delete shop-example-com --yes", "by its id at CPS"}}},
      .document = Document::result,
      .takes = [](Flags& flags, Options& options) -> Run {
        auto const asked = std::make_shared<Asked>();
        flags.add({"NAME", "name in the state", "", Names::managed}, asked->which.name);
        flags.add({"--id", "its id at CPS, if nobody manages it here", "ID"}, asked->which.id);
        flags.add({"--confirm-delete", "it was never deployed, and may go with its change", "NAME"},
                  asked->confirm_delete);
        flags.add({"-y,--yes", "do not ask"}, asked->which.yes);
        take_detailed(flags, options, "exit 2 while CPS works on a change");
        return with(asked, run);
      }};
}

}  // namespace cpsctl::cli
