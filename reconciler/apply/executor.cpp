#include "apply/executor.hpp"

#include "apply/basis.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

Outcome outcome_of(plan::Held const& held) {
  switch (held.why) {
    case plan::Held::Why::blocked:
    case plan::Held::Why::consent: return Outcome::blocked;
    case plan::Held::Why::waits: return Outcome::waiting;
    case plan::Held::Why::moved: return Outcome::stale;
  }
  return Outcome::blocked;
}

/// What is held, and a removal that is under way: nothing is sent.
ItemResult nothing_to_do(plan::Item const& item) {
  ItemResult result = result_of(item, Outcome::done);
  result.message = item.reason;
  result.next = item.next;
  if (item.held() != nullptr) result.outcome = outcome_of(*item.held());
  if (auto const* const advance = plan::advance_of(item)) {
    result.outcome = Outcome::due;
    result.changes = {advance->change.id.value};
  }
  if (auto const* const under_way = std::get_if<plan::UnderWay>(&item.work)) {
    result.outcome = Outcome::under_way;
    result.changes = under_way->changes;
  }
  return result;
}

/// CPS did it, and the state cannot say so.
Error unrecorded(std::string_view done, Error error) {
  error.message = fmt::format("{}, but that could not be recorded: {}", done, error.message);
  if (error.next.empty()) error.next = "fix that and run cpsctl apply again: what CPS did is found again";
  return error;
}

}  // namespace

Executor::Executor(Services services, http::Gate& gate, Duration look_again, std::function<bool()> stopped)
    : services_(std::move(services)), gate_(gate), look_again_(look_again), stopped_(std::move(stopped)) {
  for (auto const& [name, entry] : services_.store.contents().entries) services_.known_ids.insert(entry.id);
}

http::Task<ItemResult> Executor::carry_out(plan::Item const& item) {
  if (item.records()) co_return co_await record(item);
  if (!item.writes()) co_return nothing_to_do(item);
  Course course{.item = item, .closes = item.closes, .result = result_of(item, Outcome::done)};
  if (std::holds_alternative<plan::Remove>(item.work)) {
    auto const& entries = services_.store.contents().entries;
    auto const entry = entries.find(item.name);
    if (entry == entries.end()) co_return failed(item, moved(Errc::stale, "the state does not hold it any more"));
    course.entry = std::make_shared<state::Entry const>(entry->second);
  }
  for (plan::Step const& step : plan::steps_of(item)) {
    auto const write = write_of(step, services_, course);
    course.reads = course.reads || !write;
    if (!write) continue;
    ItemResult result = co_await carry(*write, course);
    if (course.over || result.outcome != Outcome::done) co_return result;
  }
  if (auto const* const abandon = std::get_if<plan::Abandon>(&item.work); abandon != nullptr && abandon->removes)
    co_return co_await drop(course);
  co_return course.result;
}

http::Task<ItemResult> Executor::carry(Write& write, Course& course) {
  for (;;) {
    if (auto held = write.held_back()) co_return std::move(*held);
    if (write.on_list()) {
      plan::Scope const scope = course.item.scope();
      auto const listed = co_await services_.snapshots.refresh(scope);
      if (!listed) co_return not_begun(failed(course.item, listed.error()), listed.error());
    }
    auto const basis = co_await write.look();
    Attempt attempt;
    if (!basis) co_return co_await conclude(write, attempt, basis.error());
    if (basis->gone) co_return co_await drop(course);
    bool const closes = write.step() != state::WriteKind::create;
    Result<> closed;
    if (closes) closed = co_await close_doubts(course);
    if (!closed) co_return failed(course.item, closed.error());
    auto const status = co_await send(write, *basis, attempt);
    if (!status) co_return co_await conclude(write, attempt, status.error());
    if (!*status) continue;
    auto const recorded = co_await write.record(std::move(attempt), **status);
    if (recorded) co_return course.result;
    ItemResult result = failed(course.item, unrecorded(write.done_words(), recorded.error()));
    result.id = course.result.id;
    co_return result;
  }
}

http::Task<ItemResult> Executor::drop(Course& course) {
  course.over = true;
  // A delete of ours that got no answer is proven by that.
  std::string const& name = course.item.name;
  auto const& open = services_.store.contents().open_intents;
  auto const ours = std::ranges::find_if(
      open, [&](state::Record const& one) { return one.name == name && one.step == state::WriteKind::delete_; });
  std::int64_t const intent = ours == open.end() ? 0 : ours->sequence;
  auto const dropped = co_await services_.trace.drop(name, intent);
  co_return dropped ? course.result : failed(course.item, unrecorded("deleted", dropped.error()));
}

