#include "sandbox/service.hpp"

#include "base/text.hpp"
#include "sandbox/normalise.hpp"
#include "sandbox/variety.hpp"
#include "sandbox/versions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

/// Values of the parameters that have a form: dates and booleans.
std::optional<Problem> value_problem(std::string const& name, std::string const& value, Policy policy) {
  if (name == "deploy-not-before" || name == "deploy-not-after") {
    // A recipe of Akamai's sends a whole timestamp (facts-2026.md A25).
    bool const time = policy == Policy::lenient && parse_timestamp(value);
    if (!time && !parse_day(value))
      return bad_parameter(fmt::format("{}: \"{}\" is not a day YYYY-MM-DD", name, value));
  } else if (name != "contractId" && name != "accountSwitchKey" && value != "true" && value != "false") {
    return bad_parameter(fmt::format("{}: \"{}\" is neither true nor false", name, value));
  }
  return std::nullopt;
}

/// What is live of an enrollment, and until when.
json::Value active_entry(Enrollment const& enrollment, json::Pool& pool) {
  json::Value csr(rapidjson::kObjectType);
  json::set(csr, "cn", json::string(enrollment.common_name, pool), pool);
  json::Value slots(rapidjson::kArrayType);
  slots.PushBack(json::Value(enrollment.id), pool);
  json::Value certificate(rapidjson::kObjectType);
  json::set(certificate, "expiry", json::string(enrollment.expires, pool), pool);
  json::Value production(rapidjson::kObjectType);
  json::set(production, "primaryCertificate", std::move(certificate), pool);
  json::Value entry(rapidjson::kObjectType);
  json::set(entry, "id", json::Value(enrollment.id), pool);
  json::set(entry, "csr", std::move(csr), pool);
  json::set(entry, "productionSlots", std::move(slots), pool);
  json::set(entry, "production", std::move(production), pool);
  return entry;
}

}  // namespace

Service::Service(Behaviour behaviour, Store& store, Random& random)
    : behaviour_(std::move(behaviour)), store_(store), random_(random), progress_(behaviour_, store) {
  for (Enrollment const* const enrollment : store_.all())
    if (auto const created = parse_timestamp(enrollment->created)) remember_create(*enrollment, *created);
}

Response Service::answer(Call call) {
  if (auto const settled = progress_.advance(call.now); !settled) return disk_trouble(call, settled.error());
  Response response = route(call);
  response.notes = std::move(call.notes);
  return response;
}

Result<std::vector<Probe>> Service::looks(WallTime now) {
  CPS_CHECK(progress_.advance(now));
  return progress_.looks(now);
}

Response Service::route(Call& call) {
  auto const& path = call.target.path;
  bool const known = path.size() >= 3 && path[0] == "cps" && path[1] == "v2" && path[2] == "enrollments";
  if (path == active_certificates_path)
    return call.request.method == "GET" ? active_certificates(call) : wrong_method(call, "GET");
  if (path == contracts_path) return contracts(call);
  if (!known || path.size() > 9) return not_found(call, "no such resource");
  if (path.size() == 3) {
    if (call.request.method == "GET") return list(call);
    if (call.request.method == "POST") return create(call);
    return wrong_method(call, "GET, POST");
  }
  auto const id = parse_id(path[3]);
  Enrollment const* const enrollment = id ? store_.find(call.account, *id) : nullptr;
  if (enrollment == nullptr) return not_found(call, fmt::format("no enrollment {}", text::printable(path[3])));
  if (path.size() == 4) return enrollment_route(call, *enrollment);
  if (auto const shown = shown_by(path)) return show(call, *enrollment, *shown);
  if (path.size() == 5) return not_found(call, "no such resource");
  auto const change_id = path[4] == "changes" ? parse_id(path[5]) : std::nullopt;
  for (Change const& change : enrollment->changes)
    if (change_id == change.id) return change_route(call, *enrollment, change);
  if (behaviour_.ended == Ended::shown && path.size() == 6 && call.request.method == "GET")
    for (PastChange const& past : enrollment->history)
      if (change_id == past.id) return get_ended(call, past);
  return not_found(call, fmt::format("no change {} is pending", text::printable(path[5])));
}

Response Service::enrollment_route(Call& call, Enrollment const& enrollment) {
  if (call.request.method == "GET") return get(call, enrollment);
  if (call.request.method == "PUT") return update(call, enrollment);
  if (call.request.method == "DELETE") return remove(call, enrollment);
  return wrong_method(call, "GET, PUT, DELETE");
}

