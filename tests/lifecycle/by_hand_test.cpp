// A person's answers: whoever began the change and whatever the policy says, but only to what is asked.
#include "lifecycle/by_hand.hpp"

#include "lifecycle/cases.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;
using namespace cpsctl::lifecycle::test;
using cps::InputKind;

namespace {

/// "acknowledges"; or why not, and the next step.
std::string said(Result<Due> const& due) {
  if (due) return word(*due);
  CHECK(due.error().code == Errc::guard_rail);
  return due.error().message + " | " + due.error().next;
}

Seen staged(cps::PendingDeployment deployment) {
  Seen seen = waiting(InputKind::change_management);
  seen.info = cps::InputInfo(std::move(deployment));
  return seen;
}

Seen offered(std::optional<Offer> offer) {
  Seen seen = waiting(InputKind::third_party_certificate);
  seen.offer = std::move(offer);
  return seen;
}

}  // namespace

TEST_CASE("by hand: warnings and challenges are acknowledged, known or not") {
  for (InputKind const kind :
       {InputKind::pre_verification_warnings, InputKind::post_verification_warnings, InputKind::domain_validation})
    CHECK(said(acknowledged(waiting(kind), "")) == "acknowledges");
  Seen seen = waiting(InputKind::pre_verification_warnings);
  seen.info = cps::InputInfo(cps::WarningsText{.warnings = fmt::format("{}\nThe moon is full.", harmful)});
  auto const due = acknowledged(seen, "");
  REQUIRE(due.has_value());
  CHECK(std::get<Acknowledges>(*due).entries.size() == 2);
}

TEST_CASE("by hand: an approval names what is on staging, and that alone") {
  cps::PendingDeployment failed = pending();
  failed.errors = {{.message = "the chain is broken"}};
  struct Case {
    char const* title;
    Seen seen;
    std::string fingerprint;
    std::string said;
  };
  Case const cases[] = {
      {"what is shown", staged(pending()), "sha256:f1", "approves"},
      {"nothing", staged(pending()), "",
       "an approval names what it approves: the fingerprint of what is on staging | test what is on staging, then: "
       "cpsctl ack www --fingerprint sha256:f1"},
      {"something else", staged(pending()), "sha256:f0",
       "what is on staging is not what sha256:f0 was approved for: it is sha256:f1 | look at it again with cpsctl "
       "status "
       "www, then: cpsctl ack www --fingerprint sha256:f1"},
      {"what failed", staged(failed), "sha256:f1",
       "CPS's validation failed: the chain is broken | mend what it names; then cpsctl cancel www"},
      {"warnings are no approval", waiting(InputKind::pre_verification_warnings), "sha256:f1",
       "change 8 does not wait for an approval: --fingerprint says nothing here | look at it with cpsctl status www, "
       "and "
       "leave --fingerprint out"}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(said(acknowledged(c.seen, c.fingerprint)) == c.said);
  }
  auto const due = acknowledged(staged(pending()), "sha256:f1");
  CHECK(std::get<Approves>(*due).validation_result_hash == "da39");
}

TEST_CASE("by hand: what is not asked is not answered") {
  Seen busy = waiting(InputKind::pre_verification_warnings);
  busy.change.state = cps::ChangeState::running;
  busy.change.state_text = "running";
  Seen moved = waiting(InputKind::pre_verification_warnings);
  moved.info = Gone();
  Seen const unknown = waiting(std::nullopt);
  struct Case {
    char const* title;
    Seen seen;
    std::string acknowledged;
    std::string uploaded;
  };
  Case const cases[] = {
      {"CPS works", busy,
       "change 8 asks for nothing now: CPS has it as running (wait) | look at who has to act: cpsctl status www",
       "change 8 asks for nothing now: CPS has it as running (wait) | look at who has to act: cpsctl status www"},
      {"it has moved on", moved, "change 8 has moved on just now | look again: cpsctl status www",
       "change 8 has moved on just now | look again: cpsctl status www"},
      {"an input of another kind", unknown,
       "change 8 waits for an input that cpsctl does not know: x | answer it in Akamai Control Center",
       "change 8 waits for an input that cpsctl does not know: x | answer it in Akamai Control Center"},
      {"a certificate", offered(std::nullopt),
       "change 8 waits for a signed certificate, not for an acknowledgement | cpsctl csr www, have it signed, then "
       "cpsctl upload www FILE",
       "nothing is uploaded: nothing was given | have the CSR of change 8 signed: cpsctl csr www"},
      {"warnings", waiting(InputKind::post_verification_warnings), "acknowledges",
       "change 8 does not wait for a signed certificate | look at what it waits for: cpsctl status www"}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(said(acknowledged(c.seen, "")) == c.acknowledged);
    CHECK(said(uploaded(c.seen)) == c.uploaded);
  }
}

TEST_CASE("by hand: what the files have is uploaded, and what they lack is told") {
  CHECK(said(uploaded(offered(Offer{.upload = cps::Upload{}}))) == "uploads");
  CHECK(said(uploaded(offered(Offer{.because = {"it has expired", "a name is missing"}, .next = {"sign anew"}}))) ==
        "nothing is uploaded: it has expired; a name is missing | sign anew");
}
