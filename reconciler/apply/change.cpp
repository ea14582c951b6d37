#include "apply/executor.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

/// The executor's updates and deletes of what exists.
namespace cpsctl::apply {
namespace {

constexpr char const* not_there = "it is over, and CPS does not show it";

std::vector<std::int64_t> ids_of(std::vector<cps::PendingChange> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), [](cps::PendingChange const& one) { return one.id.value; });
  return ids;
}

/// Did the plan give it up?
bool is_given_up(plan::GivenUp const& given_up, cps::PendingChange const& change) {
  auto const is_it = [&](cps::PendingChange const& one) { return one.id == change.id; };
  return std::ranges::any_of(given_up.by_id, is_it) || std::ranges::any_of(given_up.by_write, is_it);
}

}  // namespace

http::Task<Result<>> Executor::give_up(plan::Item const& item, std::vector<std::int64_t>& left, WallTime read,
                                       Attempt& attempt) {
  plan::Scope const scope = scope_of(item);
  while (!left.empty()) {
    std::int64_t const change = left.front();
    attempt = {.intent = {.phase = state::Phase::intent,
                          .step = state::Step::cancel,
                          .name = item.name,
                          .known_ids = {item.id},
                          .pending_changes = {change}}};
    cps::CancelRequest request{.subject = item.name, .account_key = item.account, .id = {item.id}, .change = {change}};
    request.before_send = [this, scope, read, &attempt] { return before_send(scope, read, attempt); };
    auto const entered = co_await enter();
    if (!entered) co_return entered.error();
    auto const cancelled = co_await writer_.cancel(std::move(request));
    gate_.leave();
    bool const gone = !cancelled && cancelled.error().code == Errc::not_found;
    if (!cancelled && !gone) co_return cancelled.error();
    std::vector<std::int64_t> const none_started;
    auto const written = co_await journal_.done(attempt, item.id, none_started);
    if (!written) co_return unrecorded("cancelled", written.error());
    attempt.sequence = 0;
    left.erase(left.begin());
  }
  co_return Result<>();
}

http::Task<Result<cps::Live>> Executor::base_of(plan::Item const& item, bool cancelled) {
  if (!cancelled) co_return co_await unmoved(item);
  cps::EnrollmentId const id{item.id};
  auto now = co_await writer_.get(item.account, id, item.api_schema, item.name);
  if (!now) co_return now.error();
  for (cps::PendingChange const& change : now->pending) {
    bool const known = is_given_up(*plan::gives_up(item), change);
    co_return Error{
        .code = known ? Errc::conflict : Errc::stale,
        .message = fmt::format("change {} is {}", change.id.value, known ? "still being cancelled" : "pending by now"),
        .next = "look at a new plan and apply that"};
  }
  auto const schema = schema::enrollment(item.api_schema);
  if (!schema) co_return schema.error();
  if (diff::same_wish(*item.live.document, *now->document, **schema)) co_return now;
  co_return Error{.code = Errc::stale,
                  .message = fmt::format("enrollment {} is another one without the change that was cancelled", item.id),
                  .next = "look at a new plan and apply that"};
}

http::Task<ItemResult> Executor::update(plan::Item const& item) {
  auto const& work = std::get<plan::Update>(item.work);
  plan::Scope const scope = scope_of(item);
  std::vector<std::int64_t> doubts = item.closes.not_done;
  std::int64_t proven = item.closes.done;
  std::vector<std::int64_t> cancels = ids_of(work.gives_up.by_id);
  bool cancelled = false;
  for (;;) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return not_begun(item, listed.error());
    WallTime const read = snapshots_.read(scope);
    auto live = co_await base_of(item, cancelled);
    if (!live) {
      Error moved = live.error();
      if (moved.code == Errc::not_found) moved.code = Errc::stale;
      co_return failed(item, moved);
    }
    if (std::int64_t const done = std::exchange(proven, 0); done != 0) {
      auto const noted = co_await journal_.prove(item.name, done, state::Step::update, item.id);
      if (!noted) co_return failed(item, noted.error());
    }
    std::vector<std::int64_t> closing = std::exchange(doubts, {});
    auto const settled = co_await journal_.settle(item.name, std::move(closing), not_there);
    if (!settled) co_return failed(item, settled.error());
    Attempt attempt;
    if (!cancels.empty()) {
      auto const given_up = co_await give_up(item, cancels, read, attempt);
      if (!given_up && given_up.error().code == Errc::stale) continue;
      if (!given_up) co_return co_await unsuccessful(item, attempt, given_up.error());
      cancelled = true;
      continue;
    }
    Put change{.live = std::move(*live),
               .target = work.target,
               .entry = entry_for(item),
               .cancel_pending = !work.gives_up.by_write.empty(),
               .override_renewal_window = work.inside_renewal_window,
               .read = read};
    auto const updated = co_await put(item, change, attempt);
    if (!updated && updated.error().code == Errc::stale) continue;
    if (!updated) co_return co_await unsuccessful(item, attempt, updated.error());
    std::vector<std::int64_t> changes = numbers(updated->changes);
    auto const written = co_await journal_.done(attempt, item.id, changes);
    if (!written) co_return failed(item, unrecorded("updated", written.error()));
    ItemResult result = result_of(item, Outcome::done);
    result.changes = std::move(changes);
    co_return result;
  }
}

