#include "apply/basis.hpp"
#include "apply/write.hpp"
#include "base/text.hpp"
#include "cps/change_api.hpp"
#include "lifecycle/target.hpp"
#include "plan/schedule.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), &cps::ChangeId::value);
  return ids;
}

/// POST /enrollments.
class Create : public Write {
 public:
  Create(Services& services, Course& course)
      : Write(state::WriteKind::create, services, course), entry_(entry_for(item(), services.trace.now())) {
    entry_.open_steps = std::get<plan::Create>(item().work).deferred;
  }

  std::optional<ItemResult> held_back() override {
    WallTime const now = services_.trace.wall();
    if (!services_.spacing.holds(scope(), now)) return std::nullopt;
    Spacing::Place const place = services_.spacing.join(scope(), now);
    ItemResult result = result_of(item(), Outcome::waiting);
    result.again = place.next;
    result.expected = place.expected;
    result.message = fmt::format(
        "not sent yet: after a 409 the creates of contract {} go one at a time; number {} in line, expected about {}",
        item().contract, place.in_line, timestamp(place.expected));
    result.next = "run cpsctl apply again; it goes on one by one";
    return result;
  }

  http::Task<Result<Basis>> look() override {
    listed_.clear();
    for (cps::Live const* live : services_.snapshots.by_name(scope(), item().common_name))
      listed_.push_back(live->id.value);
    read_ = services_.snapshots.read(scope());
    auto const alone =
        check_none_appeared(item(), listed_, [this](std::int64_t id) { return services_.known_ids.contains(id); });
    if (!alone) co_return alone.error();
    co_return Basis{.read = read_};
  }

  Result<state::Record> prepare(Basis const&) override {
    manifest::Desired const& desired = *item().desired;
    if (body_.empty()) {
      CPS_TRY(auto const schema, schema::enrollment(desired.api_schema));
      body_ = diff::create_text(*desired.enrollment, *schema);
    }
    return state::Record{.phase = state::Phase::intent,
                         .step = step_,
                         .name = item().name,
                         .digest = text::sha256_hex(body_),
                         .known_ids = listed_,
                         .entry = std::make_shared<state::Entry const>(entry_)};
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    manifest::Desired const& desired = *item().desired;
    cps::CreateRequest request{.subject = item().name,
                               .account_key = item().account,
                               .contract = item().contract,
                               .api_schema = desired.api_schema,
                               .body = body_,
                               .deploy_not_before = desired.deploy.not_before,
                               .deploy_not_after = desired.deploy.not_after,
                               .allow_duplicate_cn = desired.lifecycle.allow_duplicate_cn,
                               .before_send = std::move(before)};
    under_way_ = false;
    auto created = co_await services_.writer.create(std::move(request));
    if (created && existed(created->enrollment.value))
      created = Error{.code = Errc::protocol,
                      .message = fmt::format("POST /enrollments was answered with enrollment {}, which existed before",
                                             created->enrollment.value),
                      .next = "run again: cpsctl looks the enrollment up",
                      .reached = Reached::unknown};
    bool const counts = created || created.error().reached != Reached::no;
    if (under_way_) services_.spacing.end(scope(), services_.trace.wall(), counts);
    if (!created && created.error().code == Errc::conflict && under_way_)
      services_.spacing.conflict(scope(), services_.trace.wall());
    co_return created;
  }

