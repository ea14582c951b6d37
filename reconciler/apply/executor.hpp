#pragma once
#include "apply/apply.hpp"

namespace cpsctl::apply {

/// Carries out single items. One per run; on the loop's thread.
class Executor {
 public:
  Executor(cps::Writer& writer, http::Loop& loop, state::Store& store, Clock const& clock)
      : writer_(writer), loop_(loop), store_(store), clock_(clock) {}

  http::Task<ItemResult> carry_out(plan::Item const& item);

  /// Set once the journal cannot be written any more: nothing may be sent after that.
  std::optional<Error> const& broken() const { return broken_; }
  /// Set once the credentials were refused: every further request would be.
  bool unauthorized() const { return unauthorized_; }

 private:
  http::Task<ItemResult> create(plan::Item const& item);
  http::Task<ItemResult> second_write(plan::Item const& item, state::Entry entry, ItemResult result);
  http::Task<ItemResult> adopt(plan::Item const& item);

  /// A write's trace in the journal. Each attempt has an intent of its own, written when its turn has come: the time
  /// that it waited before must not count as time after it (a list disproves a create by that).
  struct Attempt {
    state::Record intent = {};
    std::int64_t sequence = 0;  ///< of the intent on disk; 0: nothing was sent
  };
  http::Task<Result<>> begin(Attempt& attempt);
  /// Closes the intent of an attempt that is known not to have happened.
  http::Task<Result<>> refuse(Attempt& attempt, std::string reason);

  /// On disk when it returns, and in the store's contents. Errors: io, which breaks the run.
  http::Task<Result<std::int64_t>> record(state::Record record);
  state::Entry entry_for(plan::Item const& item) const;
  ItemResult failed(plan::Item const& item, Error const& error);

  cps::Writer& writer_;
  http::Loop& loop_;
  state::Store& store_;
  Clock const& clock_;
  std::optional<Error> broken_ = {};
  bool unauthorized_ = false;
};

}  // namespace cpsctl::apply