Response Service::change_route(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const& path = call.target.path;
  std::string const& method = call.request.method;
  if (path.size() == 7 && path[6] == "deployment-schedule") {
    if (method == "GET") return schedule(call, enrollment, change);
    if (method == "PUT") return set_schedule(call, enrollment, change);
    return wrong_method(call, "GET, PUT");
  }
  if (path.size() == 9 && path[6] == "input") {
    auto const info = path[7] == "info" ? input_with_info(path[8]) : std::nullopt;
    auto const update = path[7] == "update" ? input_with_update(path[8]) : std::nullopt;
    if (info) return method == "GET" ? input_info(call, enrollment, change, *info) : wrong_method(call, "GET");
    if (update) return method == "POST" ? input_update(call, enrollment, change, *update) : wrong_method(call, "POST");
  }
  if (path.size() != 6) return not_found(call, "no such resource");
  if (call.request.method == "GET") return get_change(call, enrollment, change);
  if (call.request.method == "DELETE") return cancel_change(call, enrollment, change);
  return wrong_method(call, "GET, DELETE");
}

Response Service::list(Call& call) {
  Entity const entity = enrollments_entity(behaviour_.policy, behaviour_.newest_version);
  auto const version = accepted_version(call.request.header("Accept"), entity, behaviour_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {"contractId"})) return refuse(call, *problem);
  auto const contract = call.target.parameter("contractId");
  if (!contract && behaviour_.policy == Policy::strict) return refuse(call, bad_parameter("contractId is required"));
  if (contract)
    if (auto const problem = contract_problem(*contract)) return refuse(call, *problem);

  auto const enrollments = store_.list(call.account, contract.value_or(""), Gone::shown);
  std::vector<std::int64_t> forgotten;
  std::size_t size = 32;
  for (Enrollment const* const enrollment : enrollments) size += enrollment->document.size() + 1;
  std::string body;
  body.reserve(size);
  body = "{\"enrollments\":[";
  bool first = true;
  for (Enrollment const* const enrollment : enrollments) {
    if (enrollment->gone && lagging(*enrollment, call.now) == nullptr) forgotten.push_back(enrollment->id);
    std::string const* const document = listed(*enrollment, call.now);
    if (document == nullptr) continue;
    if (!first) body += ',';
    first = false;
    body += shown(enrollment->id, *document, *version);
  }
  body += "]}";
  for (std::int64_t const id : forgotten)
    if (auto const done = store_.forget(id); !done) return disk_trouble(call, done.error());
  return carried_out(200, entity, *version, std::move(body));
}

/// Before a write replaces `next`, or takes it away: what the list goes on showing.
void Service::remember(Enrollment& next, WallTime now) const {
  while (!next.earlier.empty() && lagging(next, now) != &next.earlier.front().document)
    next.earlier.erase(next.earlier.begin());
  if (behaviour_.write_lag > Duration::zero())
    next.earlier.push_back({.until = millisecond_timestamp(now), .document = next.document});
}

/// The document from before the oldest write that the list has not caught up with; null when it has with all.
std::string const* Service::lagging(Enrollment const& enrollment, WallTime now) const {
  for (Earlier const& earlier : enrollment.earlier)
    if (auto const until = parse_timestamp(earlier.until); until && *until + behaviour_.write_lag > now)
      return &earlier.document;
  return nullptr;
}

/// What the list shows of it; null: nothing.
std::string const* Service::listed(Enrollment const& enrollment, WallTime now) const {
  auto const created = parse_timestamp(enrollment.created);
  bool const unseen = behaviour_.list_lag > Duration::zero() && created && *created + behaviour_.list_lag > now;
  if (unseen) return nullptr;
  if (std::string const* const before = lagging(enrollment, now)) return before;
  return enrollment.gone ? nullptr : &enrollment.document;
}

/// Not in the OpenAPI (cps-api.md §2.2).
Response Service::active_certificates(Call& call) {
  Entity const& entity = active_certificates_entity;
  auto const version = accepted_version(call.request.header("Accept"), entity, behaviour_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {"contractId"})) return refuse(call, *problem);
  auto const contract = call.target.parameter("contractId");
  if (contract)
    if (auto const problem = contract_problem(*contract)) return refuse(call, *problem);
  json::Document body(rapidjson::kObjectType);
  json::Value entries(rapidjson::kArrayType);
  for (Enrollment const* const enrollment : store_.list(call.account, contract.value_or("")))
    if (enrollment->deployed) entries.PushBack(active_entry(*enrollment, body.GetAllocator()), body.GetAllocator());
  json::set(body, "enrollments", std::move(entries), body.GetAllocator());
  return carried_out(200, entity, *version, json::compact(body));
}

