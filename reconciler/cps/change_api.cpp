#include "cps/change_api.hpp"

#include "base/text.hpp"
#include "cps/throttle.hpp"

#include <utility>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

std::string path_of(ChangeRef const& ref, std::string_view below = {}) {
  return fmt::format("/enrollments/{}/changes/{}{}", ref.enrollment.value, ref.change.value, below);
}

template <class T>
using Read = std::function<Result<T>(http::Response const& response)>;

/// An answer as what it is; the session asks once more for one that cannot be read.
template <class T>
http::Task<Result<T>> fetch(Session& session, Call call, Read<T> read) {
  std::optional<T> made;
  call.check = [&made, &read](http::Response const& response) -> Result<> {
    CPS_TRY(made, read(response));
    return {};
  };
  auto const response = co_await session.send(std::move(call));
  if (!response) co_return response.error();
  co_return std::move(*made);
}

/// In the first of these versions that the server speaks.
template <class T>
http::Task<Result<T>> fetch_newest(Session& session, Call call, std::string entity, std::vector<std::string> versions,
                                   Read<T> read) {
  for (std::size_t i = 0;; ++i) {
    Call one = call;
    one.accept = media_type(entity, versions[i]);
    auto made = co_await fetch<T>(session, std::move(one), read);
    bool const older = !made && made.error().code == Errc::not_served && i + 1 < versions.size();
    if (!older) co_return made;
  }
}

template <class T>
Read<T> body(Result<T> (*read)(std::string_view)) {
  return [read](http::Response const& response) { return read(response.body); };
}

struct Entity {
  std::string name;
  std::vector<std::string> versions;
};

Entity info_entity(InputKind kind) {
  switch (kind) {
    case InputKind::pre_verification_warnings:
    case InputKind::post_verification_warnings: return {"warnings", {"v1"}};
    case InputKind::domain_validation: return {"dv-challenges", {"v2"}};
    case InputKind::third_party_certificate: return {"csr", {"v2", "v1"}};
    case InputKind::change_management: return {"change-management-info", {"v5"}};
  }
  return {};
}

/// What the writes of a change have in common.
Call write(std::string method, std::string path, ChangeRef& ref, std::function<http::Task<Result<>>()> before_send) {
  return {.method = std::move(method),
          .path = std::move(path),
          .account_key = std::move(ref.account_key),
          .accept = media_type("change-id", "v1"),
          .repeat = Repeat::after_refusal,
          .before_send = std::move(before_send),
          .subject = std::move(ref.subject)};
}

/// A write that is answered with the change's path, or with nothing (cps-api.md §2.2, row 11).
http::Task<Result<>> send_write(Session& session, Call call, ChangeId about) {
  std::string const what = call.method + " " + call.path;
  auto const response = co_await session.send(std::move(call));
  if (!response) co_return response.error();
  if (text::trimmed(response->body).empty()) co_return Result<>();
  auto const document = json::parse(response->body, "the answer");
  auto const named = document ? id_from_path(json::text_or(json::find(*document, "change"), "")) : std::nullopt;
  if (named == about.value) co_return Result<>();
  co_return Error{.code = Errc::protocol,
                  .message = fmt::format("{} was answered with {}, but the answer does not name that change", what,
                                         response->status),
                  .next = "run again: cpsctl reads the change again",
                  .reached = Reached::unknown};
}

/// deployment-schedule.v1. CPS's own clients send the members that they were given.
std::string schedule_text(ScheduleRequest const& request) {
  json::Document body(rapidjson::kObjectType);
  json::Pool& pool = body.GetAllocator();
  auto const bound = [&](char const* name, std::optional<WallTime> time, bool had) {
    if (time || had) json::set(body, name, time ? json::string(timestamp(*time), pool) : json::Value(), pool);
  };
  bound("notBefore", request.not_before, !request.had.not_before.empty());
  bound("notAfter", request.not_after, !request.had.not_after.empty());
  return json::compact(body);
}

}  // namespace

http::Task<Result<Change>> ChangeReader::change(ChangeRef ref) {
  Call call{.path = path_of(ref),
            .account_key = std::move(ref.account_key),
            .accept = media_type("change", "v2"),
            .subject = std::move(ref.subject)};
  Read<Change> const read = [&ref](http::Response const& response) -> Result<Change> {
    CPS_TRY(Change change, change_from(response.body, ref.enrollment, ref.change));
    change.answered = parse_http_date(response.header("Date"));
    return change;
  };
  co_return co_await fetch<Change>(session_, std::move(call), read);
}

