#include "lifecycle/decide.hpp"

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "lifecycle/decide_input.hpp"
#include "lifecycle/pending.hpp"
#include "lifecycle/polls.hpp"
#include "lifecycle/validation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::lifecycle {
namespace {

using namespace std::chrono_literals;

constexpr int looks_after_answer = 2;  ///< an answered input may stay visible for so long (facts-2026.md A2)
/// A renewal goes on in spite of a hold once its live certificate ends so soon.
constexpr auto urgent_before_end = std::chrono::days(14);
constexpr Duration soon = 30s;

Waits waits(Seen const& seen, Who who, std::string what) {
  return {.who = who, .what = std::move(what), .since = seen.since};
}

/// Whom CPS itself waits for. Its status says that for people, and for the pace; nothing is done because of it.
Waits at_work(Seen const& seen) {
  cps::Change const& change = seen.change;
  std::string const status = text::excerpt(change.status.empty() ? change.state_text : change.status, 100);
  if (change.status.starts_with("check-for-cert"))
    return waits(seen, Who::ca, fmt::format("the CA is to issue the certificate ({})", status));
  return waits(seen, Who::cps, fmt::format("CPS works on it ({})", status));
}

DeadEnd dead_end(Seen const& seen, cps::ChangeState state) {
  cps::Change const& change = seen.change;
  std::string words = change.description;
  if (change.error) words = fmt::format("{} ({})", change.error->description, change.error->code);
  DeadEnd end{.state = state, .words = text::excerpt(words.empty() ? change.status : words, 500)};
  if (state == cps::ChangeState::cancelled)
    end.next = "plan again: what is wanted is still to be done";
  else if (state == cps::ChangeState::suspended)
    end.next = fmt::format("ask Akamai's support to resume change {}, or give it up with cpsctl cancel {}",
                           change.id.value, seen.name);
  else
    end.next = fmt::format(
        "mend what it names; then cpsctl cancel {} and plan again, or ask Akamai's support about "
        "change {}",
        seen.name, change.id.value);
  return end;
}

/// CPS shows, for a moment, what it was told already.
bool takes_answer(Seen const& seen, cps::Input const& input, cps::InputInfo const& info) {
  return was_given(seen, input, info) && seen.given->looks <= looks_after_answer;
}

Missing unknown_input(Seen const& seen, cps::Input const& input) {
  return {.input = input,
          .what = fmt::format("an input that cpsctl does not know: {}", text::excerpt(input.type, 100)),
          .because = {"it is to be answered in Akamai's Control Center, or given up"},
          .commands = {fmt::format("cpsctl cancel {}", seen.name)}};
}

/// By the input's kind; information of another kind is as good as none.
Due by_kind(AtInput const& at, cps::InputInfo const& info) {
  auto const is = [&](cps::InputKind kind) { return at.input.kind == kind; };
  Due const read_again = Reads{.input = at.input};
  return std::visit(Overloaded{
                        [&](cps::WarningsText const& text) {
                          bool const fits = is(cps::InputKind::pre_verification_warnings) ||
                                            is(cps::InputKind::post_verification_warnings);
                          return fits ? decide_warnings(at, text) : read_again;
                        },
                        [&](cps::Challenges const& challenges) {
                          return is(cps::InputKind::domain_validation) ? decide_validation(at, challenges) : read_again;
                        },
                        [&](cps::Csrs const& csrs) {
                          return is(cps::InputKind::third_party_certificate) ? decide_certificate(at, csrs)
                                                                             : read_again;
                        },
                        [&](cps::PendingDeployment const& pending) {
                          return is(cps::InputKind::change_management) ? decide_promotion(at, pending) : read_again;
                        },
                    },
                    info);
}

Due at_input(Seen const& seen, cps::Input const& input, Owner owner, Policy const& policy, WallTime now) {
  if (!input.kind) return unknown_input(seen, input);
  if (std::holds_alternative<NotRead>(seen.info)) return Reads{.input = input};
  if (std::holds_alternative<Gone>(seen.info)) return waits(seen, Who::cps, "CPS has moved on");
  auto const& info = std::get<cps::InputInfo>(seen.info);
  if (takes_answer(seen, input, info)) return waits(seen, Who::cps, "CPS takes the answer");
  AtInput const at{.seen = seen, .input = input, .owner = owner, .policy = policy, .now = now};
  return by_kind(at, info);
}

Due by_state(Seen const& seen, Owner owner, Policy const& policy, WallTime now) {
  if (!seen.change.state) return at_work(seen);
  switch (*seen.change.state) {
    case cps::ChangeState::new_:
    case cps::ChangeState::running: return at_work(seen);
    case cps::ChangeState::awaiting_input: {
      cps::Input const* const input = input_of(seen.change);
      if (input == nullptr) return waits(seen, Who::cps, "CPS is about to say what it waits for");
      return at_input(seen, *input, owner, policy, now);
    }
    case cps::ChangeState::suspended:
      // Recordings show it of changes whose names are still to be validated.
      if (std::ranges::count(seen.change.inputs, cps::InputKind::domain_validation, &cps::Input::kind) > 0) {
        Waits names = waits(seen, Who::person, "its names are to be validated, as Akamai Control Center shows");
        names.next = "publish what is shown there, and CPS goes on by itself";
        return names;
      }
      return dead_end(seen, cps::ChangeState::suspended);
    case cps::ChangeState::error:
    case cps::ChangeState::cancelled: return dead_end(seen, *seen.change.state);
    case cps::ChangeState::completed: return Ended();
  }
  return at_work(seen);
}

bool is_urgent(Seen const& seen, WallTime now) {
  return seen.type == "renewal" && seen.live_expires && now >= *seen.live_expires - urgent_before_end;
}

/// A hold stops answers, and says so.
void keep_hold(Seen const& seen, Policy const& policy, WallTime now, Next& next) {
  std::string const& hold = policy.lifecycle.hold;
  bool const would_answer =
      is_answer(next.due) || (std::holds_alternative<Waits>(next.due) && std::get<Waits>(next.due).who == Who::policy);
  if (hold.empty() || !would_answer) return;
  std::string const reason = text::excerpt(hold, 200);
  if (is_urgent(seen, now)) {
    next.notes.push_back(
        fmt::format("the enrollment is on hold ({}); its renewal goes on, since the live certificate "
                    "ends on {}",
                    reason, day_text(day_of(*seen.live_expires))));
    return;
  }
  Waits held = waits(seen, Who::person, fmt::format("the enrollment is on hold: {}", reason));
  held.next = "take hold out of spec.lifecycle once it may go on";
  next.due = std::move(held);
}

/// Acknowledgements that a person should look at before they end.
void tell_ending(Policy const& policy, WallTime now, Next& next) {
  if (policy.standing != Standing::manifest) return;
  for (Ending const& one : ending_answers(policy.lifecycle, now))
    if (!one.ended)
      next.notes.push_back(fmt::format("the acknowledgement of {} ends on {}",
                                       one.warning == "*" ? "all warnings of class low" : one.warning,
                                       day_text(one.until)));
}

/// What a person should know who reads that an approval is missing.
void tell_deadline(Seen const& seen, Next& next) {
  auto const* const info = std::get_if<cps::InputInfo>(&seen.info);
  auto const* const pending = info != nullptr ? std::get_if<cps::PendingDeployment>(info) : nullptr;
  bool const waits_for_person = std::holds_alternative<Missing>(next.due) || std::holds_alternative<Waits>(next.due);
  if (pending == nullptr || !waits_for_person) return;
  auto const deploys = deploys_by_itself(*pending, seen.change.schedule, seen.live_expires);
  if (deploys)
    next.notes.push_back(fmt::format("CPS deploys it without an approval on {}", timestamp(*deploys)));
  else if (!seen.change.schedule.not_before.empty() && seen.live_expires)
    next.notes.push_back(fmt::format("a deployment date is set: without an approval the live certificate ends on {}",
                                     day_text(day_of(*seen.live_expires))));
}

Duration pace(Due const& due, Seen const& seen, WallTime now) {
  Duration const so_far = seen.since ? std::max(Duration(), now - *seen.since) : Duration();
  return std::visit(Overloaded{
                        [&](Waits const& waits) {
                          Duration const usual = look_after(waits.who, so_far);
                          return waits.until ? std::min(usual, std::max(soon, *waits.until - now)) : usual;
                        },
                        [&](Missing const& missing) {
                          // Names whose CNAMEs end at Akamai validate by themselves, at any moment.
                          bool const validates = missing.input.kind == cps::InputKind::domain_validation;
                          return look_after(validates ? Who::cps : Who::person, so_far);
                        },
                        [&](DeadEnd const&) { return look_after(Who::person, so_far); },
                        [](Reads const&) { return Duration(); },
                        [](Ended const&) { return Duration(); },
                        [](auto const&) { return soon; },
                    },
                    due);
}

}  // namespace

