#include "apply/executor.hpp"

#include <utility>

#include <fmt/format.h>

/// The executor's updates and deletes of what exists.
namespace cpsctl::apply {
namespace {

constexpr char const* not_there = "it is over, and CPS does not show it";

}  // namespace

http::Task<ItemResult> Executor::update(plan::Item const& item) {
  plan::Scope const scope = scope_of(item);
  std::vector<std::int64_t> doubts = item.settles;
  std::int64_t proven = item.proven;
  for (;;) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return not_begun(item, listed.error());
    WallTime const read = snapshots_.read(scope);
    auto live = co_await unmoved(item);
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
    Put change{.live = std::move(*live),
               .target = item.target,
               .entry = entry_for(item),
               .cancel_pending = !item.cancels.empty(),
               .override_renewal_window = item.overrides_renewal_window,
               .read = read};
    Attempt attempt;
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
  std::vector<std::int64_t> doubts = item.settles;
  state::Entry const entry = *known(item.name);
  plan::Scope const scope = scope_of(item);
  for (;;) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return not_begun(item, listed.error());
    WallTime const read = snapshots_.read(scope);
    auto const live = co_await unmoved(item);
    bool const gone_already = !live && live.error().code == Errc::not_found;
    if (!live && !gone_already) co_return failed(item, live.error());
    std::vector<std::int64_t> closing = std::exchange(doubts, {});
    auto const settled = co_await journal_.settle(item.name, std::move(closing), not_there);
    if (!settled) co_return failed(item, settled.error());
    if (gone_already) {
      auto const dropped = co_await journal_.drop(item.name, 0);
      co_return dropped ? result_of(item, Outcome::done) : failed(item, unrecorded("deleted", dropped.error()));
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
                               .allow_cancel_pending_changes = !item.cancels.empty()};
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