http::Task<Result<>> Executor::close_doubts(Course& course) {
  plan::Closes const closes = std::exchange(course.closes, {});
  std::string const& name = course.item.name;
  auto const proven = co_await services_.trace.prove_all(name, closes.done, state::WriteKind::update, course.item.id);
  if (!proven) co_return proven;
  co_return co_await services_.trace.refuse_all(name, closes.not_done, "it is over, and CPS does not show it");
}

http::Task<Result<std::optional<cps::EnrollmentStatus>>> Executor::send(Write& write, Basis const& basis,
                                                                        Attempt& attempt) {
  auto intent = write.prepare(basis);
  if (!intent) co_return intent.error();
  attempt.intent = std::move(*intent);
  co_await gate_.enter();
  if (stopped_()) {
    gate_.leave();
    co_return Error{.code = Errc::cancelled, .message = "the run ended before its turn"};
  }
  WallTime const read = basis.read;
  Turn turn = Turn::taken;
  BeforeSend begin = [&write, &attempt, &turn, read]() -> http::Task<Result<>> {
    auto const begun = co_await write.begin(attempt, read);
    if (!begun) co_return begun.error();
    turn = *begun;
    if (turn == Turn::left) co_return Error{.code = Errc::cancelled, .message = "it left its turn"};
    co_return Result<>{};
  };
  auto status = co_await write.send(std::move(begin));
  gate_.leave();
  if (turn == Turn::left) co_return std::nullopt;
  if (!status) co_return status.error();
  co_return std::move(*status);
}

http::Task<ItemResult> Executor::conclude(Write const& write, Attempt& attempt, Error error) {
  unauthorized_ = unauthorized_ || error.code == Errc::unauthorized;
  Proof const proof = proof_of(write.step(), error, attempt.sequence != 0);
  std::string story = describe(error);
  Result<> noted;
  switch (proof) {
    // What may have happened is never sent again unproven. From now on the list can tell.
    case Proof::in_doubt: noted = co_await services_.trace.lose(attempt, std::move(story)); break;
    case Proof::undecided: noted = co_await services_.trace.conflict(attempt, std::move(story)); break;
    case Proof::refused:
    case Proof::without_turn:
    case Proof::in_the_way: noted = co_await services_.trace.refuse(attempt, std::move(story)); break;
  }
  if (!noted) co_return write.failed(noted.error(), Proof::refused);
  co_return write.conclude(error, proof, services_.trace.wall() + look_again_, tally_);
}

http::Task<ItemResult> Executor::record(plan::Item const& item) {
  Trace& trace = services_.trace;
  services_.known_ids.insert(item.id);
  // What is known goes down before the doubts about it: after a crash between the two the next plan closes them, while
  // a closed doubt without its entry would be an enrollment that nobody knows.
  Result<> written;
  auto const* const learned = std::get_if<plan::RecordOnly>(&item.work);
  if (std::holds_alternative<plan::Forget>(item.work)) {
    written = co_await trace.drop(item.name, item.closes.done.empty() ? 0 : item.closes.done.back());
  } else if (learned == nullptr) {
    // A create was disproved: the doubts below are all there is.
  } else if (item.wanted == plan::Action::adopt && !item.closes.done.empty()) {
    written = co_await trace.prove_all(item.name, item.closes.done, state::WriteKind::create, item.id);
  } else {
    state::Entry entry = entry_for(item, trace.now());
    entry.open_steps = learned->open_steps;
    // What differs was found again while the state is rebuilt: nobody knows what was applied to it.
    if (!item.changes.empty()) entry.last_applied = nullptr;
    auto const& entries = services_.store.contents().entries;
    if (auto const before = entries.find(item.name); before != entries.end() && before->second.id == item.id) {
      if (item.closes.done.empty()) entry.written = before->second.written;
      carry_over(before->second, entry);
    }
    entry.changes.insert(entry.changes.end(), learned->takes_over.begin(), learned->takes_over.end());
    // The last of what is proven brings the entry that counts.
    std::vector<std::int64_t> proven = item.closes.done;
    std::int64_t const last = proven.empty() ? 0 : proven.back();
    if (!proven.empty()) proven.pop_back();
    written = co_await trace.prove_all(item.name, std::move(proven), state::WriteKind::update, item.id);
    if (written) written = co_await trace.keep(std::move(entry), item.name, last);
  }
  std::vector<std::int64_t> closing = item.closes.not_done;
  if (written) written = co_await trace.refuse_all(item.name, std::move(closing), item.reason);
  co_return written ? result_of(item, Outcome::done) : failed(item, written.error());
}

ItemResult Executor::failed(plan::Item const& item, Error const& error) {
  unauthorized_ = unauthorized_ || error.code == Errc::unauthorized;
  return result_of(item, error);
}

}  // namespace cpsctl::apply
