#include "apply/answer.hpp"

#include "apply/basis.hpp"
#include "apply/change.hpp"
#include "base/text.hpp"
#include "cps/change_api.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

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
      result.next = fmt::format("run {} again: what the change asks for then tells whether it was done",
                                is_managed() ? "cpsctl apply" : fmt::format("cpsctl ack --id {}", item().id));
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
    else if (auto const* const publishes = std::get_if<lifecycle::Publishes>(&advance_.next.due))
      co_return co_await publish(*publishes);
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
    std::vector<state::Watch> watches = kept_watches();
    state::Watch const* const watch = watch_in(watches);
    PutOff before{.request = watch->request, .reference = watch->reference};
    auto certified = co_await services_.certify(item(), *wanted, std::move(before));
    if (auto* const upload = std::get_if<cps::Upload>(&certified)) {
      answer_ = std::move(*upload);
      co_return Result<>();
    }
    if (auto* const failed = std::get_if<Error>(&certified)) co_return std::move(*failed);
    PutOff later = std::get<PutOff>(std::move(certified));
    std::string reason = fmt::format("the signer {} has not answered yet; it is asked again after {}",
                                     wanted->source.signer, timestamp(later.again));
    co_return co_await put_off(std::move(later), std::move(reason));
  }

  /// What is written down before a publisher is asked may be where it belongs from then on, whatever becomes of us.
  http::Task<Result<>> publish(lifecycle::Publishes const& wanted) {
    if (services_.publishers == nullptr)
      co_return Error{.code = Errc::internal, .message = "there is nobody to publish the tokens"};
    auto placed = co_await services_.publishers->place(item(), wanted);
    if (!placed) co_return placed.error();
    if (placed->publications.empty())
      co_return not_yet(fmt::format("its names may validate by themselves until {}",
                                    timestamp(placed->left_until.value_or(services_.trace.wall()))));
    auto const noted = co_await services_.trace.published(placed->publications);
    if (!noted) co_return noted.error();
    auto const published = co_await services_.publishers->publish(std::move(placed->publications), wanted.by.check);
    if (!published.learned.empty()) {
      auto const learned = co_await services_.trace.published(published.learned);
      if (!learned) co_return learned.error();
    }
    if (auto const* const failed = std::get_if<Error>(&published.standing)) co_return *failed;
    if (auto const* const seen_by_few = std::get_if<Unconfirmed>(&published.standing))
      co_return not_yet("published, unconfirmed: " + seen_by_few->reason);
    if (placed->left_until)
      co_return not_yet(fmt::format("published; its other names may validate by themselves until {}",
                                    timestamp(*placed->left_until)));
    answer_ = cps::Acknowledge();
    co_return Result<>();
  }

  /// The signer is asked again later, with the reference that it gave.
  http::Task<Result<>> put_off(PutOff later, std::string reason) {
    std::vector<state::Watch> watches = kept_watches();
    state::Watch* const watch = watch_in(watches);
    watch->request = later.request;
    watch->reference = later.reference;
    watch->again = timestamp(later.again);
    if (services_.store.contents().entries.contains(item().name)) {
      auto const kept = co_await services_.trace.watch(item().name, std::move(watches));
      if (!kept) co_return kept.error();
    }
    co_return not_yet(std::move(reason));
  }

  /// Nothing is wrong, and nothing is sent: the next look begins with it again.
  Error not_yet(std::string reason) {
    put_off_ = true;
    return {.code = Errc::stale, .message = std::move(reason)};
  }

  /// What the state has of the entry's changes.
  std::vector<state::Watch> kept_watches() const {
    auto const& entries = services_.store.contents().entries;
    auto const entry = entries.find(item().name);
    return entry == entries.end() ? std::vector<state::Watch>() : entry->second.watches;
  }

  plan::Advance const& advance_;
  cps::Input const& input_;
  std::string says_;
  cps::ChangeWriter changes_;
  std::optional<cps::Answer> answer_ = {};
  bool put_off_ = false;  ///< by the signer
};

}  // namespace

std::unique_ptr<Write> answer_of(plan::Input const& input, Services& services, Course& course) {
  return std::make_unique<Answer>(input, services, course);
}

}  // namespace cpsctl::apply
