#include "sandbox/steps.hpp"

#include "sandbox/changes.hpp"
#include "sandbox/motion.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

/// The statuses through which a change goes, with the type of the input that each waits for.
std::string walk(Change change) {
  std::string steps;
  while (Step const* const next = step_after(change)) {
    if (!steps.empty()) steps += ' ';
    steps += next->status;
    if (next->input) steps += fmt::format("({})", names_of(*next->input).type);
    change.status = next->status;
  }
  return steps;
}

TEST_CASE("steps: each kind of change goes its way") {
  std::string const deployed = " create-slot-files deploy-cert-to-staging deploy-cert-to-production live-check-action";
  std::string const approved =
      " create-slot-files deploy-cert-to-staging wait-ack-change-management(change-management) "
      "deploy-cert-to-production live-check-action";
  std::string const challenges = "coordinate-domain-validation(lets-encrypt-challenges)";
  std::string const upload = "generate-csr wait-upload-third-party(third-party-certificate) verify-third-party-cert";
  std::string const safe = "pre-verification-safety-checks ";
  std::string const reviewed_before =
      "wait-review-pre-verification-safety-checks(pre-verification-warnings-acknowledgement) ";
  std::string const reviewed = "(post-verification-warnings-acknowledgement)";
  struct Case {
    char const* title;
    Change change;
    std::string steps;
  };
  Case const cases[] = {
      {"dv", {.validation = "dv"}, safe + challenges + " check-for-cert" + deployed},
      {"dv, approved", {.validation = "dv", .approval = true}, safe + challenges + " check-for-cert" + approved},
      {"dv, warned before and after",
       {.validation = "dv", .warned_before = "a", .warned_after = "b"},
       safe + reviewed_before + challenges + " check-for-cert wait-review-cert-warning" + reviewed + deployed},
      {"third-party", {.validation = "third-party"}, safe + upload + deployed},
      {"third-party, approved", {.validation = "third-party", .approval = true}, safe + upload + approved},
      {"third-party, warned",
       {.validation = "third-party", .warned_after = "b"},
       safe + upload + " wait-review-third-party-cert" + reviewed + deployed},
      {"ov", {.validation = "ov"}, safe + "generate-csr check-for-cert" + deployed},
      {"ev, approved, warned",
       {.validation = "ev", .warned_after = "b", .approval = true},
       safe + "generate-csr check-for-cert wait-review-cert-warning" + reviewed + approved},
      {"the network's settings",
       {.work = Work::network, .validation = "dv"},
       "deploy-changes-to-staging forward-create-slot-files forward-live-check-action"},
      {"the network's settings, approved",
       {.work = Work::network, .validation = "ov", .approval = true},
       "deploy-changes-to-staging wait-ack-change-management(change-management) forward-create-slot-files "
       "forward-live-check-action"},
      {"a removal", {.work = Work::removal, .validation = "dv"}, "deprovision-cert"},
      {"a removal that stops on a warning",
       {.work = Work::removal, .validation = "dv", .warned_after = "b"},
       "wait-review-cert-warning" + reviewed + " deprovision-cert"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(walk(c.change) == c.steps);
    }
  }
}

TEST_CASE(
    "steps: on every path a status stands once, persons alone give inputs, one step takes the time, the end is an "
    "end") {
  for (char const* const validation : {"dv", "third-party", "ov", "ev"})
    for (Work const work : {Work::certificate, Work::network, Work::removal}) {
      CAPTURE(validation);
      auto const path = path_of(validation, work);
      std::set<std::string_view> seen;
      int lasting = 0;
      for (Step const* const step : path) {
        CAPTURE(step->status);
        CHECK(seen.insert(step->status).second);
        CHECK((step->mover == Mover::person) == step->input.has_value());
        CHECK(step->usual > Duration::zero());
        lasting += step->lasting ? 1 : 0;
      }
      CHECK(lasting == 1);
      CHECK(path.back()->brings == Brings::end);
      CHECK(path.back()->only == Only::always);
    }
}

TEST_CASE("steps: an input is known by its tails") {
  for (Input const input : {Input::pre_verification_warnings, Input::challenges, Input::certificate,
                            Input::post_verification_warnings, Input::approval}) {
    CHECK(input_with_info(names_of(input).info) == input);
    CHECK(input_with_update(names_of(input).update) == input);
  }
  CHECK_FALSE(input_with_info("third-party-certificate"));
  CHECK_FALSE(input_with_update(""));
}

TEST_CASE("motion: when a change leaves its step by itself") {
  WallTime const now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
  std::string const begun = timestamp(now);
  auto const at = [&](char const* status, char const* validation = "dv", Work work = Work::certificate) {
    return Change{.status = status, .created = begun, .work = work, .validation = validation, .since = begun};
  };
  Enrollment const live{.expires = timestamp(now + 10 * 24h), .deployed = true};
  struct Case {
    char const* title;
    Change change;
    Behaviour behaviour;
    std::optional<Duration> after;
    Enrollment enrollment = {};
  };
  Change dated = at("deploy-cert-to-production");
  dated.not_before = timestamp(now + 24h);
  Change last_day = at("coordinate-domain-validation");
  last_day.not_after = timestamp(now + 24h);
  Change scheduled = at("wait-ack-change-management");
  scheduled.not_before = dated.not_before;
  Change given = at("coordinate-domain-validation");
  given.reads_left = 2;
  Behaviour const usual{.pace = Pace::usual};
  Behaviour const waiting{.pace = Pace::usual, .inputs = Inputs::wait};
  Behaviour const hour{.complete_after = 1h};
  Behaviour const hour_waiting{.complete_after = 1h, .inputs = Inputs::wait};
  Case const cases[] = {
      {"never: a person is waited for", at("coordinate-domain-validation"), {}, {}},
      {"never: so is the authority", at("check-for-cert", "ov"), {}, {}},
      {"never: other work takes no time", at("check-for-cert"), {}, 0ms},
      {"never: the network's settings stay", at("deploy-changes-to-staging", "dv", Work::network), {}, {}},
      {"never: an approval is waited for", at("wait-ack-change-management"), {}, {}},
      {"together: the lasting step takes the time", at("coordinate-domain-validation"), hour, 1h},
      {"together: an approval counts as given", at("wait-ack-change-management"), hour, 0ms},
      {"together: or is waited for", at("wait-ack-change-management"), hour_waiting, {}},
      {"together: what follows an input is not over sooner", at("live-check-action"), hour_waiting, 1h},
      {"usual: as long as at CPS", at("deploy-cert-to-production"), usual, 20min},
      {"usual: a person is as slow as usual", at("wait-upload-third-party", "third-party"), usual, 24h},
      {"usual: or is waited for", at("wait-upload-third-party", "third-party"), waiting, {}},
      {"a deployment date", dated, usual, 24h},
      {"the last day, and a millisecond", last_day, waiting, 24h + 1ms},
      {"the last day is nothing where no time passes", last_day, {}, {}},
      {"an approval that nobody gives: seven days before the end", at("wait-ack-change-management"), waiting, 3 * 24h,
       live},
      {"but not with a deployment date", scheduled, waiting, {}, live},
      {"an input that was given stays until it was read", given, usual, {}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const when = due(c.enrollment, c.change, c.behaviour);
      REQUIRE(when.has_value() == c.after.has_value());
      if (when) CHECK(*when - now == *c.after);
    }
  }
}

}  // namespace
}  // namespace cpsctl::sandbox::test
