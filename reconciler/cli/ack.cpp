#include "cli/command.hpp"
#include "cli/one_change.hpp"
#include "cli/option_groups.hpp"
#include "lifecycle/by_hand.hpp"
#include "plan/watch.hpp"

namespace cpsctl::cli {
namespace {

struct Asked {
  WhichOne which = {};
  std::string fingerprint = {};
};

/// cpsctl ack: what a change waits for is answered by a person: warnings, challenges, an approval.
Result<Exit> run(Asked const& asked, Options const& options, World& world) {
  CPS_CHECK(check_call(asked.which, "cpsctl ack", options.global, world));
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(OneEnrollment const one, look_at_one(asked.which, "cpsctl ack", account, world.clock.wall()));
    std::optional<Error> refused;
    for (lifecycle::Sight const& sight : one.sights) {
      auto due = lifecycle::acknowledged(plan::seen_of(sight, {}, world.clock.wall()), asked.fingerprint);
      if (due)
        return carry_by_hand({answering(one, sight, std::move(*due))}, "Acknowledge", asked.which, account, options,
                             world);
      if (!refused) refused = due.error();
    }
    return *refused;
  });
}

}  // namespace

Command ack_command() {
  return {.name = "ack",
          .what = "Answer what a pending change asks you",
          .topic = "answers",
          .examples = {{{"cpsctl ack shop-example-com --yes", "warnings, or that challenges are published"},
                        {"cpsctl ack shop-example-com --yes -o json", "for programs"},
                        {"cpsctl ack --id 10003 --yes", "an enrollment that nobody manages here"}}},
          .document = Document::result,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({"NAME", "name in the state", "", Names::managed}, asked->which.name);
            flags.add({"--id", "its id at CPS, if nobody manages it here", "ID"}, asked->which.id);
            flags.add({"--fingerprint", "approve this and nothing else (cpsctl status prints it)", "F"},
                      asked->fingerprint);
            flags.add({"-y,--yes", "do not ask"}, asked->which.yes);
            take_detailed(flags, options, "exit 2 while CPS works on a change");
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
