#include "lifecycle/target.hpp"

#include "cps/changes.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using lifecycle::Keeps;
using lifecycle::Target;

TEST_CASE("target: how far a change has come, by what it waits for and by CPS's word") {
  struct Case {
    char const* status;
    std::optional<cps::InputKind> waits_for;
    bool validated, issued;
  };
  using enum cps::InputKind;
  Case const cases[] = {
      {"pre-verification-safety-checks", {}, false, false},
      {"wait-review-pre-verification-safety-checks", pre_verification_warnings, false, false},
      {"coodinate-domain-validation", domain_validation, false, false},
      {"coordinate-domain-validation", domain_validation, false, false},
      {"wait-upload-third-party", third_party_certificate, false, false},
      {"check-for-cert", {}, true, false},
      {"verify-third-party-cert", {}, true, false},
      {"wait-review-third-party-cert", post_verification_warnings, true, false},
      {"a word that is new", post_verification_warnings, true, false},
      {"deploy-cert-to-staging", {}, true, true},
      {"wait-ack-change-management", change_management, true, true},
      {"another new word", change_management, true, true},
      {"deploy-cert-to-production", {}, true, true},
      {"a word that nobody knows", {}, false, false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.status);
    cps::Change change{.state = cps::ChangeState::running, .status = c.status};
    if (c.waits_for) {
      change.state = cps::ChangeState::awaiting_input;
      change.inputs.push_back({.type = "input", .required = true, .kind = c.waits_for});
    }
    CHECK(lifecycle::has_reached(change, Target::submitted));
    CHECK(lifecycle::has_reached(change, Target::validated) == c.validated);
    CHECK(lifecycle::has_reached(change, Target::issued) == c.issued);
    CHECK_FALSE(lifecycle::has_reached(change, Target::deployed));
    change.state = cps::ChangeState::completed;
    CHECK(lifecycle::has_reached(change, Target::deployed));
  }
}

TEST_CASE("target: who keeps a change from it") {
  struct Case {
    char const* title;
    lifecycle::Due due;
    bool reached;
    Keeps keeps;
  };
  Case const cases[] = {
      {"CPS is at work", lifecycle::Waits{}, false, Keeps::others},
      {"a CA is", lifecycle::Waits{.who = lifecycle::Who::ca}, false, Keeps::others},
      {"the policy will be", lifecycle::Waits{.who = lifecycle::Who::policy}, false, Keeps::others},
      {"a person is", lifecycle::Waits{.who = lifecycle::Who::person}, false, Keeps::person},
      {"an answer is missing", lifecycle::Missing{}, false, Keeps::person},
      {"an answer can be given", lifecycle::Acknowledges{}, false, Keeps::others},
      {"an answer is missing, behind the target", lifecycle::Missing{}, true, Keeps::nobody},
      {"it has ended", lifecycle::Ended{}, false, Keeps::nobody},
      {"it does not go on", lifecycle::DeadEnd{}, false, Keeps::failure},
      {"it does not go on, behind the target", lifecycle::DeadEnd{}, true, Keeps::failure},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(lifecycle::keeps(c.due, c.reached) == c.keeps);
  }
}
