#include "sandbox/service.hpp"

#include "base/text.hpp"
#include "sandbox/normalise.hpp"
#include "sandbox/versions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

Response json_response(int status, Entity const& entity, int version, std::string body) {
  return {.status = status, .content_type = media_type(entity.name, version), .body = std::move(body)};
}

std::string status_body(std::int64_t enrollment, std::vector<std::int64_t> const& changes) {
  std::vector<std::string> paths;
  paths.reserve(changes.size());
  for (std::int64_t const change : changes) paths.push_back(fmt::format("\"{}\"", change_path(enrollment, change)));
  return fmt::format(R"({{"enrollment":"{}","changes":[{}]}})", enrollment_path(enrollment), fmt::join(paths, ","));
}

bool flag(Call const& call, std::string_view name) {
  return call.target.parameter(name) == "true";
}

Problem bad_parameter(std::string detail) {
  return {.status = 400, .slug = "invalid-parameter", .title = "Invalid parameter", .detail = std::move(detail)};
}

/// Values of the parameters that have a form: dates and booleans.
std::optional<Problem> value_problem(std::string const& name, std::string const& value) {
  if (name == "deploy-not-before" || name == "deploy-not-after") {
    if (!parse_day(value)) return bad_parameter(fmt::format("{}: \"{}\" is not a day YYYY-MM-DD", name, value));
  } else if (name != "contractId" && name != "accountSwitchKey" && value != "true" && value != "false") {
    return bad_parameter(fmt::format("{}: \"{}\" is neither true nor false", name, value));
  }
  return std::nullopt;
}

std::string midnight(std::optional<std::string> const& day) {
  return day ? *day + "T00:00:00Z" : std::string();
}

/// The kind of change that an edit starts; empty when it is stored without one.
std::string change_type(Edit const& edit, bool deployed, bool replaces, bool force) {
  bool const costs = force || edit.effect != schema::Effect::metadata;
  if (!deployed && (costs || replaces)) return "new-certificate";
  if (!costs) return {};
  if (edit.names) return "modify-san";
  return force ? "renewal" : "modify-certificate";
}

}  // namespace

struct Service::Body {
  json::Document document;
  std::shared_ptr<schema::Schema const> schema;
  std::optional<Response> refusal;
};

Response Service::answer(Call call) {
  Response response = route(call);
  response.notes = std::move(call.notes);
  return response;
}

Response Service::route(Call& call) {
  auto const& path = call.target.path;
  bool const known = path.size() >= 3 && path[0] == "cps" && path[1] == "v2" && path[2] == "enrollments";
  if (!known || path.size() == 5 || path.size() > 6) return not_found(call, "no such resource");
  if (path.size() == 3) {
    if (call.request.method == "GET") return list(call);
    if (call.request.method == "POST") return create(call);
    return wrong_method(call, "GET, POST");
  }
  auto const id = parse_id(path[3]);
  Enrollment const* const enrollment = id ? store_.find(call.account, *id) : nullptr;
  if (enrollment == nullptr) return not_found(call, fmt::format("no enrollment {}", text::printable(path[3])));
  if (path.size() == 4) return enrollment_route(call, *enrollment);
  auto const change_id = path[4] == "changes" ? parse_id(path[5]) : std::nullopt;
  for (Change const& change : enrollment->changes)
    if (change_id == change.id) return change_route(call, *enrollment, change);
  return not_found(call, fmt::format("no change {} is pending", text::printable(path[5])));
}

Response Service::enrollment_route(Call& call, Enrollment const& enrollment) {
  if (call.request.method == "GET") return get(call, enrollment);
  if (call.request.method == "PUT") return update(call, enrollment);
  if (call.request.method == "DELETE") return remove(call, enrollment);
  return wrong_method(call, "GET, PUT, DELETE");
}

Response Service::change_route(Call& call, Enrollment const& enrollment, Change const& change) {
  if (call.request.method == "GET") return get_change(call, enrollment, change);
  if (call.request.method == "DELETE") return cancel_change(call, enrollment, change);
  return wrong_method(call, "GET, DELETE");
}

