#include "apply/trace.hpp"

namespace cpsctl::apply {

http::Task<Result<std::int64_t>> Trace::record(state::Record record) {
  if (broken_) co_return *broken_;
  record.at = now();
  struct Waiting {
    explicit Waiting(http::Loop& loop) : written(loop) {}
    http::Event written;
    std::optional<Result<state::Record>> outcome;
  };
  auto const waiting = std::make_shared<Waiting>(loop_);
  // The callback comes on the journal's thread and hands the outcome over to the loop's.
  store_.journal(std::move(record), [this, waiting](Result<state::Record> outcome) {
    loop_.post([waiting, outcome = std::move(outcome)]() mutable {
      waiting->outcome = std::move(outcome);
      waiting->written.notify_all();
    });
  });
  while (!waiting->outcome) co_await waiting->written.wait();
  if (!*waiting->outcome) {
    broken_ = waiting->outcome->error();
    co_return *broken_;
  }
  state::Record const& kept = **waiting->outcome;
  store_.accept(kept);
  co_return kept.sequence;
}

http::Task<Result<>> Trace::write(state::Record record_of) {
  auto const written = co_await record(std::move(record_of));
  co_return written ? Result<>() : Result<>(written.error());
}

http::Task<Result<>> Trace::begin(Attempt& attempt) {
  // Another attempt of the same write follows only what proves that nothing happened: a 429, or no connection.
  WallTime const begun = clock_.wall();
  auto const closed = co_await refuse(attempt, "CPS's request limit, or no connection was made; sent again");
  if (!closed) co_return closed.error();
  state::Record intent = attempt.intent;
  intent.ends_by = timestamp(begun + timeout_);
  auto const sequence = co_await record(std::move(intent));
  if (!sequence) co_return sequence.error();
  attempt.sequence = *sequence;
  co_return Result<>();
}

http::Task<Result<>> Trace::refuse(Attempt& attempt, std::string reason) {
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

http::Task<Result<>> Trace::conflict(Attempt& attempt, std::string reason) {
  state::Record met{.phase = state::Phase::conflict,
                    .intent = attempt.sequence,
                    .step = attempt.intent.step,
                    .name = attempt.intent.name,
                    .reason = std::move(reason)};
  return write(std::move(met));
}

http::Task<Result<>> Trace::lose(Attempt& attempt, std::string how) {
  state::Record lost{.phase = state::Phase::lost,
                     .intent = attempt.sequence,
                     .step = attempt.intent.step,
                     .name = attempt.intent.name,
                     .lost = std::move(how)};
  return write(std::move(lost));
}

http::Task<Result<>> Trace::refuse_all(std::string name, std::vector<std::int64_t> intents, std::string reason) {
  for (std::int64_t const intent : intents) {
    state::Record closed{.phase = state::Phase::refused, .intent = intent, .name = name, .reason = reason};
    auto const written = co_await record(std::move(closed));
    if (!written) co_return written.error();
  }
  co_return Result<>();
}

http::Task<Result<>> Trace::done(Attempt attempt, std::int64_t id, std::vector<std::int64_t> changes) {
  state::Record record_of{.phase = state::Phase::done,
                          .intent = attempt.sequence,
                          .step = attempt.intent.step,
                          .name = attempt.intent.name,
                          .enrollment = id,
                          .changes = std::move(changes)};
  return write(std::move(record_of));
}

http::Task<Result<>> Trace::prove_all(std::string name, std::vector<std::int64_t> intents, state::WriteKind step,
                                      std::int64_t id) {
  for (std::int64_t const intent : intents) {
    state::Record done{.phase = state::Phase::done, .intent = intent, .step = step, .name = name, .enrollment = id};
    auto const written = co_await record(std::move(done));
    if (!written) co_return written.error();
  }
  co_return Result<>();
}

http::Task<Result<>> Trace::watch(std::string name, std::vector<state::Watch> watches) {
  state::Record seen{.phase = state::Phase::watched, .name = std::move(name), .watches = std::move(watches)};
  return write(std::move(seen));
}

http::Task<Result<>> Trace::published(std::vector<state::Publication> all) {
  state::Record record{.phase = state::Phase::published, .publications = std::move(all)};
  return write(std::move(record));
}

http::Task<Result<>> Trace::withdrawn(std::vector<state::Publication> all) {
  state::Record record{.phase = state::Phase::withdrawn, .publications = std::move(all)};
  return write(std::move(record));
}

http::Task<Result<>> Trace::drop(std::string name, std::int64_t intent) {
  state::Record dropped{
      .phase = state::Phase::dropped, .intent = intent, .step = state::WriteKind::delete_, .name = std::move(name)};
  return write(std::move(dropped));
}

http::Task<Result<>> Trace::keep(state::Entry entry, std::string name, std::int64_t intent) {
  state::Record stored{.phase = intent == 0 ? state::Phase::stored : state::Phase::done,
                       .intent = intent,
                       .name = std::move(name),
                       .enrollment = entry.id,
                       .entry = std::make_shared<state::Entry const>(entry)};
  return write(std::move(stored));
}

}  // namespace cpsctl::apply
