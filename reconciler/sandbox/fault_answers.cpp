#include "sandbox/fault_answers.hpp"

#include "sandbox/problems.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

constexpr char waf_detail[] =
    "The request was denied by the rule IPBLOCK-BURST4-54013: too many requests in a short time.";

/// What CPS or the gateway says with such a status, when the rule names no slug.
Response problem_answer(Fault const& fault, Request const& request, WallTime now, Random& random) {
  std::string_view const authority = request.header("Host");
  if (fault.status < 300) return {.status = fault.status, .content_type = "application/json", .body = "{}"};
  if (fault.word.empty() && (fault.status == 401 || fault.status == 403))
    return gateway_problem(
        {.status = fault.status,
         .slug = "deny",
         .title = fault.status == 401 ? "Not authorized" : "Forbidden",
         .detail = fault.status == 401 ? "The signature does not match"
                                       : "The client does not have the grant needed for the request"},
        request, authority, now, random);
  if (fault.word.empty() && fault.status == 404)
    return cps_problem({.status = 404, .slug = "not-found", .title = "Not Found"}, authority, random);
  std::string const slug = !fault.word.empty()   ? fault.word
                           : fault.status == 409 ? "invalid-enrollment-state"
                           : fault.status == 400 ? "invalid-enrollment"
                           : fault.status >= 500 ? "internal-server-error"
                                                 : "request-refused";
  std::string title = slug;
  std::ranges::replace(title, '-', ' ');
  title[0] = static_cast<char>(title[0] >= 'a' && title[0] <= 'z' ? title[0] - 'a' + 'A' : title[0]);
  return cps_problem({.status = fault.status, .slug = slug, .title = title, .detail = "A fault of the sandbox."},
                     authority, random);
}

Response status_answer(Fault const& fault, Request const& request, WallTime now, Random& random) {
  switch (fault.body) {
    case BodyForm::problem: return problem_answer(fault, request, now, random);
    case BodyForm::empty: return {.status = fault.status};
    case BodyForm::text:
      return {.status = fault.status,
              .content_type = "text/plain",
              .body = fmt::format("The service cannot answer now ({}).\n", fault.status)};
    case BodyForm::html: break;
  }
  return {.status = fault.status,
          .content_type = "text/html",
          .body = fmt::format("<HTML><HEAD>\n<TITLE>Error {0}</TITLE>\n</HEAD><BODY>\n<H1>An error occurred</H1>\n"
                              "Reference&#32;&#35;{0}&#46;5eed&#46;1\n</BODY></HTML>\n",
                              fault.status)};
}

Response limit_answer(Fault const& fault, WallTime now) {
  Response response = quota_problem(fault.time, 35, now);
  auto const seconds = fmt::format("{}", std::chrono::ceil<std::chrono::seconds>(fault.time).count());
  switch (fault.retry) {
    case RetryForm::seconds: response.headers = {{"Retry-After", seconds}}; break;
    case RetryForm::date: response.headers = {{"Retry-After", http_date(now + fault.time)}}; break;
    case RetryForm::next: response.headers = {{"X-RateLimit-Next", millisecond_timestamp(now + fault.time)}}; break;
    case RetryForm::mangled: response.headers = {{"Retry_After", seconds}}; break;
    case RetryForm::silent: response.headers.clear(); break;
  }
  return response;
}

/// The answer of which nothing, or only a reset, reaches the client.
Response silence(Delivery::Wire wire) {
  Response response{.status = 0};
  response.delivery.wire = wire;
  return response;
}

/// What is said without asking CPS; nothing: CPS is asked.
std::optional<Response> instead(Fault const& fault, Request const& request, WallTime now, Random& random) {
  if (fault.effect == Effect::drop_before) return silence(Delivery::Wire::nothing);
  if (fault.effect == Effect::reset_before) return silence(Delivery::Wire::reset);
  if (fault.effect == Effect::status && !fault.carried_out) return status_answer(fault, request, now, random);
  if (fault.effect == Effect::limit) return limit_answer(fault, now);
  if (fault.effect == Effect::waf)
    return gateway_problem({.status = 400, .slug = "request-error", .title = "Bad request", .detail = waf_detail},
                           request, request.header("Host"), now, random);
  return std::nullopt;
}

/// What is left of an answer, and how it leaves.
void spoil(Response& response, Fault const& fault) {
  Delivery& delivery = response.delivery;
  std::string& body = response.body;
  switch (kind_of(fault.effect).part) {
    case Part::silence:
      delivery.wire = fault.effect == Effect::reset_after ? Delivery::Wire::reset : Delivery::Wire::nothing;
      break;
    case Part::departure: delivery.wait = fault.time; break;
    case Part::pace:
      delivery.piece = fault.bytes.value_or(1);
      delivery.pause = fault.time;
      break;
    case Part::end:
      if (fault.effect == Effect::close_idle) {
        delivery.close_idle = fault.time;
      } else {
        delivery.wire = Delivery::Wire::cut;
        delivery.bytes = std::min(fault.bytes.value_or(body.size() / 2), body.size() - (body.empty() ? 0 : 1));
      }
      break;
    case Part::text: body = body.empty() ? "{" : body.substr(0, body.size() / 2); break;
    case Part::type: response.content_type = fault.word; break;
    case Part::clock: delivery.skew += fault.time; break;
    case Part::whole:
    case Part::connection:
    case Part::answer:
    case Part::arrival: break;
  }
}

}  // namespace

std::optional<Response> answer_instead(Mishap const& mishap, Request const& request, WallTime now, Random& random) {
  for (Fault const& fault : mishap) {
    auto response = instead(fault, request, now, random);
    if (!response) continue;
    response->refused = "fault: " + describe(mishap);
    return response;
  }
  return std::nullopt;
}

Response spoiled(Mishap const& mishap, Response response, Request const& request, WallTime now, Random& random) {
  // Another status first: the rest spoils what the client gets.
  if (Fault const* const status = find(mishap, Effect::status); status != nullptr && status->carried_out) {
    Response other = status_answer(*status, request, now, random);
    other.notes = std::move(response.notes);
    other.refused = std::move(response.refused);
    response = std::move(other);
  }
  for (Fault const& fault : mishap) spoil(response, fault);
  response.fault = describe(mishap);
  return response;
}

}  // namespace cpsctl::sandbox
