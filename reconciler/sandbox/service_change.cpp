#include "sandbox/motion.hpp"
#include "sandbox/service.hpp"

#include <utility>

#include <fmt/format.h>

/// A pending change: GET, DELETE.
namespace cpsctl::sandbox {

Response Service::get_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  return carried_out(200, change_entity, *version, change_body(enrollment.id, change));
}

Response Service::cancel_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_id_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_id_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  if (change.work == Work::removal)
    return refuse(call, {.status = 409,
                         .slug = "cannot-cancel-pending-change",
                         .title = "Cannot cancel pending change.",
                         .detail = fmt::format("The pending change {} is too far along to be cancelled.", change.id)});
  std::string body = fmt::format(R"({{"change":"{}"}})", change_path(enrollment.id, change.id));
  Enrollment next = enrollment;
  remember(next, call.now);
  retire(next, change.id, "cancelled", call.now);
  // An enrollment that never had a certificate goes with its only change (cps-api.md §4.7).
  if (next.changes.empty() && !next.deployed) {
    if (auto const removed = store_.remove(std::move(next)); !removed) return disk_trouble(call, removed.error());
    return carried_out(200, change_id_entity, *version, std::move(body));
  }
  auto document = json::parse(next.document, "a stored enrollment");
  if (!document) return disk_trouble(call, document.error());
  if (auto const kept = keep(std::move(next), *document); !kept) return disk_trouble(call, kept.error());
  return carried_out(200, change_id_entity, *version, std::move(body));
}

}  // namespace cpsctl::sandbox
