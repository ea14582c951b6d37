#include "sandbox/motion.hpp"
#include "sandbox/service.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// How a write begins a change, and cancels those that are in its way.
namespace cpsctl::sandbox {
namespace {

/// The beginning of a day, or a whole timestamp as it is; the query has been checked.
std::string moment(std::optional<std::string> const& given) {
  if (!given) return {};
  auto const time = parse_timestamp(*given);
  return time ? timestamp(*time) : *given + "T00:00:00Z";
}

std::string lines(std::vector<std::string> const& texts) {
  return fmt::format("{}", fmt::join(texts, "\n"));
}

/// A key for each certificate that the enrollment is to have; RSA alone unless it stacks both.
Order new_order(std::int64_t change, json::Value const& document, Csrs csrs) {
  Order order{.change = change};
  if (json::Value const* const csr = json::find(document, "csr")) order.subject = json::compact(*csr);
  order.keys.push_back({.algorithm = "RSA"});
  json::Value const* const stacked = json::find(document, "enableMultiStackedCertificates");
  bool const third_party = json::text_or(json::find(document, "validationType"), "") == "third-party";
  if ((stacked != nullptr && stacked->IsTrue()) || (third_party && csrs == Csrs::both))
    order.keys.push_back({.algorithm = "ECDSA"});
  return order;
}

}  // namespace

std::optional<Problem> Service::cancel_problem(Change const& change, WallTime now) {
  if (!too_far(change, now)) return std::nullopt;
  return Problem{.status = 409,
                 .slug = "cannot-cancel-pending-change",
                 .title = "Cannot cancel pending change.",
                 .detail = fmt::format("The pending change {} is too far along to be cancelled.", change.id)};
}

void Service::cancel_all(Enrollment& enrollment, WallTime now) {
  while (!enrollment.changes.empty()) retire(enrollment, enrollment.changes.back().id, "cancelled", now);
}

std::int64_t Service::start_change(Call const& call, Enrollment& enrollment, json::Value const& document,
                                   Beginning beginning) const {
  json::Value const* const management = json::find(document, "changeManagement");
  bool const managed = management != nullptr && management->IsTrue() && beginning.work != Work::removal;
  Change change{.id = store_.next_change_id(),
                .type = std::move(beginning.type),
                .created = timestamp(call.now),
                .not_before = moment(call.target.parameter("deploy-not-before")),
                .not_after = moment(call.target.parameter("deploy-not-after")),
                .work = beginning.work,
                .validation = std::string(json::text_or(json::find(document, "validationType"), "")),
                .approval = managed && (enrollment.deployed || behaviour_.first_approval == FirstApproval::asked)};
  bool const uploaded = change.validation == "third-party" && change.work == Work::certificate;
  if (change.work == Work::certificate) change.warned_before = lines(warnings_when(Warning::When::before));
  auto texts = std::move(beginning.warnings);
  if (change.work != Work::network)
    for (std::string& text :
         warnings_when(change.work == Work::removal ? Warning::When::removal : Warning::When::after))
      texts.push_back(std::move(text));
  if (!uploaded) change.warned_after = lines(texts);
  begin(change, behaviour_, call.now);
  if (change.work == Work::certificate) enrollment.orders.push_back(new_order(change.id, document, behaviour_.csrs));
  enrollment.changes.push_back(std::move(change));
  return enrollment.changes.back().id;
}

}  // namespace cpsctl::sandbox
