#include "apply/answer.hpp"
#include "apply/basis.hpp"
#include "apply/change.hpp"
#include "apply/reschedule.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

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

  ItemResult conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const override {
    ItemResult result = Change::conclude(error, proof, later, tally);
    if (proof == Proof::in_doubt && !is_managed())
      result.next =
          fmt::format("run cpsctl cancel --id {} again: what is pending then tells whether it was done", item().id);
    return result;
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
  std::unique_ptr<Write> operator()(plan::Input const& input) const { return answer_of(input, services, course); }
  std::unique_ptr<Write> operator()(plan::Schedule const& schedule) const {
    return reschedule_of(schedule, services, course);
  }
};

}  // namespace

std::unique_ptr<Write> write_of(plan::Step const& step, Services& services, Course& course) {
  return std::visit(Make{services, course}, step);
}

}  // namespace cpsctl::apply
