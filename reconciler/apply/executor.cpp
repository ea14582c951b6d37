#include "apply/executor.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "diff/compare.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

json::Ref to_ref(state::Entry const& entry) {
  json::Document document;
  static_cast<json::Value&>(document) = fields::to_json(entry, document.GetAllocator());
  return json::share(std::move(document));
}

std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), &cps::ChangeId::value);
  return ids;
}

cps::CreateRequest request_for(plan::Item const& item, std::string body) {
  manifest::Desired const& desired = item.desired;
  cps::CreateRequest request{.subject = item.name,
                             .account_key = item.account,
                             .contract = item.contract,
                             .api_schema = desired.api_schema,
                             .body = std::move(body),
                             .allow_duplicate_cn = desired.lifecycle.allow_duplicate_cn};
  if (desired.deploy.not_before) request.deploy_not_before = day_text(*desired.deploy.not_before);
  if (desired.deploy.not_after) request.deploy_not_after = day_text(*desired.deploy.not_after);
  return request;
}

constexpr char const* conflict_hint =
    "CPS refuses a second certificate of a contract within five minutes of another, and a CN that exists already: "
    "look at cpsctl plan, wait five minutes and run apply again";

}  // namespace

ItemResult Executor::failed(plan::Item const& item, Error const& error) {
  if (error.code == Errc::unauthorized) unauthorized_ = true;
  return {.name = item.name,
          .action = item.action,
          .outcome = Outcome::failed,
          .id = item.id,
          .message = describe(error),
          .next = error.next,
          .code = error.code};
}

http::Task<Result<std::int64_t>> Executor::record(state::Record record) {
  if (broken_) co_return *broken_;
  record.at = timestamp(clock_.wall());
  struct Waiting {
    explicit Waiting(http::Loop& loop) : written(loop) {}
    http::Event written;
    std::optional<Result<std::int64_t>> outcome;
  };
  auto const waiting = std::make_shared<Waiting>(loop_);
  // The callback comes on the journal's thread and hands the outcome over to the loop's.
  store_.journal(record, [this, waiting](Result<std::int64_t> outcome) {
    loop_.post([waiting, outcome = std::move(outcome)] {
      waiting->outcome = outcome;
      waiting->written.notify_all();
    });
  });
  while (!waiting->outcome) co_await waiting->written.wait();
  if (!*waiting->outcome) {
    broken_ = waiting->outcome->error();
    co_return *broken_;
  }
  record.sequence = **waiting->outcome;
  store_.accept(record);
  co_return record.sequence;
}

http::Task<Result<>> Executor::begin(Attempt& attempt) {
  // Another attempt of the same write follows a 429 only, which proves that nothing happened.
  auto const closed = co_await refuse(attempt, "CPS's request limit");
  if (!closed) co_return closed.error();
  state::Record intent = attempt.intent;
  intent.ends_by = timestamp(clock_.wall() + writer_.session().options().timeout);
  auto const sequence = co_await record(std::move(intent));
  if (!sequence) co_return sequence.error();
  attempt.sequence = *sequence;
  co_return Result<>();
}

http::Task<Result<>> Executor::refuse(Attempt& attempt, std::string reason) {
  if (attempt.sequence == 0) co_return Result<>();
  state::Record refused{.phase = state::Phase::refused,
                        .intent = attempt.sequence,
                        .step = attempt.intent.step,
                        .name = attempt.intent.name,
                        .reason = std::move(reason)};
  auto const written = co_await record(std::move(refused));
  if (!written) co_return written.error();
  attempt.sequence = 0;
  co_return Result<>();
}

state::Entry Executor::entry_for(plan::Item const& item) const {
  manifest::Desired const& desired = item.desired;
  json::Document policy;
  static_cast<json::Value&>(policy) = fields::to_json(desired.lifecycle, policy.GetAllocator());
  return {.name = item.name,
          .account = item.account,
          .contract = item.contract,
          .id = item.id,
          .source = desired.source,
          .api_schema = desired.api_schema,
          .common_name = item.common_name,
          .last_applied = desired.enrollment,
          .lifecycle = json::share(std::move(policy)),
          .labels = desired.labels,
          .written = timestamp(clock_.wall())};
}

http::Task<ItemResult> Executor::carry_out(plan::Item const& item) {
  switch (item.action) {
    case plan::Action::create: co_return co_await create(item);
    case plan::Action::adopt: co_return co_await adopt(item);
    case plan::Action::none:
    case plan::Action::update:
    case plan::Action::advance:
    case plan::Action::delete_:
    case plan::Action::orphan:
    case plan::Action::forget:
    case plan::Action::blocked: break;
  }
  co_return ItemResult{.name = item.name,
                       .action = item.action,
                       .outcome = Outcome::blocked,
                       .id = item.id,
                       .message = item.reason,
                       .next = item.next};
}