  http::Task<Result<Turn>> begin(Attempt& attempt, WallTime read) override {
    // An attempt before this one met a 429: CPS did not take it, and what came meanwhile may have met a 409.
    if (std::exchange(under_way_, false)) services_.spacing.end(scope(), services_.trace.wall(), false);
    if (services_.spacing.holds(scope(), services_.trace.wall()))
      co_return co_await give_way(attempt);  // CPS takes one create of the contract at a time
    if (!services_.snapshots.young(read)) co_return co_await Write::begin(attempt, read);  // which gives way, too
    // Its place is taken before the journal is waited for: others come meanwhile.
    services_.spacing.begin(scope());
    // A doubt that the plan disproved is closed only now that the create is sent again: one that is held back stays
    // what it was, also for the next run.
    std::vector<std::int64_t> closing = std::exchange(course_.closes.not_done, {});
    auto const closed = co_await services_.trace.refuse_all(item().name, std::move(closing), item().reason);
    Result<Turn> turn = Turn::left;
    if (closed)
      turn = co_await Write::begin(attempt, read);
    else
      turn = closed.error();
    under_way_ = turn && *turn == Turn::taken;
    if (!under_way_) services_.spacing.end(scope(), services_.trace.wall(), false);
    co_return turn;
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override {
    ItemResult& result = course_.result;
    result.id = status.enrollment.value;
    result.changes = numbers(status.changes);
    services_.known_ids.insert(result.id);
    return services_.trace.done(std::move(attempt), result.id, result.changes);
  }

  char const* done_words() const override { return "created"; }

 private:
  /// What existed before a create was sent is not what it made.
  bool existed(std::int64_t id) const {
    if (services_.known_ids.contains(id)) return true;
    return services_.snapshots.read(scope()) == read_ && services_.snapshots.by_id(scope(), id) != nullptr;
  }

  state::Entry entry_;
  std::string body_ = {};
  std::vector<std::int64_t> listed_ = {};  ///< of its common name, before it was sent
  WallTime read_ = {};
  bool under_way_ = false;
};

/// A write on what exists.
class Change : public Write {
 public:
  using Write::Write;

  bool on_list() const override { return !course_.reads; }

  http::Task<Result<Basis>> look() override {
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
    auto const fits =
        without ? check_without(course_.cancelled, item(), basis.live) : check_unmoved(item(), basis.live);
    if (fits) co_return basis;
    basis.gone = fits.error().code == Errc::not_found && std::holds_alternative<plan::Remove>(item().work);
    if (basis.gone) co_return basis;
    Error moved = fits.error();
    if (moved.code == Errc::not_found) moved.code = Errc::stale;
    co_return moved;
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override {
    course_.result.changes = numbers(status.changes);
    return services_.trace.done(std::move(attempt), item().id, course_.result.changes);
  }

 protected:
  state::Record intent(std::vector<std::int64_t> pending) const {
    return {.phase = state::Phase::intent,
            .step = step_,
            .name = item().name,
            .known_ids = {course_.result.id},
            .pending_changes = std::move(pending)};
  }

  static constexpr int most_readings = 3;
  int readings_ = 0;
};

/// DELETE /enrollments/{id}/changes/{change}.
class Cancel : public Change {
 public:
  Cancel(plan::Cancel const& cancel, Services& services, Course& course)
      : Change(state::WriteKind::cancel, services, course), change_(cancel.change.id) {}

  http::Task<Result<Basis>> look() override {
    // All cancels of an item are based on what was read before the first, while that is young.
    bool const based = !course_.cancelled.empty() && services_.snapshots.young(course_.read);
    if (based) co_return Basis{.read = course_.read};
    auto const basis = co_await Change::look();
    if (basis) course_.read = basis->read;
    co_return basis;
  }

  Result<state::Record> prepare(Basis const&) override {
    state::Record record = intent({change_.value});
    auto const* const abandon = std::get_if<plan::Abandon>(&item().work);
    auto const& entries = services_.store.contents().entries;
    auto const entry = entries.find(item().name);
    if (abandon != nullptr && abandon->removes && entry != entries.end())
      record.entry = std::make_shared<state::Entry const>(entry->second);
    return record;
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    cps::CancelRequest request{.subject = item().name,
                               .account_key = item().account,
                               .id = {item().id},
                               .change = change_,
                               .before_send = std::move(before)};
    auto const cancelled = co_await services_.writer.cancel(std::move(request));
    if (!cancelled && cancelled.error().code != Errc::not_found) co_return cancelled.error();  // else it has ended
    co_return cps::EnrollmentStatus{};
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override {
    course_.cancelled.insert(change_.value);
    return Change::record(std::move(attempt), status);
  }

  char const* done_words() const override { return "cancelled"; }

 private:
  cps::ChangeId change_;
};

/// PUT /enrollments/{id}.
class Update : public Change {
 public:
  Update(plan::Put const& put, Services& services, Course& course)
      : Change(state::WriteKind::update, services, course),
        entry_(entry_for(item(), services.trace.now())),
        cancels_(!put.cancels.empty()),
        inside_renewal_window_(put.inside_renewal_window) {
    if (auto const* const update = std::get_if<plan::Update>(&item().work)) target_ = update->target;
    for (diff::Change const& change : item().changes)
      if (change.set && change.effect == schema::Effect::certificate)
        entry_.removed_names.insert(entry_.removed_names.end(), change.removed.begin(), change.removed.end());
  }