http::Task<ItemResult> Executor::remove(plan::Item const& item) {
  auto const& work = std::get<plan::Remove>(item.work);
  std::vector<std::int64_t> doubts = item.closes.not_done;
  state::Entry const* const present = known(item.name);
  if (present == nullptr)
    co_return failed(item, {.code = Errc::stale,
                            .message = "the state does not hold it any more",
                            .next = "look at a new plan and apply that"});
  state::Entry const entry = *present;
  plan::Scope const scope = scope_of(item);
  std::vector<std::int64_t> cancels = ids_of(work.gives_up.by_id);
  bool cancelled = false;
  for (;;) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return not_begun(item, listed.error());
    WallTime const read = snapshots_.read(scope);
    auto const live = co_await base_of(item, cancelled);
    bool const gone_already = !live && live.error().code == Errc::not_found;
    if (!live && !gone_already) co_return failed(item, live.error());
    std::vector<std::int64_t> closing = std::exchange(doubts, {});
    auto const settled = co_await journal_.settle(item.name, std::move(closing), not_there);
    if (!settled) co_return failed(item, settled.error());
    if (gone_already) {
      auto const dropped = co_await journal_.drop(item.name, 0);
      co_return dropped ? result_of(item, Outcome::done) : failed(item, unrecorded("deleted", dropped.error()));
    }
    if (!cancels.empty()) {
      Attempt attempt;
      auto const given_up = co_await give_up(item, cancels, read, attempt);
      if (!given_up && given_up.error().code == Errc::stale) continue;
      if (!given_up) co_return co_await unsuccessful(item, attempt, given_up.error());
      cancelled = true;
      continue;
    }
    Attempt attempt{.intent = {.phase = state::Phase::intent,
                               .step = state::Step::delete_,
                               .name = item.name,
                               .known_ids = {item.id},
                               .entry = std::make_shared<state::Entry const>(entry)}};
    for (cps::PendingChange const& one : live->pending) attempt.intent.pending_changes.push_back(one.id.value);
    cps::DeleteRequest request{.subject = item.name,
                               .account_key = item.account,
                               .id = {item.id},
                               .allow_cancel_pending_changes = !work.gives_up.by_write.empty()};
    request.before_send = [this, scope, read, &attempt] { return before_send(scope, read, attempt); };
    auto const entered = co_await enter();
    if (!entered) co_return not_begun(item, entered.error());
    auto const removed = co_await writer_.remove(std::move(request));
    gate_.leave();
    if (!removed && removed.error().code == Errc::stale) continue;
    bool const gone = !removed && removed.error().code == Errc::not_found;
    if (!removed && !gone) co_return co_await unsuccessful(item, attempt, removed.error());
    if (!gone && removed->started && removed->changes.empty()) {
      Error unnamed{.code = Errc::protocol,
                    .message = "the answer says that a removal was started, and not which change it is",
                    .reached = Reached::unknown};
      co_return co_await unsuccessful(item, attempt, std::move(unnamed));
    }

    ItemResult result = result_of(item, Outcome::done);
    Result<> written;
    if (gone || removed->changes.empty()) {
      written = co_await journal_.drop(item.name, attempt.sequence);
    } else {
      result.changes = numbers(removed->changes);
      written = co_await journal_.done(attempt, item.id, result.changes);
    }
    co_return written ? result : failed(item, unrecorded("deleted", written.error()));
  }
}

}  // namespace cpsctl::apply
