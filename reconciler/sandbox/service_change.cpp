#include "sandbox/given.hpp"
#include "sandbox/motion.hpp"
#include "sandbox/service.hpp"

#include <utility>

#include <fmt/format.h>

/// A pending change: GET, DELETE, its deployment schedule.
namespace cpsctl::sandbox {

Response Service::get_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  std::string body = change_body(enrollment.id, change, behaviour_.validation);
  // An input that was given is still shown, for so many reads; then CPS has noticed.
  if (change.reads_left) {
    Enrollment next = enrollment;
    for (Change& one : next.changes)
      if (one.id == change.id) one.reads_left = *one.reads_left - 1;
    auto const kept = *change.reads_left > 1 ? put_back(std::move(next)) : leave_input(call, next, change.id);
    if (!kept) return disk_trouble(call, kept.error());
  }
  return carried_out(200, change_entity, *version, std::move(body));
}

Response Service::get_ended(Call& call, PastChange const& past) {
  auto const version = accepted_version(call.request.header("Accept"), change_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  return carried_out(200, change_entity, *version, ended_change_body(past.status));
}

Response Service::cancel_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_id_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_id_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  if (auto const problem = cancel_problem(change, call.now)) return refuse(call, *problem);
  std::string body = fmt::format(R"({{"change":"{}"}})", change_path(enrollment.id, change.id));
  if (auto const done = cancel(call, enrollment, change.id); !done) return disk_trouble(call, done.error());
  return carried_out(200, change_id_entity, *version, std::move(body));
}

Result<> Service::cancel(Call const& call, Enrollment const& enrollment, std::int64_t change) {
  Enrollment next = enrollment;
  remember(next, call.now);
  retire(next, change, "cancelled", call.now);
  if (next.changes.empty() && !next.deployed) return store_.remove(std::move(next));
  CPS_TRY(json::Document document, json::parse(next.document, "a stored enrollment"));
  return keep(std::move(next), document);
}

Response Service::schedule(Call& call, Enrollment const&, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), schedule_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, schedule_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  auto const shown = [](std::string const& time) { return time.empty() ? "null" : fmt::format("\"{}\"", time); };
  return carried_out(
      200, schedule_entity, *version,
      fmt::format(R"({{"notAfter":{},"notBefore":{}}})", shown(change.not_after), shown(change.not_before)));
}

Response Service::set_schedule(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_id_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_id_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  if (!content_version(call.request.header("Content-Type"), schedule_entity, behaviour_.policy))
    return not_supported(call, schedule_entity);
  Schedule wanted;
  if (auto const problem = read_schedule(call.request.body, wanted)) return refuse(call, *problem);
  if (too_far(change, call.now))
    return refuse(call, Problem{.status = 409,
                                .slug = "cannot-reschedule-pending-change",
                                .title = "Cannot reschedule pending change.",
                                .detail = fmt::format("The pending change {} is being deployed.", change.id)});
  Enrollment next = enrollment;
  for (Change& one : next.changes) {
    if (one.id != change.id) continue;
    one.not_before = wanted.not_before;
    one.not_after = wanted.not_after;
  }
  std::string body = fmt::format(R"({{"change":"{}"}})", change_path(enrollment.id, change.id));
  if (auto const kept = put_back(std::move(next)); !kept) return disk_trouble(call, kept.error());
  return carried_out(200, change_id_entity, *version, std::move(body));
}

Result<> Service::put_back(Enrollment next) {
  progress_.watch(next);
  return store_.put(std::move(next));
}

}  // namespace cpsctl::sandbox