http::Task<Result<InputInfo>> ChangeReader::info(ChangeRef ref, Input input) {
  if (!input.kind)
    co_return Error{.code = Errc::protocol,
                    .message = fmt::format("change {} waits for an input of a kind that cpsctl does not know: \"{}\"",
                                           ref.change.value, text::excerpt(input.type, 100)),
                    .next = "answer it in Akamai's Control Center, or install a newer cpsctl",
                    .lasting = true};
  Call call{.path = path_of(ref, "/input/info/" + input.info),
            .account_key = std::move(ref.account_key),
            .subject = std::move(ref.subject)};
  Entity entity = info_entity(*input.kind);
  Read<InputInfo> const read = [kind = *input.kind](http::Response const& response) {
    return input_info_from(kind, response.body);
  };
  co_return co_await fetch_newest<InputInfo>(session_, std::move(call), std::move(entity.name),
                                             std::move(entity.versions), read);
}

http::Task<Result<Schedule>> ChangeReader::schedule(ChangeRef ref) {
  Call call{.path = path_of(ref, "/deployment-schedule"),
            .account_key = std::move(ref.account_key),
            .accept = media_type("deployment-schedule", "v1"),
            .subject = std::move(ref.subject)};
  auto const read = body(schedule_from);
  co_return co_await fetch<Schedule>(session_, std::move(call), read);
}

http::Task<Result<Deployments>> ChangeReader::deployments(std::string account_key, EnrollmentId id,
                                                          std::string subject) {
  Call call{.path = fmt::format("/enrollments/{}/deployments", id.value),
            .account_key = std::move(account_key),
            .subject = std::move(subject)};
  std::vector<std::string> versions{"v8", "v7"};
  auto const read = body(deployments_from);
  co_return co_await fetch_newest<Deployments>(session_, std::move(call), "deployments", std::move(versions), read);
}

http::Task<Result<std::vector<HistoryChange>>> ChangeReader::change_history(std::string account_key, EnrollmentId id,
                                                                            std::string subject) {
  Call call{.path = fmt::format("/enrollments/{}/history/changes", id.value),
            .account_key = std::move(account_key),
            .accept = media_type("change-history", "v5"),
            .subject = std::move(subject)};
  auto const read = body(change_history_from);
  co_return co_await fetch<std::vector<HistoryChange>>(session_, std::move(call), read);
}

http::Task<Result<std::vector<ActiveCertificates>>> ChangeReader::active_certificates(std::string account_key,
                                                                                      std::string contract) {
  Call call{.path = "/active-certificates",
            .query = {{"contractId", contract}},
            .account_key = std::move(account_key),
            .accept = media_type("active-certificates", "v2"),
            .lane = Lane::active_certificates,
            .subject = std::move(contract)};
  auto const read = body(active_certificates_from);
  co_return co_await fetch<std::vector<ActiveCertificates>>(session_, std::move(call), read);
}

http::Task<Result<>> ChangeWriter::answer(AnswerRequest request) {
  if (!request.input.kind)
    co_return Error{.code = Errc::internal, .message = "an answer to an input of a kind that is not known"};
  CPS_CO_TRY(AnswerBody answer, answer_body(*request.input.kind, request.answer));
  ChangeId const change = request.ref.change;
  Call call = write("POST", path_of(request.ref, "/input/update/" + request.input.update), request.ref,
                    std::move(request.before_send));
  call.content_type = media_type(answer.entity, answer.version);
  call.body = std::move(answer.text);
  co_return co_await send_write(session_, std::move(call), change);
}

http::Task<Result<>> ChangeWriter::reschedule(ScheduleRequest request) {
  ChangeId const change = request.ref.change;
  Call call = write("PUT", path_of(request.ref, "/deployment-schedule"), request.ref, std::move(request.before_send));
  call.content_type = media_type("deployment-schedule", "v1");
  call.body = schedule_text(request);
  co_return co_await send_write(session_, std::move(call), change);
}

}  // namespace cpsctl::cps
