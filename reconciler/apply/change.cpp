#include "apply/change.hpp"

#include "apply/basis.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {

http::Task<Result<Basis>> Change::look() {
  // What is based on the list is bounded by that (Snapshots::refresh).
  if (course_.reads && ++readings_ > most_readings)
    co_return Error{.code = Errc::rate_limited,
                    .message = fmt::format("there is no time between a look at enrollment {} and a write, by the "
                                           "request limit or as it takes too long",
                                           item().id)};
  cps::Live const* const listed = services_.snapshots.by_id(scope(), item().id);
  Basis basis{.read = services_.snapshots.read(scope())};
  // Of what was planned on a look of its own the list may still show what was there before.
  bool const lags = listed == nullptr || (item().looked_up() && !plan::same_live(*listed, item().live));
  if (!lags && !course_.reads) {
    basis.live = *listed;
  } else {
    cps::EnrollmentId const id{item().id};
    auto got = co_await services_.writer.get(item().account, id, item().api_schema, item().name);
    if (!got && got.error().code != Errc::not_found) co_return got.error();
    if (got) {
      basis.read = got->begun;
      basis.live = std::move(*got);
    }
  }
  bool const without = !course_.cancelled.empty() && basis.live.document;
  auto const fits = without ? check_without(course_.cancelled, item(), basis.live) : check_unmoved(item(), basis.live);
  if (fits) co_return basis;
  basis.gone = fits.error().code == Errc::not_found && std::holds_alternative<plan::Remove>(item().work);
  if (basis.gone) co_return basis;
  Error moved = fits.error();
  if (moved.code == Errc::not_found) moved.code = Errc::stale;
  co_return moved;
}

http::Task<Result<>> Change::record(Attempt attempt, cps::EnrollmentStatus const& status) {
  course_.result.changes = numbers(status.changes);
  return services_.trace.done(std::move(attempt), item().id, course_.result.changes);
}

state::Record Change::intent(std::vector<std::int64_t> pending) const {
  return {.phase = state::Phase::intent,
          .step = step_,
          .name = item().name,
          .known_ids = {course_.result.id},
          .pending_changes = std::move(pending)};
}

bool Change::is_managed() const {
  return services_.store.contents().entries.contains(item().name);
}

std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), &cps::ChangeId::value);
  return ids;
}

}  // namespace cpsctl::apply
