// decide() leads a change of the embedded CPS to its end: what CPS really shows is what the decisions are made for.
#include "cps/wire.hpp"

#include "lifecycle/cases.hpp"
#include "lifecycle/decide.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;
using namespace cpsctl::lifecycle::test;

namespace {

/// Looks at the change when its turn comes and sends what is due, as a run does; a person publishes challenges.
class Run {
 public:
  Run(cpsctl::test::Wire& at, Policy answers) : wire(at), policy(std::move(answers)) {}

  cpsctl::test::Wire& wire;
  Policy policy;
  std::optional<Given> given = {};
  std::optional<WallTime> since = {};
  std::string seen_as = {};
  int gone = 0;                         ///< how often an input was shown whose information was there no more
  std::vector<std::string> steps = {};  ///< what was due, once for each time that it changed

  void note(std::string step) {
    if (steps.empty() || steps.back() != step) steps.push_back(std::move(step));
  }

  /// What is due of the change as CPS has it now; its input's information is read if that is asked for.
  Next look(cps::Change const& change) {
    std::string const as = fmt::format("{} {}", change.status, change.inputs.size());
    if (as != seen_as) since = change.answered;
    seen_as = as;
    if (change.inputs.empty()) given.reset();
    if (given) ++given->looks;
    Seen seen{
        .name = "www", .change = change, .since = since, .given = given, .differences = std::vector<std::string>()};
    Next next = decide(seen, lifecycle::Owner::ours, policy, change.answered.value());
    if (auto const* const reads = std::get_if<Reads>(&next.due)) {
      auto const info = wire.info(reads->input);
      if (info) {
        seen.info = *info;
        given_if_answered_ = answer_digest(*info);
      } else {
        CHECK(info.error().code == Errc::not_found);  // CPS still shows what it was given
        seen.info = Gone();
        ++gone;
      }
      next = decide(seen, lifecycle::Owner::ours, policy, change.answered.value());
    }
    return next;
  }

  void send(cps::Input const& input, cps::Answer answer) {
    auto const done = wire.answer(input, std::move(answer));
    CHECK_MESSAGE(done.has_value(), done);
    given = Given{.update = input.update, .digest = given_if_answered_};
  }

  void act(Due const& due) {
    note(word(due));
    if (auto const* const warnings = std::get_if<Acknowledges>(&due)) send(warnings->input, cps::Acknowledge());
    if (auto const* const approves = std::get_if<Approves>(&due))
      send(approves->input, cps::Approve{.validation_result_hash = approves->validation_result_hash});
    if (is_challenge(due)) send(std::get<Missing>(due).input, cps::Acknowledge());
  }

  static bool is_challenge(Due const& due) {
    auto const* const missing = std::get_if<Missing>(&due);
    return missing != nullptr && missing->input.kind == cps::InputKind::domain_validation;
  }

  /// Until the change has ended, or nothing is due but what a person must do; how often it was read.
  int go() {
    for (int looks = 1; looks < 200; ++looks) {
      auto const change = wire.change();
      if (!change) {
        CHECK(change.error().code == Errc::not_found);
        return looks;
      }
      Next const next = look(*change);
      act(next.due);
      if (std::holds_alternative<Missing>(next.due) && !is_challenge(next.due)) return looks;
      wire.clock.pass(std::max(next.look_after, Duration(std::chrono::seconds(1))));
    }
    FAIL("the change does not end");
    return 0;
  }

 private:
  std::string given_if_answered_ = {};
};

}  // namespace

TEST_CASE("wire: a policy leads a change to production, whatever CPS still shows of what it was given") {
  for (int const echo : {0, 2}) {
    CAPTURE(echo);
    cpsctl::test::Wire wire({.warnings = {{.when = sandbox::Warning::When::before, .text = harmless},
                                          {.when = sandbox::Warning::When::after, .text = "Unsorted trust chain"}},
                             .input_echo = echo});
    wire.create(cpsctl::test::body("lets-encrypt", "dv", ""));
    Run run(wire, willing());
    // The sandbox's time is the machine's: the answers must not have ended by then.
    run.policy.lifecycle.acknowledge[0].until = day_of(wire.clock.wall() + std::chrono::days(30));
    int const looks = run.go();
    CHECK(looks < 60);
    CHECK((run.gone > 0) == (echo > 0));
    std::vector<std::string> answers;
    for (std::string const& step : run.steps)
      if (!step.starts_with("waits")) answers.push_back(step);
    CHECK(answers == std::vector<std::string>{"acknowledges", "missing", "acknowledges", "approves"});
    CHECK_FALSE(wire.change().has_value());
  }
}

TEST_CASE("wire: without a policy a change stands at its first input") {
  cpsctl::test::Wire wire({.warnings = {{.when = sandbox::Warning::When::before, .text = harmless}}});
  wire.create(cpsctl::test::body("lets-encrypt", "dv", ""));
  Run run(wire, {});
  run.go();
  CHECK(run.steps.back() == "missing");
  auto const change = wire.change();
  REQUIRE(change.has_value());
  CHECK(change->inputs.at(0).kind == cps::InputKind::pre_verification_warnings);
}
