#include "cps/api.hpp"

#include "cps/list_reader.hpp"
#include "cps/throttle.hpp"

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

/// CPS v2, enrollment-status.v1: {"enrollment":"/cps/v2/enrollments/N","changes":["…/changes/M"]}.
Result<EnrollmentStatus> read_status(http::Response const& response, std::string_view what,
                                     std::optional<EnrollmentId> about) {
  auto const unreadable = [&](std::string problem) {
    // The write was taken, only its answer is of no use: what became of it has to be looked up.
    return Error{.code = Errc::protocol,
                 .message = fmt::format("{} was answered with {}, but {}", what, response.status, std::move(problem)),
                 .next = "run again: cpsctl looks the enrollment up",
                 .reached = Reached::unknown};
  };
  json::Pool pool(json::small_chunk);
  auto const document = json::parse_into(pool, response.body, "the answer");
  if (!document) return unreadable(document.error().message);
  auto const id = id_from_path(json::text_or(json::find(*document, "enrollment"), ""));
  if (!id) return unreadable("the answer names no enrollment");
  if (about && about->value != *id) return unreadable(fmt::format("the answer is about enrollment {}", *id));
  EnrollmentStatus status{.enrollment = {*id}, .started = response.status == 202};
  json::Value const* const changes = json::find(*document, "changes");
  if (changes != nullptr && changes->IsArray())
    for (json::Value const& change : changes->GetArray())
      if (auto const change_id = id_from_path(json::text_or(&change, ""))) status.changes.push_back({*change_id});
  return status;
}

/// What all writes of an enrollment have in common.
template <class Request>
Call write(std::string method, std::string path, Request& request) {
  return {.method = std::move(method),
          .path = std::move(path),
          .account_key = std::move(request.account_key),
          .accept = media_type("enrollment-status", "v1"),
          .repeat = Repeat::after_refusal,
          .before_send = std::move(request.before_send),
          .subject = std::move(request.subject)};
}

/// The enrollment in the body, and when it may be deployed.
template <class Request>
Call write_document(std::string method, std::string path, Request& request) {
  Call call = write(std::move(method), std::move(path), request);
  call.content_type = media_type("enrollment", request.api_schema);
  call.body = std::move(request.body);
  if (request.deploy_not_before) call.query.emplace_back("deploy-not-before", day_text(*request.deploy_not_before));
  if (request.deploy_not_after) call.query.emplace_back("deploy-not-after", day_text(*request.deploy_not_after));
  return call;
}

/// `about`: the enrollment that the answer must name.
http::Task<Result<EnrollmentStatus>> send_write(Session& session, Call call, std::optional<EnrollmentId> about) {
  std::string const what = call.method + " " + call.path;
  auto const response = co_await session.send(std::move(call));
  if (!response) co_return response.error();
  co_return read_status(*response, what, about);
}

/// The age of an answer counts from when its request's turn came, not from when it began to wait.
http::Task<Result<>> begins(WallTime& begun, Clock const& clock) {
  begun = clock.wall();
  co_return Result<>();
}

}  // namespace

std::string media_type(std::string_view entity, std::string_view version) {
  return fmt::format("application/vnd.akamai.cps.{}.{}+json", entity, version);
}

http::Task<Result<Listing>> Reader::list(std::string account_key, std::string contract, std::string api_schema) {
  std::optional<ListReader> reader(std::in_place, session_.options().max_list_bytes);
  Listing listing{.account_key = account_key, .contract = contract, .api_schema = api_schema};
  Call call{.path = "/enrollments",
            .query = {{"contractId", contract}},
            .account_key = std::move(account_key),
            .accept = media_type("enrollments", api_schema),
            .subject = contract};
  call.sink = [&reader](std::string_view piece) { return reader->feed(piece); };
  call.restart = [&reader, this] { reader.emplace(session_.options().max_list_bytes); };
  call.before_send = [&listing, this] { return begins(listing.begun, session_.clock()); };
  call.check = [&reader, &listing](http::Response const& response) -> Result<> {
    CPS_TRY(listing.enrollments, reader->finish());
    listing.answered = parse_http_date(response.header("Date"));
    for (Live& live : listing.enrollments) live.api_schema = listing.api_schema;
    return {};
  };
  auto response = co_await session_.send(std::move(call));
  if (!response) co_return std::move(response).error();
  co_return listing;
}

http::Task<Result<Live>> Reader::get(std::string account_key, EnrollmentId id, std::string api_schema,
                                     std::string subject) {
  Call call{.path = fmt::format("/enrollments/{}", id.value),
            .account_key = std::move(account_key),
            .accept = media_type("enrollment", api_schema),
            .subject = std::move(subject)};
  Live live;
  WallTime begun;
  call.before_send = [&begun, this] { return begins(begun, session_.clock()); };
  call.check = [&live, id](http::Response const& response) -> Result<> {
    CPS_TRY(auto document, json::parse(response.body, fmt::format("enrollment {}", id.value)));
    CPS_TRY(live, live_from(json::share(document)));
    if (live.id == id) return {};
    return Error{
        .code = Errc::protocol,
        .message = fmt::format("CPS was asked for enrollment {} and answered with {}", id.value, live.id.value),
        .next = "run again; if it stays, report it to Akamai's support",
        .reached = Reached::yes};
  };
  auto const response = co_await session_.send(std::move(call));
  if (!response) co_return response.error();
  live.api_schema = std::move(api_schema);
  live.begun = begun;
  co_return live;
}

http::Task<Result<EnrollmentStatus>> Writer::create(CreateRequest request) {
  Call call = write_document("POST", "/enrollments", request);
  call.query.emplace_back("contractId", request.contract);
  if (request.allow_duplicate_cn) call.query.emplace_back("allow-duplicate-cn", "true");
  co_return co_await send_write(session_, std::move(call), std::nullopt);
}

http::Task<Result<EnrollmentStatus>> Writer::update(UpdateRequest request) {
  Call call = write_document("PUT", fmt::format("/enrollments/{}", request.id.value), request);
  if (request.allow_cancel_pending_changes) call.query.emplace_back("allow-cancel-pending-changes", "true");
  if (request.override_renewal_window) call.query.emplace_back("renewal-date-check-override", "true");
  co_return co_await send_write(session_, std::move(call), request.id);
}

http::Task<Result<EnrollmentStatus>> Writer::remove(DeleteRequest request) {
  Call call = write("DELETE", fmt::format("/enrollments/{}", request.id.value), request);
  if (request.allow_cancel_pending_changes) call.query.emplace_back("allow-cancel-pending-changes", "true");
  co_return co_await send_write(session_, std::move(call), request.id);
}

http::Task<Result<>> Writer::cancel(CancelRequest request) {
  Call call =
      write("DELETE", fmt::format("/enrollments/{}/changes/{}", request.id.value, request.change.value), request);
  call.accept = media_type("change-id", "v1");
  std::string const what = call.method + " " + call.path;
  auto const response = co_await session_.send(std::move(call));
  if (!response) co_return response.error();
  auto const document = json::parse(response->body, "the answer");
  auto const named = document ? id_from_path(json::text_or(json::find(*document, "change"), "")) : std::nullopt;
  if (named == request.change.value) co_return Result<>();
  co_return Error{.code = Errc::protocol,
                  .message = fmt::format("{} was answered with {}, but the answer does not name that change", what,
                                         response->status),
                  .next = "run again: cpsctl looks the enrollment up",
                  .reached = Reached::unknown};
}

}  // namespace cpsctl::cps
