#include "apply/reschedule.hpp"

#include "apply/basis.hpp"
#include "apply/change.hpp"
#include "cps/change_api.hpp"
#include "lifecycle/target.hpp"
#include "plan/schedule.hpp"

#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

/// PUT /enrollments/{id}/changes/{change}/deployment-schedule.
class Reschedule : public Change {
 public:
  Reschedule(plan::Schedule schedule, Services& services, Course& course)
      : Change(state::WriteKind::schedule, services, course),
        schedule_(std::move(schedule)),
        changes_(services.writer.session()) {}

  bool on_list() const override { return false; }

  /// Is it under way still, before staging, with the dates that the plan showed?
  http::Task<Result<Basis>> look() override {
    Basis const basis{.read = services_.trace.wall()};
    cps::ChangeRef ref = reference();
    auto const seen = co_await changes_.change(std::move(ref));
    std::int64_t const id = schedule_.change.id.value;
    if (!seen && seen.error().code == Errc::not_found)
      co_return moved(Errc::stale, fmt::format("change {} has ended", id));
    if (!seen) co_return seen.error();
    if (lifecycle::is_on_staging(*seen))
      co_return moved(Errc::stale, fmt::format("change {} has come to staging: it is too late for other dates", id));
    if (!plan::lies_on(seen->schedule, std::get<plan::Reschedule>(item().work).now))
      co_return moved(Errc::stale, fmt::format("change {} has other dates than the plan showed", id));
    had_ = seen->schedule;
    co_return basis;
  }

  Result<state::Record> prepare(Basis const&) override {
    auto const& entries = services_.store.contents().entries;
    auto const before = entries.find(item().name);
    if (before == entries.end()) return moved(Errc::stale, "the state does not hold it any more");
    state::Entry entry = entry_for(item(), before->second.written);
    carry_over(before->second, entry);
    state::Record record = intent({schedule_.change.id.value});
    record.entry = std::make_shared<state::Entry const>(std::move(entry));
    record.said = plan::words(schedule_.deploy);
    return record;
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    cps::ScheduleRequest request{.ref = reference(), .had = had_, .before_send = std::move(before)};
    if (auto const& first = schedule_.deploy.not_before) request.not_before = std::chrono::sys_days(*first);
    if (auto const& last = schedule_.deploy.not_after)
      request.not_after = std::chrono::sys_days(*last) + std::chrono::days(1) - std::chrono::seconds(1);
    auto const sent = co_await changes_.reschedule(std::move(request));
    if (!sent) co_return sent.error();
    co_return cps::EnrollmentStatus{};
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const&) override {
    course_.result.changes = {schedule_.change.id.value};
    return services_.trace.done(std::move(attempt), item().id, {});
  }

  ItemResult conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const override {
    ItemResult result = failed(error, proof);
    if (proof == Proof::in_doubt) {
      // Another round of this run reads lists, which cannot tell.
      result.outcome = Outcome::doubt;
      result.next = "run cpsctl apply again: the change tells then whether it has these dates";
      return result;
    }
    bool const too_late = error.code == Errc::not_found || error.code == Errc::conflict;
    if (!too_late) return Write::conclude(error, proof, later, tally);
    result.outcome = Outcome::stale;
    result.message =
        fmt::format("CPS takes no other dates for change {} any more: {}", schedule_.change.id.value, result.message);
    result.next = plan::look_again;
    return result;
  }

  char const* done_words() const override { return "rescheduled"; }

 private:
  cps::ChangeRef reference() const {
    return {.subject = item().name,
            .account_key = item().account,
            .enrollment = {item().id},
            .change = schedule_.change.id};
  }

  plan::Schedule schedule_;
  cps::ChangeWriter changes_;
  cps::Schedule had_ = {};
};

}  // namespace

std::unique_ptr<Write> reschedule_of(plan::Schedule const& schedule, Services& services, Course& course) {
  return std::make_unique<Reschedule>(schedule, services, course);
}

}  // namespace cpsctl::apply