  Result<state::Record> prepare(Basis const& basis) override {
    // In the version of what it is laid over, or a member that the manifest's version does not know would be lost.
    api_schema_ = basis.live.api_schema;
    CPS_TRY(auto const schema, schema::enrollment(api_schema_));
    body_ = json::compact(diff::update_body(*target_, *basis.live.document, *schema));
    state::Record record = intent(plan::ids_of(basis.live.pending));
    record.digest = text::sha256_hex(body_);
    record.entry = std::make_shared<state::Entry const>(entry_);
    return record;
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    manifest::Desired const& desired = *item().desired;
    cps::UpdateRequest request{.subject = item().name,
                               .account_key = item().account,
                               .id = {entry_.id},
                               .api_schema = api_schema_,
                               .body = body_,
                               .allow_cancel_pending_changes = cancels_,
                               .override_renewal_window = inside_renewal_window_,
                               .before_send = std::move(before)};
    // A window belongs to the certificate that a change brings (cps-api.md §4.7).
    if (plan::issues_certificate(item().changes)) {
      request.deploy_not_before = desired.deploy.not_before;
      request.deploy_not_after = desired.deploy.not_after;
    }
    return services_.writer.update(std::move(request));
  }

  char const* done_words() const override { return "updated"; }

 protected:
  state::Entry entry_;  ///< what the state will hold
  json::Ref target_ = {};
  bool cancels_ = false;  ///< what is pending goes with the write

 private:
  std::string api_schema_ = {};
  std::string body_ = {};
  bool inside_renewal_window_ = false;
};

/// PUT of what a create must not carry, over the enrollment that CPS made of it (cps-api.md §3.3).
class SecondWrite : public Update {
 public:
  SecondWrite(plan::PutCreated const& put, Services& services, Course& course) : Update({}, services, course) {
    target_ = item().desired->enrollment;
    entry_.id = course.result.id;
    entry_.changes = course.result.changes;
    fields_ = put.brings;
  }

  bool on_list() const override { return false; }

  http::Task<Result<Basis>> look() override {
    if (++readings_ > most_readings)
      co_return Error{.code = Errc::stale, .message = "what it is based on grew old while it waited for its turn"};
    cps::EnrollmentId const id{entry_.id};
    auto live = co_await services_.writer.get(item().account, id, item().api_schema, item().name);
    if (!live) co_return live.error();
    auto const ours = own_first_change(*live, entry_.changes);
    if (!ours) co_return ours.error();
    cancels_ = *ours;
    WallTime const read = live->begun;
    co_return Basis{.live = std::move(*live), .read = read};
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    sent_ = true;
    return Update::send(std::move(before));
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override {
    if (!status.changes.empty()) course_.result.changes = numbers(status.changes);
    return services_.trace.done(std::move(attempt), entry_.id, course_.result.changes);
  }

  ItemResult failed(Error const& error, Proof proof) const override {
    ItemResult half = course_.result;
    bool const waits =
        proof == Proof::without_turn || readings_ > most_readings || (error.code == Errc::conflict && !sent_);
    half.outcome = waits ? Outcome::waiting : Outcome::failed;
    half.code = error.code;
    half.message = proof == Proof::in_doubt
                       ? fmt::format("created as {}; whether its second write ({}) was done is in doubt: {}", entry_.id,
                                     fields_, describe(error))
                       : fmt::format("created as {}, but the second write ({}) is missing: {}", entry_.id, fields_,
                                     describe(error));
    half.next = error.next.empty() ? "run cpsctl apply again" : error.next;
    return half;
  }

  ItemResult conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const override {
    bool const looked = !sent_ || proof == Proof::without_turn;
    return looked ? failed(error, proof) : Write::conclude(error, proof, later, tally);
  }

  char const* done_words() const override { return "created, and its second write done"; }

 private:
  bool sent_ = false;
  std::string fields_;
};

/// DELETE /enrollments/{id}.
class Removal : public Change {
 public:
  Removal(plan::Delete const& remove, Services& services, Course& course)
      : Change(state::WriteKind::delete_, services, course), cancels_(!remove.cancels.empty()) {}