Response Service::list(Call& call) {
  Entity const entity = enrollment_entity("enrollments", options_.policy);
  auto const version = accepted_version(call.request.header("Accept"), entity, options_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {"contractId"})) return refuse(call, *problem);
  auto const contract = call.target.parameter("contractId");
  if (!contract && options_.policy == Policy::strict) return refuse(call, bad_parameter("contractId is required"));
  if (contract)
    if (auto const problem = contract_problem(*contract)) return refuse(call, *problem);

  auto const enrollments = store_.list(call.account, contract.value_or(""));
  std::size_t size = 32;
  for (Enrollment const* const enrollment : enrollments) size += enrollment->document.size() + 1;
  std::string body;
  body.reserve(size);
  body = "{\"enrollments\":[";
  bool first = true;
  for (Enrollment const* const enrollment : enrollments) {
    if (!first) body += ',';
    first = false;
    body += shape_down(enrollment->document, *version);
  }
  body += "]}";
  return json_response(200, entity, *version, std::move(body));
}

Response Service::create(Call& call) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, options_.policy);
  if (!version) return not_acceptable(call, status_entity);
  if (auto const problem =
          query_problem(call, {"contractId", "deploy-not-before", "deploy-not-after", "allow-duplicate-cn"}))
    return refuse(call, *problem);
  auto const contract = call.target.parameter("contractId");
  if (!contract) return refuse(call, bad_parameter("contractId is required"));
  if (auto const problem = contract_problem(*contract)) return refuse(call, *problem);
  Body body = read_body(call, Write::create, nullptr);
  if (body.refusal) return std::move(*body.refusal);

  std::int64_t const id = store_.next_enrollment_id();
  json::Document document = normalised(body.document, body.schema->root(), id, options_.policy);
  std::string const name(json::text_or(json::at(document, "/csr/cn"), ""));
  Enrollment const* const twin = store_.with_common_name(call.account, *contract, name);
  if (twin != nullptr && !flag(call, "allow-duplicate-cn"))
    return refuse(call, {.status = 409,
                         .slug = "duplicate-common-name",
                         .title = "Duplicate common name",
                         .detail = fmt::format("The contract already has enrollment {} with the common name {}.",
                                               twin->id, name)});

  Enrollment enrollment{.id = id, .account = call.account, .contract = *contract, .common_name = name};
  enrollment.changes.push_back(
      new_change(call, "new-certificate", json::text_or(json::find(document, "validationType"), "")));
  set_pending(document, id, enrollment.changes);
  enrollment.document = json::compact(document);
  std::int64_t const change = enrollment.changes.back().id;
  if (auto const stored = store_.put(std::move(enrollment)); !stored) return disk_trouble(call, stored.error());
  return json_response(202, status_entity, *version, status_body(id, {change}));
}

Response Service::get(Call& call, Enrollment const& enrollment) {
  Entity const entity = enrollment_entity("enrollment", options_.policy);
  auto const version = accepted_version(call.request.header("Accept"), entity, options_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  return json_response(200, entity, *version, shape_down(enrollment.document, *version));
}

Response Service::update(Call& call, Enrollment const& live) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, options_.policy);
  if (!version) return not_acceptable(call, status_entity);
  if (auto const problem = query_problem(
          call, {"allow-cancel-pending-changes", "allow-staging-bypass", "deploy-not-before", "deploy-not-after",
                 "force-renewal", "renewal-date-check-override", "allow-missing-certificate-addition"}))
    return refuse(call, *problem);
  Body body = read_body(call, Write::update, &live);
  if (body.refusal) return std::move(*body.refusal);
  if (!live.changes.empty() && !flag(call, "allow-cancel-pending-changes")) return refuse(call, pending_problem(live));

  auto const before = json::parse(live.document, "a stored enrollment");
  if (!before) return disk_trouble(call, before.error());
  json::Document document = normalised(body.document, body.schema->root(), live.id, options_.policy);
  Edit const edit = edit_between(*before, document, body.schema->root());
  if (!edit.immutable.empty())
    return refuse(call, {.status = 400,
                         .slug = "invalid-enrollment",
                         .title = "Invalid enrollment",
                         .detail = fmt::format("{} cannot be changed after the enrollment was created",
                                               fmt::join(edit.immutable, ", "))});
  return store_update(call, live, std::move(document), edit, *version);
}