http::Task<ItemResult> Executor::create(plan::Item const& item) {
  auto const schema = schema::enrollment(item.desired.api_schema);
  if (!schema) co_return failed(item, schema.error());
  std::string const body = json::compact(diff::create_body(*item.desired.enrollment, **schema));
  state::Entry entry = entry_for(item);
  entry.open_steps = diff::deferred_on_create(*item.desired.enrollment, **schema);

  // A doubt that the plan disproved is closed before the create is sent again.
  for (std::int64_t const doubt : item.settles) {
    state::Record disproven{.phase = state::Phase::refused, .intent = doubt, .name = item.name, .reason = item.reason};
    auto const closed = co_await record(std::move(disproven));
    if (!closed) co_return failed(item, closed.error());
  }
  Attempt attempt{.intent = {.phase = state::Phase::intent,
                             .step = state::Step::create,
                             .name = item.name,
                             .digest = text::sha256_hex(body),
                             .known_ids = item.known_ids,
                             .entry = to_ref(entry)}};
  cps::CreateRequest request = request_for(item, body);
  request.before_send = [this, &attempt] { return begin(attempt); };
  auto const created = co_await writer_.create(std::move(request));
  if (!created) {
    Error const& error = created.error();
    if (error.reached != Reached::no) {
      // The intent stays open: a create that may have happened is never sent again unproven.
      ItemResult result = failed(item, error);
      result.outcome = Outcome::doubt;
      result.message += "; CPS may have created it";
      result.next = "run cpsctl plan again in a few minutes: the doubt is resolved from CPS's list";
      co_return result;
    }
    auto const written = co_await refuse(attempt, describe(error));
    ItemResult result = failed(item, written ? error : written.error());
    if (error.code == Errc::conflict) result.next = conflict_hint;
    co_return result;
  }

  entry.id = created->enrollment.value;
  ItemResult result{.name = item.name,
                    .action = item.action,
                    .outcome = Outcome::done,
                    .id = entry.id,
                    .changes = numbers(created->changes)};
  state::Record done{.phase = state::Phase::done,
                     .intent = attempt.sequence,
                     .step = state::Step::create,
                     .name = item.name,
                     .enrollment = entry.id,
                     .changes = result.changes};
  auto const written = co_await record(std::move(done));
  if (!written) {
    result = failed(item, written.error());
    result.id = entry.id;
    co_return result;
  }
  if (entry.open_steps.empty()) co_return result;
  co_return co_await second_write(item, std::move(entry), std::move(result));
}

/// What a create must not carry is put over the enrollment that CPS made of it (cps-api.md §3.3).
http::Task<ItemResult> Executor::second_write(plan::Item const& item, state::Entry entry, ItemResult result) {
  std::string const fields = json::dotted(json::common(entry.open_steps));
  auto const missing = [&](std::string why, std::string next, Errc code) {
    if (code == Errc::unauthorized) unauthorized_ = true;
    ItemResult half = result;
    half.outcome = Outcome::failed;
    half.code = code;
    half.message =
        fmt::format("created as {}, but the second write ({}) is missing: {}", entry.id, fields, std::move(why));
    half.next = std::move(next);
    return half;
  };
  cps::EnrollmentId const id{entry.id};
  auto const live = co_await writer_.get(item.account, id, item.desired.api_schema, item.name);
  if (!live) co_return missing(describe(live.error()), live.error().next, live.error().code);
  // Only our own first change may be cancelled for it; anybody else's is not ours to touch.
  bool const ours = live->pending.size() == 1 && result.changes.size() == 1 &&
                    live->pending.front().id.value == result.changes.front();
  if (!live->pending.empty() && !ours)
    co_return missing("another change is pending at CPS", "run apply again once it has ended", Errc::conflict);

  auto const schema = schema::enrollment(item.desired.api_schema);
  if (!schema) co_return failed(item, schema.error());
  std::string const body = json::compact(diff::update_body(*item.desired.enrollment, *live->document, **schema));
  state::Entry complete = entry;
  complete.open_steps.clear();
  complete.written = timestamp(clock_.wall());
  Attempt attempt{.intent = {.phase = state::Phase::intent,
                             .step = state::Step::update,
                             .name = item.name,
                             .digest = text::sha256_hex(body),
                             .known_ids = {entry.id},
                             .entry = to_ref(complete)}};
  for (cps::PendingChange const& pending : live->pending) attempt.intent.pending_changes.push_back(pending.id.value);

  cps::UpdateRequest request{.subject = item.name,
                             .account_key = item.account,
                             .id = id,
                             .api_schema = item.desired.api_schema,
                             .body = body,
                             .allow_cancel_pending_changes = ours};
  request.before_send = [this, &attempt] { return begin(attempt); };
  auto const updated = co_await writer_.update(std::move(request));
  if (!updated) {
    if (updated.error().reached == Reached::no) {
      auto const written = co_await refuse(attempt, describe(updated.error()));
      if (!written) co_return missing(describe(written.error()), written.error().next, Errc::io);
    }
    ItemResult half = missing(describe(updated.error()), updated.error().next, updated.error().code);
    if (updated.error().reached != Reached::no) half.outcome = Outcome::doubt;
    co_return half;
  }
  for (std::int64_t const change : numbers(updated->changes)) result.changes = {change};
  state::Record done{.phase = state::Phase::done,
                     .intent = attempt.sequence,
                     .step = state::Step::update,
                     .name = item.name,
                     .enrollment = entry.id,
                     .changes = numbers(updated->changes)};
  auto const written = co_await record(std::move(done));
  if (!written) co_return missing(describe(written.error()), written.error().next, Errc::io);
  co_return result;
}

http::Task<ItemResult> Executor::adopt(plan::Item const& item) {
  state::Entry entry = entry_for(item);
  entry.open_steps = item.open_steps;
  std::vector<state::Record> records;
  records.reserve(item.settles.size() + 1);
  // A doubt that the plan proved becomes what it was meant to be: done, with the id that CPS gave.
  for (std::int64_t const doubt : item.settles)
    records.push_back({.phase = state::Phase::done, .intent = doubt, .name = item.name});
  if (records.empty()) records.push_back({.phase = state::Phase::stored, .name = item.name});
  for (state::Record& one : records) {
    one.enrollment = item.id;
    one.entry = to_ref(entry);
    auto const written = co_await record(std::move(one));
    if (!written) co_return failed(item, written.error());
  }
  co_return ItemResult{.name = item.name, .action = item.action, .outcome = Outcome::done, .id = item.id};
}

}  // namespace cpsctl::apply