cps::Input const* input_of(cps::Change const& change) {
  if (change.state != cps::ChangeState::awaiting_input || change.inputs.empty()) return nullptr;
  auto const required = std::ranges::find(change.inputs, true, &cps::Input::required);
  return required == change.inputs.end() ? &change.inputs.front() : &*required;
}

std::string answer_digest(cps::InputInfo const& info) {
  auto const digest = [](std::string_view text) { return "sha256:" + text::sha256_hex(text); };
  return std::visit(Overloaded{
                        [&](cps::WarningsText const& text) { return digest(text.warnings); },
                        [&](cps::PendingDeployment const& pending) {
                          return digest(pending.validation_result_hash + " " + pending.fingerprint);
                        },
                        [&](cps::Challenges const& challenges) {
                          // Its tokens: what CPS says of its own looking changes all the time.
                          std::string all;
                          for (Token const& one : tokens(challenges).tokens)
                            all += fmt::format("{} {} {}\n", one.domain, fields::word(one.kind), one.value);
                          return digest(all.empty() ? fields::to_text(challenges) : all);
                        },
                        [&](auto const& described) { return digest(fields::to_text(described)); },
                    },
                    info);
}

bool was_given(Seen const& seen, cps::Input const& input, cps::InputInfo const& info) {
  return seen.given && seen.given->update == input.update && seen.given->digest == answer_digest(info);
}

Next decide(Seen const& seen, Owner owner, Policy const& policy, WallTime now) {
  Next next{.due = by_state(seen, owner, policy, now)};
  keep_hold(seen, policy, now, next);
  if (!std::holds_alternative<Ended>(next.due)) tell_ending(policy, now, next);
  tell_deadline(seen, next);
  next.look_after = pace(next.due, seen, now);
  if (!seen.change.state)
    next.notes.push_back(
        fmt::format("CPS says a state that cpsctl does not know: {}", text::excerpt(seen.change.state_text, 100)));
  return next;
}

}  // namespace cpsctl::lifecycle