Response Service::store_update(Call& call, Enrollment const& live, json::Document document, Edit const& edit,
                               int version) {
  Enrollment next = live;
  std::string const type = change_type(edit, live.deployed, !live.changes.empty(), flag(call, "force-renewal"));
  next.changes.clear();
  std::vector<std::int64_t> started;
  if (!type.empty()) {
    next.changes.push_back(new_change(call, type, json::text_or(json::find(document, "validationType"), "")));
    started.push_back(next.changes.back().id);
  }
  set_pending(document, live.id, next.changes);
  next.document = json::compact(document);
  std::int64_t const id = live.id;
  if (auto const stored = store_.put(std::move(next)); !stored) return disk_trouble(call, stored.error());
  return json_response(started.empty() ? 200 : 202, status_entity, version, status_body(id, started));
}

Response Service::remove(Call& call, Enrollment const& live) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, options_.policy);
  if (!version) return not_acceptable(call, status_entity);
  if (auto const problem =
          query_problem(call, {"allow-cancel-pending-changes", "deploy-not-before", "deploy-not-after"}))
    return refuse(call, *problem);
  if (!live.changes.empty() && !flag(call, "allow-cancel-pending-changes")) return refuse(call, pending_problem(live));
  std::int64_t const id = live.id;
  if (!live.deployed) {
    if (auto const removed = store_.remove(id); !removed) return disk_trouble(call, removed.error());
    return json_response(200, status_entity, *version, status_body(id, {}));
  }
  auto parsed = json::parse(live.document, "a stored enrollment");
  if (!parsed) return disk_trouble(call, parsed.error());
  Enrollment next = live;
  Change removal = new_change(call, "modify-certificate", "");
  removal.status = removal_status;
  std::int64_t const change = removal.id;
  next.changes = {std::move(removal)};
  set_pending(*parsed, id, next.changes);
  next.document = json::compact(*parsed);
  if (auto const stored = store_.put(std::move(next)); !stored) return disk_trouble(call, stored.error());
  return json_response(202, status_entity, *version, status_body(id, {change}));
}

Response Service::get_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_entity, options_.policy);
  if (!version) return not_acceptable(call, change_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  return json_response(200, change_entity, *version, change_body(enrollment.id, change));
}

