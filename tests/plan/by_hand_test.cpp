// Doubts about what a person gave to an enrollment, settled by a look at it.
#include "plan/by_hand.hpp"

#include "lifecycle/decide.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using state::WriteKind;

namespace {

constexpr WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1) + std::chrono::hours(12);

cps::Input const warnings{.type = "pre-verification-warnings-acknowledgement",
                          .required = true,
                          .kind = cps::InputKind::pre_verification_warnings,
                          .info = "pre-verification-warnings",
                          .update = "pre-verification-warnings-ack"};
cps::InputInfo const moon = cps::WarningsText{.warnings = "The moon is full."};

/// An attempt that was over at noon.
state::Record intent(WriteKind step, std::int64_t change, std::int64_t sequence = 1) {
  return {.sequence = sequence,
          .phase = state::Phase::intent,
          .step = step,
          .name = "enrollment-10001",
          .ends_by = timestamp(noon),
          .digest = step == WriteKind::answer ? lifecycle::answer_digest(moon) : "",
          .pending_changes = {change},
          .input = step == WriteKind::answer ? warnings.update : ""};
}

lifecycle::Sight asking(std::int64_t change, lifecycle::Info info = moon) {
  return {.name = "enrollment-10001",
          .pending = {.id = {change}},
          .change = cps::Change{.enrollment = {10001},
                                .id = {change},
                                .state = cps::ChangeState::awaiting_input,
                                .state_text = "awaiting-input",
                                .inputs = {warnings}},
          .info = std::move(info)};
}

plan::LookedAt pending(std::int64_t change, std::vector<lifecycle::Sight> sights, bool managed = false) {
  return {.name = "enrollment-10001", .managed = managed, .pending = {{.id = {change}}}, .sights = std::move(sights)};
}

}  // namespace

TEST_CASE("by hand: what a look tells of a write that got no reply") {
  plan::LookedAt const asks = pending(7, {asking(7)});
  plan::LookedAt const gone{.name = "enrollment-10001"};
  struct Case {
    char const* title;
    plan::LookedAt seen;
    state::Record intent;
    std::chrono::seconds after_noon;
    char const* expect;
  };
  using namespace std::chrono_literals;
  Case const cases[] = {
      {"still asked, long after", asks, intent(WriteKind::answer, 7), 60s, "refused"},
      {"still asked, a moment after", asks, intent(WriteKind::answer, 7), 59s, "open"},
      {"something else is asked", pending(7, {asking(7, cps::WarningsText{.warnings = "Another."})}),
       intent(WriteKind::answer, 7), 1s, "done"},
      {"nobody can tell", pending(7, {asking(7, lifecycle::NotRead())}), intent(WriteKind::answer, 7), 90s, "open"},
      {"the change has ended", gone, intent(WriteKind::answer, 7), 1s, "done"},
      {"the cancelled change is gone", gone, intent(WriteKind::cancel, 7), 1s, "done"},
      {"another is pending than the cancelled one", asks, intent(WriteKind::cancel, 6), 1s, "done"},
      {"still pending, long after", asks, intent(WriteKind::cancel, 7), 60s, "refused"},
      {"still pending, a moment after", asks, intent(WriteKind::cancel, 7), 59s, "open"},
      {"a plan settles the cancels of what is managed", pending(7, {asking(7)}, true), intent(WriteKind::cancel, 7),
       60s, ""},
      {"updates are not its business", asks, intent(WriteKind::update, 7), 60s, ""}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      plan::ByHand const settled = plan::settle_by_hand(c.seen, {c.intent}, noon + c.after_noon);
      std::string found = settled.open ? "open" : "";
      for (state::Record const& one : settled.closed) {
        CHECK(one.intent == c.intent.sequence);
        CHECK(one.step == c.intent.step);
        found += one.phase == state::Phase::done ? "done" : "refused";
      }
      CHECK(found == c.expect);
      if (settled.open) CHECK(settled.settled_by == noon + 60s);
    }
  }
}

TEST_CASE("by hand: the doubts of others stay theirs") {
  state::Record other = intent(WriteKind::answer, 7);
  other.name = "enrollment-10002";
  plan::ByHand const settled = plan::settle_by_hand({.name = "enrollment-10001"}, {other}, noon);
  CHECK(settled.closed.empty());
  CHECK_FALSE(settled.open.has_value());
}