Response Service::get(Call& call, Enrollment const& enrollment) {
  Entity const entity = enrollment_entity(behaviour_.newest_version);
  auto const version = accepted_version(call.request.header("Accept"), entity, behaviour_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  return carried_out(200, entity, *version, shown(enrollment.id, enrollment.document, *version));
}

Result<> Service::keep(Enrollment next, json::Document& document) {
  set_pending(document, next.id, next.changes);
  next.document = json::compact(document);
  progress_.watch(next);
  return store_.put(std::move(next));
}

std::string Service::shown(std::int64_t enrollment, std::string const& document, int version) const {
  if (!behaviour_.normalise_seed) return shape_down(document, version);
  auto const schema = schema::enrollment("v12");
  auto varied = json::parse(document, "a stored enrollment");
  if (!schema || !varied) return shape_down(document, version);
  vary(*varied, (*schema)->root(), seed_of(enrollment));
  return shape_down(json::compact(*varied), version);
}

std::uint64_t Service::seed_of(std::int64_t enrollment) const {
  return behaviour_.normalise_seed.value_or(0) * 1'000'003 + static_cast<std::uint64_t>(enrollment);
}

std::string Service::status_body(std::int64_t enrollment, std::vector<std::int64_t> const& changes) const {
  auto const path = [&](std::string const& usual) {
    return behaviour_.normalise_seed ? varied_path(usual, seed_of(enrollment)) : usual;
  };
  std::vector<std::string> paths;
  paths.reserve(changes.size());
  for (std::int64_t const change : changes)
    paths.push_back(fmt::format("\"{}\"", path(change_path(enrollment, change))));
  return fmt::format(R"({{"enrollment":"{}","changes":[{}]}})", path(enrollment_path(enrollment)),
                     fmt::join(paths, ","));
}

std::optional<Problem> Service::query_problem(Call& call, std::vector<std::string_view> const& known) {
  std::vector<std::string> seen;
  for (auto const& [name, value] : call.target.query) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return bad_parameter(fmt::format("{} is given twice", text::printable(name)));
    seen.push_back(name);
    bool const ours = name == "accountSwitchKey" || std::find(known.begin(), known.end(), name) != known.end();
    if (!ours && behaviour_.policy == Policy::strict)
      return bad_parameter(fmt::format("unknown query parameter {}", text::printable(name)));
    if (!ours) call.notes.push_back(fmt::format("unknown query parameter {} (ignored)", text::printable(name)));
    if (ours)
      if (auto problem = value_problem(name, value, behaviour_.policy)) return problem;
  }
  return std::nullopt;
}

std::optional<Problem> Service::contract_problem(std::string const& contract) const {
  if (contract.empty()) return bad_parameter("contractId is empty");
  if (contract.starts_with("ctr_"))
    return bad_parameter(fmt::format("contractId: CPS wants the bare id {}", contract.substr(4)));
  auto const& only = behaviour_.contracts;
  if (only.empty() || std::find(only.begin(), only.end(), contract) != only.end()) return std::nullopt;
  return Problem{.status = 403,
                 .slug = "invalid-contract",
                 .title = "Invalid Contract",
                 .detail = fmt::format("The contract {} is not available to you.", text::printable(contract))};
}

Response Service::carried_out(int status, Entity const& entity, int version, std::string body) {
  return {.status = status, .content_type = media_type(entity.name, version), .body = std::move(body)};
}

Response Service::refuse(Call const& call, Problem const& problem) {
  return cps_problem(problem, call.authority, random_);
}

Response Service::not_found(Call const& call, std::string what) {
  Response response = refuse(call, {.status = 404, .slug = "not-found", .title = "Not Found"});
  response.refused = std::move(what);
  return response;
}

Response Service::wrong_method(Call const& call, std::string allowed) {
  Response response = refuse(call, {.status = 405,
                                    .slug = "method-not-allowed",
                                    .title = "Method Not Allowed",
                                    .detail = fmt::format("this resource answers {}", allowed)});
  response.headers.push_back({"Allow", std::move(allowed)});
  return response;
}

Response Service::not_acceptable(Call const& call, Entity const& entity) {
  return refuse(call, {.status = 406,
                       .slug = "not-acceptable",
                       .title = "Not Acceptable",
                       .detail = fmt::format("Accept \"{}\" names no version of {} that exists here; send {}",
                                             text::printable(call.request.header("Accept")), entity.name,
                                             media_type(entity.name, entity.preferred))});
}

Response Service::not_supported(Call const& call, Entity const& entity) {
  return refuse(call, {.status = 415,
                       .slug = "unsupported-media-type",
                       .title = "Unsupported Media Type",
                       .detail = fmt::format("Content-Type \"{}\" is no {} of a known version; send {}",
                                             text::printable(call.request.header("Content-Type")), entity.name,
                                             media_type(entity.name, entity.preferred))});
}

Response Service::disk_trouble(Call const& call, Error const& error) {
  return refuse(
      call,
      {.status = 500, .slug = "internal-server-error", .title = "Internal Server Error", .detail = describe(error)});
}

}  // namespace cpsctl::sandbox