  Result<state::Record> prepare(Basis const& basis) override {
    state::Record record = intent(plan::ids_of(basis.live.pending));
    record.entry = course_.entry;
    return record;
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    cps::DeleteRequest request{.subject = item().name,
                               .account_key = item().account,
                               .id = {item().id},
                               .allow_cancel_pending_changes = cancels_,
                               .before_send = std::move(before)};
    auto removed = co_await services_.writer.remove(std::move(request));
    if (!removed && removed.error().code == Errc::not_found) co_return cps::EnrollmentStatus{};
    if (removed && removed->started && removed->changes.empty())
      co_return Error{.code = Errc::protocol,
                      .message = "the answer says that a removal was started, and not which change it is",
                      .reached = Reached::unknown};
    co_return removed;
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override {
    if (status.changes.empty()) return services_.trace.drop(item().name, attempt.sequence);
    return Change::record(std::move(attempt), status);
  }

  char const* done_words() const override { return "deleted"; }

 private:
  bool cancels_;
};

/// POST /enrollments/{id}/changes/{change}/input/update/{segment}.
class Answer : public Change {
 public:
  Answer(plan::Input const& input, Services& services, Course& course)
      : Change(state::WriteKind::answer, services, course),
        advance_(*plan::advance_of(course.item)),
        input_(*plan::input_answered(advance_.next.due)),
        says_(input.says),
        changes_(services.writer.session()) {}

  bool on_list() const override { return false; }

  /// Does CPS still ask for this, and show the same?
  http::Task<Result<Basis>> look() override {
    if (!answer_) {
      auto const ready = co_await prepare_answer();
      if (!ready) co_return ready.error();
    }
    Basis const basis{.read = services_.trace.wall()};
    cps::ChangeRef ref = reference();
    auto const info = co_await changes_.info(std::move(ref), input_);
    if (!info) co_return info.error();
    if (lifecycle::answer_digest(*info) != advance_.digest)
      co_return moved(Errc::stale, "CPS shows something else than what the answer was planned for");
    co_return basis;
  }

  Result<state::Record> prepare(Basis const&) override {
    state::Record record = intent({advance_.change.id.value});
    record.digest = advance_.digest;
    record.input = input_.update;
    record.said = says_;
    return record;
  }

  http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) override {
    cps::AnswerRequest request{
        .ref = reference(), .input = input_, .answer = *answer_, .before_send = std::move(before)};
    auto const answered = co_await changes_.answer(std::move(request));
    if (!answered) co_return answered.error();
    co_return cps::EnrollmentStatus{};
  }

  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const&) override {
    course_.result.changes = {advance_.change.id.value};
    course_.result.message = says_;
    return services_.trace.done(std::move(attempt), item().id, course_.result.changes);
  }

  /// Somebody else has answered it, or CPS has moved on by itself: nothing is wrong, the change is read again.
  ItemResult conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const override {
    if (put_off_) {
      ItemResult result = result_of(item(), Outcome::under_way);
      result.changes = {advance_.change.id.value};
      result.message = error.message;
      return result;
    }
    if (proof == Proof::in_doubt) {
      // Another round of this run reads lists, which cannot tell.
      ItemResult result = failed(error, proof);
      result.outcome = Outcome::doubt;
      result.next = "run cpsctl apply again: what the change asks for then tells whether it was done";
      return result;
    }
    bool const moved_on = error.code == Errc::not_found || error.code == Errc::conflict;
    if (!moved_on) return Write::conclude(error, proof, later, tally);
    ItemResult result = result_of(item(), Outcome::under_way);
    result.changes = {advance_.change.id.value};
    result.message = "CPS does not ask for it any more";
    return result;
  }

  char const* done_words() const override { return "answered"; }