Response Service::cancel_change(Call& call, Enrollment const& enrollment, Change const& change) {
  auto const version = accepted_version(call.request.header("Accept"), change_id_entity, options_.policy);
  if (!version) return not_acceptable(call, change_id_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  if (change.status == removal_status)
    return refuse(call, {.status = 409,
                         .slug = "cannot-cancel-pending-change",
                         .title = "Cannot cancel pending change.",
                         .detail = fmt::format("The pending change {} is too far along to be cancelled.", change.id)});
  std::string body = fmt::format(R"({{"change":"{}"}})", change_path(enrollment.id, change.id));
  Enrollment next = enrollment;
  std::erase_if(next.changes, [id = change.id](Change const& other) { return other.id == id; });
  // An enrollment that never had a certificate goes with its only change (cps-api.md §4.7).
  if (next.changes.empty() && !next.deployed) {
    if (auto const removed = store_.remove(next.id); !removed) return disk_trouble(call, removed.error());
    return json_response(200, change_id_entity, *version, std::move(body));
  }
  auto parsed = json::parse(next.document, "a stored enrollment");
  if (!parsed) return disk_trouble(call, parsed.error());
  set_pending(*parsed, next.id, next.changes);
  next.document = json::compact(*parsed);
  if (auto const stored = store_.put(std::move(next)); !stored) return disk_trouble(call, stored.error());
  return json_response(200, change_id_entity, *version, std::move(body));
}

Service::Body Service::read_body(Call& call, Write write, Enrollment const* live) {
  Body body;
  auto const refused = [&](Problem const& problem) {
    body.refusal = refuse(call, problem);
    return std::move(body);
  };
  Entity const entity = enrollment_entity("enrollment", options_.policy);
  auto const version = content_version(call.request.header("Content-Type"), entity, options_.policy);
  if (!version)
    return refused({.status = 415,
                    .slug = "unsupported-media-type",
                    .title = "Unsupported Media Type",
                    .detail = fmt::format("Content-Type \"{}\" is not an enrollment of a known version",
                                          text::printable(call.request.header("Content-Type")))});
  auto parsed = json::parse(call.request.body, "the request body");
  if (!parsed)
    return refused(
        {.status = 400, .slug = "malformed-json", .title = "Malformed JSON", .detail = parsed.error().message});
  body.document = std::move(*parsed);
  auto schema = schema::enrollment(*version >= newest_shape ? "v12" : "v11");
  if (!schema) {
    body.refusal = disk_trouble(call, schema.error());
    return body;
  }
  body.schema = std::move(*schema);
  std::optional<json::Document> before;
  if (live != nullptr)
    if (auto stored = json::parse(live->document, "a stored enrollment")) before = std::move(*stored);
  shape_up(body.document, *version, before ? &*before : nullptr);

  // CPS leaves this member out of what it shows, and its own clients send what it showed back in a PUT.
  bool const shown = json::find(body.document, "enableMultiStackedCertificates") != nullptr;
  if (write == Write::update && options_.policy == Policy::lenient && body.document.IsObject() && !shown)
    json::set(body.document, "enableMultiStackedCertificates", json::Value(false), body.document.GetAllocator());
  auto const& root = body.schema->root();
  if (auto const problem = schema_problem(body.document, root)) return refused(*problem);
  if (auto const echoed = read_only_members(body.document, root); write == Write::create && !echoed.empty()) {
    std::string const text = fmt::format("server-owned members in a create: {}", fmt::join(echoed, ", "));
    if (options_.policy == Policy::strict)
      return refused({.status = 400, .slug = "invalid-enrollment", .title = "Invalid enrollment", .detail = text});
    call.notes.push_back(text + " (ignored)");
  }
  if (auto const problem = rule_problem(body.document, write)) return refused(*problem);
  return body;
}

Change Service::new_change(Call const& call, std::string type, std::string_view validation) const {
  return {.id = store_.next_change_id(),
          .type = std::move(type),
          .status = first_status(validation),
          .created = timestamp(std::chrono::floor<std::chrono::seconds>(call.now)),
          .not_before = midnight(call.target.parameter("deploy-not-before")),
          .not_after = midnight(call.target.parameter("deploy-not-after"))};
}

std::optional<Problem> Service::query_problem(Call& call, std::vector<std::string_view> const& known) {
  std::vector<std::string> seen;
  for (auto const& [name, value] : call.target.query) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return bad_parameter(fmt::format("{} is given twice", text::printable(name)));
    seen.push_back(name);
    bool const ours = name == "accountSwitchKey" || std::find(known.begin(), known.end(), name) != known.end();
    if (!ours && options_.policy == Policy::strict)
      return bad_parameter(fmt::format("unknown query parameter {}", text::printable(name)));
    if (!ours) call.notes.push_back(fmt::format("unknown query parameter {} (ignored)", text::printable(name)));
    if (ours)
      if (auto problem = value_problem(name, value)) return problem;
  }
  return std::nullopt;
}

std::optional<Problem> Service::contract_problem(std::string const& contract) const {
  if (contract.empty()) return bad_parameter("contractId is empty");
  if (contract.starts_with("ctr_"))
    return bad_parameter(fmt::format("contractId: CPS wants the bare id {}", contract.substr(4)));
  auto const& only = options_.contracts;
  if (only.empty() || std::find(only.begin(), only.end(), contract) != only.end()) return std::nullopt;
  return Problem{.status = 403,
                 .slug = "invalid-contract",
                 .title = "Invalid Contract",
                 .detail = fmt::format("The contract {} is not available to you.", text::printable(contract))};
}

Problem Service::pending_problem(Enrollment const& live) {
  return {
      .status = 409,
      .slug = "pending-change-exists",
      .title = "Pending change exists",
      .detail = fmt::format("Enrollment {} has the pending change {}; allow-cancel-pending-changes=true cancels it.",
                            live.id, live.changes.back().id)};
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

Response Service::disk_trouble(Call const& call, Error const& error) {
  return refuse(
      call,
      {.status = 500, .slug = "internal-server-error", .title = "Internal Server Error", .detail = describe(error)});
}

}  // namespace cpsctl::sandbox
