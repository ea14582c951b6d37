#include "apply/proof.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::apply;
using namespace std::chrono_literals;

namespace {

Error error(Errc code, Reached reached = Reached::no) {
  return {.code = code, .message = "it did not work", .reached = reached};
}

ItemResult failed(std::string name = "www") {
  return {.name = std::move(name),
          .action = plan::Action::update,
          .outcome = Outcome::failed,
          .id = 1,
          .message = "it did not work"};
}

WallTime const later = parse_timestamp("2026-11-23T10:05:00Z").value();

}  // namespace

TEST_CASE("proof: what an error in place of an answer proves") {
  struct Case {
    char const* title;
    state::WriteKind step;
    Error error;
    bool sent;
    Proof proof;
  };
  using enum state::WriteKind;
  std::vector<Case> const cases{
      {"CPS refused it", update, error(Errc::refused), true, Proof::refused},
      {"it was refused before it was sent", create, error(Errc::refused), false, Proof::refused},
      {"no answer came", update, error(Errc::unavailable, Reached::unknown), true, Proof::in_doubt},
      {"no answer came to a create", create, error(Errc::timeout, Reached::unknown), true, Proof::in_doubt},
      {"no connection was made", delete_, error(Errc::unavailable), true, Proof::refused},
      {"the run ended before its turn", update, error(Errc::cancelled), false, Proof::without_turn},
      {"its time was over before its turn", create, error(Errc::timeout), false, Proof::without_turn},
      {"a 409 to an update", update, error(Errc::conflict), true, Proof::in_the_way},
      {"a 409 to a cancel", cancel, error(Errc::conflict), true, Proof::in_the_way},
      {"a 409 to a create that was sent", create, error(Errc::conflict), true, Proof::undecided},
      {"a create that never was", create, error(Errc::conflict), false, Proof::in_the_way},
      {"the credentials are refused", update, error(Errc::unauthorized), true, Proof::refused},
      {"the request limit", update, error(Errc::rate_limited), true, Proof::without_turn},
      {"a look at the enrollment that got no answer", update, error(Errc::timeout, Reached::unknown), false,
       Proof::without_turn},
      {"a look that was refused", delete_, error(Errc::unavailable, Reached::unknown), false, Proof::refused},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(proof_of(c.step, c.error, c.sent) == c.proof);
  }
}

TEST_CASE("proof: what is refused has failed, and is not looked at again") {
  Tally tally;
  ItemResult const result = concluded(failed(), Proof::refused, error(Errc::refused), later, tally);
  CHECK(result.outcome == Outcome::failed);
  CHECK_FALSE(result.again);
  CHECK(tally.conflicts({"www"}) == 0);
}

TEST_CASE("proof: a 409 is waited for twice, then it has failed; the others have tries of their own") {
  for (Proof const proof : {Proof::in_the_way, Proof::undecided}) {
    Tally tally;
    auto const met = [&](char const* name) {
      return concluded(failed(name), proof, error(Errc::conflict), later, tally);
    };
    for (int i = 0; i < 2; ++i) {
      ItemResult const waiting = met("www");
      CHECK(waiting.outcome == Outcome::waiting);
      CHECK(waiting.again == later);
      CHECK(waiting.message.starts_with("it did not work; "));
    }
    ItemResult const over = met("www");
    CHECK(over.outcome == Outcome::failed);
    CHECK_FALSE(over.again);
    CHECK_FALSE(over.next.empty());
    CHECK(met("api").outcome == Outcome::waiting);
    CHECK(tally.conflicts({"www"}) == 3);
  }
}

TEST_CASE("proof: what met a 409 in an earlier run comes behind, and still has its tries") {
  Tally tally;
  tally.remember_conflict({"www"});
  CHECK(tally.conflicts({"www"}) == 1);
  CHECK(concluded(failed(), Proof::in_the_way, error(Errc::conflict), later, tally).outcome == Outcome::waiting);
  CHECK(concluded(failed(), Proof::in_the_way, error(Errc::conflict), later, tally).outcome == Outcome::waiting);
  CHECK(tally.conflicts({"www"}) == 3);
}

TEST_CASE("proof: a doubt is looked at again in this run, but not for ever") {
  Tally tally;
  int looks = 0;
  for (; looks < 100; ++looks) {
    ItemResult const result =
        concluded(failed(), Proof::in_doubt, error(Errc::timeout, Reached::unknown), later, tally);
    CHECK(result.outcome == Outcome::doubt);
    if (!result.again) break;
    CHECK(*result.again == later);
  }
  CHECK(looks == 4);
}

TEST_CASE("proof: without a turn nothing was tried; at the request limit it waits") {
  Tally tally;
  ItemResult const skipped = concluded(failed(), Proof::without_turn, error(Errc::cancelled), later, tally);
  CHECK(skipped.outcome == Outcome::skipped);
  CHECK(skipped.message == "not sent: it did not work");
  CHECK(skipped.next == "run cpsctl apply again");
  CHECK(not_begun(failed(), error(Errc::rate_limited)).outcome == Outcome::waiting);
  CHECK(not_begun(failed(), error(Errc::rate_limited, Reached::unknown)).outcome == Outcome::skipped);
}