 private:
  cps::ChangeRef reference() const {
    return {
        .subject = item().name, .account_key = item().account, .enrollment = {item().id}, .change = advance_.change.id};
  }

  http::Task<Result<>> prepare_answer() {
    if (auto const* const approves = std::get_if<lifecycle::Approves>(&advance_.next.due))
      answer_ = cps::Approve{.validation_result_hash = approves->validation_result_hash};
    else if (std::holds_alternative<lifecycle::Acknowledges>(advance_.next.due))
      answer_ = cps::Acknowledge();
    else if (advance_.upload)
      answer_ = *advance_.upload;
    else
      co_return co_await ask_signer();
    co_return Result<>();
  }

  /// The change as the state watches it; an entry that is not in the state is not watched.
  state::Watch* watch_in(std::vector<state::Watch>& watches) const {
    std::int64_t const change = advance_.change.id.value;
    auto const found = std::ranges::find(watches, change, &state::Watch::change);
    return found == watches.end() ? &watches.emplace_back(state::Watch{.change = change}) : &*found;
  }

  http::Task<Result<>> ask_signer() {
    auto const* const wanted = std::get_if<lifecycle::Uploads>(&advance_.next.due);
    if (wanted == nullptr || !services_.certify)
      co_return Error{.code = Errc::internal, .message = "there is no certificate to upload"};
    auto const& entries = services_.store.contents().entries;
    auto const entry = entries.find(item().name);
    std::vector<state::Watch> watches = entry == entries.end() ? std::vector<state::Watch>() : entry->second.watches;
    state::Watch* const watch = watch_in(watches);
    PutOff before{.request = watch->request, .reference = watch->reference};
    auto certified = co_await services_.certify(item(), *wanted, std::move(before));
    if (auto* const upload = std::get_if<cps::Upload>(&certified)) {
      answer_ = std::move(*upload);
      co_return Result<>();
    }
    if (auto* const failed = std::get_if<Error>(&certified)) co_return std::move(*failed);
    auto const& later = std::get<PutOff>(certified);
    watch->request = later.request;
    watch->reference = later.reference;
    watch->again = timestamp(later.again);
    if (entry != entries.end()) {
      auto const kept = co_await services_.trace.watch(item().name, std::move(watches));
      if (!kept) co_return kept.error();
    }
    put_off_ = true;
    co_return Error{.code = Errc::stale,
                    .message = fmt::format("the signer {} has not answered yet; it is asked again after {}",
                                           wanted->source.signer, timestamp(later.again))};
  }

  plan::Advance const& advance_;
  cps::Input const& input_;
  std::string says_;
  cps::ChangeWriter changes_;
  std::optional<cps::Answer> answer_ = {};
  bool put_off_ = false;  ///< by the signer
};

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

struct Make {
  Services& services;
  Course& course;

  std::unique_ptr<Write> operator()(plan::Post const&) const { return std::make_unique<Create>(services, course); }
  std::unique_ptr<Write> operator()(plan::Get const&) const { return nullptr; }
  std::unique_ptr<Write> operator()(plan::GetCreated const&) const { return nullptr; }
  std::unique_ptr<Write> operator()(plan::Cancel const& cancel) const {
    return std::make_unique<Cancel>(cancel, services, course);
  }
  std::unique_ptr<Write> operator()(plan::Put const& put) const {
    return std::make_unique<Update>(put, services, course);
  }
  std::unique_ptr<Write> operator()(plan::PutCreated const& put) const {
    return std::make_unique<SecondWrite>(put, services, course);
  }
  std::unique_ptr<Write> operator()(plan::Delete const& remove) const {
    return std::make_unique<Removal>(remove, services, course);
  }
  std::unique_ptr<Write> operator()(plan::Input const& input) const {
    return std::make_unique<Answer>(input, services, course);
  }
  std::unique_ptr<Write> operator()(plan::Schedule const& schedule) const {
    return std::make_unique<Reschedule>(schedule, services, course);
  }
};

}  // namespace

std::unique_ptr<Write> write_of(plan::Step const& step, Services& services, Course& course) {
  return std::visit(Make{services, course}, step);
}

}  // namespace cpsctl::apply
