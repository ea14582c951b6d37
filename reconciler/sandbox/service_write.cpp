#include "base/text.hpp"
#include "sandbox/normalise.hpp"
#include "sandbox/service.hpp"
#include "sandbox/strict.hpp"
#include "sandbox/versions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// POST, PUT and DELETE of an enrollment.
namespace cpsctl::sandbox {
namespace {

/// The kind of change that an edit starts; empty when it is stored without one.
std::string change_type(Edit const& edit, bool deployed, bool replaces, bool force) {
  bool const costs = force || edit.effect != schema::Effect::metadata;
  if (!deployed && (costs || replaces)) return "new-certificate";
  if (!costs) return {};
  if (edit.names) return "modify-san";
  return force ? "renewal" : "modify-certificate";
}

bool in_renewal_window(json::Value const& document, WallTime now) {
  auto const start = parse_timestamp(json::text_or(json::find(document, "autoRenewalStartTime"), ""));
  return start && *start <= now;
}

std::vector<std::string> names_in(json::Value const& document) {
  std::vector<std::string> names;
  if (json::Value const* const sans = json::at(document, "/csr/sans"); sans != nullptr && sans->IsArray())
    for (auto const& name : sans->GetArray()) names.emplace_back(json::text_or(&name, ""));
  return names;
}

/// What CPS says before a deployed certificate is replaced by one with fewer names (facts-2026.md A3).
std::vector<std::string> removed_names(json::Value const& before, json::Value const& after) {
  std::vector<std::string> removed = names_in(before);
  std::vector<std::string> const left = names_in(after);
  std::erase_if(removed, [&](std::string const& name) { return std::ranges::find(left, name) != left.end(); });
  if (removed.empty()) return {};
  return {fmt::format("The SANs [{}] are scheduled for removal from the network. Acknowledge this to go on.",
                      fmt::join(removed, ", "))};
}

Problem immutable_problem(Edit const& edit) {
  return {
      .status = 400,
      .slug = "invalid-enrollment",
      .title = "Invalid enrollment",
      .detail = fmt::format("{} cannot be changed after the enrollment was created", fmt::join(edit.immutable, ", "))};
}

Problem renewal_problem(Enrollment const& live, json::Value const& document) {
  return {.status = 409,
          .slug = "renewal-in-progress",
          .title = "Renewal in progress",
          .detail = fmt::format("The automatic renewal of enrollment {} started at {}; "
                                "renewal-date-check-override=true permits changes.",
                                live.id, json::text_or(json::find(document, "autoRenewalStartTime"), ""))};
}

Problem pending_problem(Enrollment const& live) {
  return {
      .status = 409,
      .slug = "pending-change-exists",
      .title = "Pending change exists",
      .detail = fmt::format("Enrollment {} has the pending change {}; allow-cancel-pending-changes=true cancels it.",
                            live.id, live.changes.back().id)};
}

}  // namespace

struct Service::Body {
  json::Document document;
  std::shared_ptr<schema::Schema const> schema;
  std::optional<Response> refusal;
};

Response Service::create(Call& call) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, behaviour_.policy);
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
  json::Document document = normalised(body.document, body.schema->root(), id);
  std::string const name(json::text_or(json::at(document, "/csr/cn"), ""));
  if (auto const problem = too_soon_problem(call, *contract, name)) return refuse(call, *problem);
  if (auto const problem = twin_problem(call, *contract, name)) return refuse(call, *problem);

  Enrollment enrollment{
      .id = id, .account = call.account, .contract = *contract, .common_name = name, .created = timestamp(call.now)};
  remember_create(enrollment, call.now);
  std::int64_t const change = start_change(call, enrollment, document, {.type = "new-certificate"});
  if (auto const kept = keep(std::move(enrollment), document); !kept) return disk_trouble(call, kept.error());
  return carried_out(202, status_entity, *version, status_body(id, {change}));
}

std::string Service::create_key(std::string_view account, std::string_view contract, std::string_view name) const {
  return fmt::format("{}\n{}\n{}", account, contract,
                     behaviour_.five_minute_rule == FiveMinuteRule::cn ? name : std::string_view());
}

void Service::remember_create(Enrollment const& enrollment, WallTime when) {
  WallTime& last = last_creates_[create_key(enrollment.account, enrollment.contract, enrollment.common_name)];
  last = std::max(last, when);
}

/// "creating a certificate for the same contract within five minutes of another" (cps-api.md §6.2).
std::optional<Problem> Service::too_soon_problem(Call const& call, std::string const& contract,
                                                 std::string const& name) {
  if (behaviour_.five_minute_rule == FiveMinuteRule::off) return std::nullopt;
  auto const last = last_creates_.find(create_key(call.account, contract, name));
  if (last == last_creates_.end() || call.now - last->second >= behaviour_.five_minutes) return std::nullopt;
  bool const whole = behaviour_.five_minute_rule == FiveMinuteRule::contract;
  return Problem{.status = behaviour_.too_soon.status,
                 .slug = behaviour_.too_soon.slug,
                 .title = "Certificate request too soon",
                 .detail = fmt::format("Another certificate was requested for the {} less than {} ago.",
                                       whole ? "contract" : "common name", duration_text(behaviour_.five_minutes))};
}

/// Why CPS would not have a second certificate for this name.
std::optional<Problem> Service::twin_problem(Call const& call, std::string const& contract, std::string const& name) {
  Enrollment const* const twin = store_.with_common_name(call.account, contract, name);
  if (twin == nullptr || call.target.flag("allow-duplicate-cn")) return std::nullopt;
  return Problem{
      .status = behaviour_.duplicate_cn.status,
      .slug = behaviour_.duplicate_cn.slug,
      .title = "Duplicate common name",
      .detail = fmt::format("The contract already has enrollment {} with the common name {}.", twin->id, name)};
}

Response Service::update(Call& call, Enrollment const& live) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, status_entity);
  if (auto const problem = query_problem(
          call, {"allow-cancel-pending-changes", "allow-staging-bypass", "deploy-not-before", "deploy-not-after",
                 "force-renewal", "renewal-date-check-override", "allow-missing-certificate-addition"}))
    return refuse(call, *problem);
  Body body = read_body(call, Write::update, &live);
  if (body.refusal) return std::move(*body.refusal);
  auto const before = json::parse(live.document, "a stored enrollment");
  if (!before) return disk_trouble(call, before.error());
  json::Document document = normalised(body.document, body.schema->root(), live.id);
  keep_deployment(document, *before);
  Edit const edit = edit_between(*before, document, body.schema->root(), behaviour_.doubtful_edits);

  bool const forced = call.target.flag("force-renewal");
  bool const free = !forced && edit.effect == schema::Effect::metadata;
  // The bypass pushes what costs nothing into the change that is running, instead of cancelling it.
  bool const bypass = free && call.target.flag("allow-staging-bypass");
  if (!live.changes.empty() && !bypass && !call.target.flag("allow-cancel-pending-changes"))
    return refuse(call, pending_problem(live));
  for (Change const& change : live.changes)
    if (auto const problem = bypass ? std::nullopt : cancel_problem(change, call.now)) return refuse(call, *problem);
  if (!edit.immutable.empty()) return refuse(call, immutable_problem(edit));
  if (!free && in_renewal_window(*before, call.now) && !call.target.flag("renewal-date-check-override"))
    return refuse(call, renewal_problem(live, *before));

  Enrollment next = live;
  remember(next, call.now);
  std::vector<std::int64_t> started;
  if (!bypass) {
    cancel_all(next, call.now);
    std::string type = change_type(edit, live.deployed, !live.changes.empty(), forced);
    bool const orders = forced || !live.deployed || edit.effect == schema::Effect::certificate;
    if (!type.empty())
      started.push_back(start_change(
          call, next, document,
          {.type = std::move(type),
           .work = orders ? Work::certificate : Work::network,
           .warnings = orders && live.deployed ? removed_names(*before, document) : std::vector<std::string>()}));
  }
  std::int64_t const id = live.id;
  if (auto const kept = keep(std::move(next), document); !kept) return disk_trouble(call, kept.error());
  return carried_out(started.empty() ? 200 : 202, status_entity, *version, status_body(id, started));
}

Response Service::remove(Call& call, Enrollment const& live) {
  auto const version = accepted_version(call.request.header("Accept"), status_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, status_entity);
  if (auto const problem =
          query_problem(call, {"allow-cancel-pending-changes", "deploy-not-before", "deploy-not-after"}))
    return refuse(call, *problem);
  if (!live.changes.empty() && !call.target.flag("allow-cancel-pending-changes"))
    return refuse(call, pending_problem(live));
  for (Change const& change : live.changes)
    if (auto const problem = cancel_problem(change, call.now)) return refuse(call, *problem);
  std::int64_t const id = live.id;
  Enrollment next = live;
  remember(next, call.now);
  if (!next.deployed) {
    if (auto const removed = store_.remove(std::move(next)); !removed) return disk_trouble(call, removed.error());
    return carried_out(200, status_entity, *version, status_body(id, {}));
  }
  auto document = json::parse(next.document, "a stored enrollment");
  if (!document) return disk_trouble(call, document.error());
  cancel_all(next, call.now);
  std::int64_t const change =
      start_change(call, next, *document, {.type = "modify-certificate", .work = Work::removal});
  if (auto const kept = keep(std::move(next), *document); !kept) return disk_trouble(call, kept.error());
  return carried_out(202, status_entity, *version, status_body(id, {change}));
}

Service::Body Service::read_body(Call& call, Write write, Enrollment const* live) {
  Body body;
  auto const refused = [&](Problem const& problem) {
    body.refusal = refuse(call, problem);
    return std::move(body);
  };
  Entity const entity = enrollment_entity(behaviour_.newest_version);
  auto const version = content_version(call.request.header("Content-Type"), entity, behaviour_.policy);
  if (!version) {
    body.refusal = not_supported(call, entity);
    return body;
  }
  auto parsed = json::parse(call.request.body, "the request body");
  if (!parsed)
    return refused(
        {.status = 400, .slug = "malformed-json", .title = "Malformed JSON", .detail = parsed.error().message});
  body.document = std::move(*parsed);
  if (auto const member = unknown_member(body.document, *version))
    return refused({.status = 400,
                    .slug = "invalid-enrollment",
                    .title = "Invalid enrollment",
                    .detail = fmt::format("unknown field \"{}\" under api schema v{}", *member, *version)});
  std::optional<json::Document> before;
  if (live != nullptr)
    if (auto stored = json::parse(live->document, "a stored enrollment")) before = std::move(*stored);
  shape_up(body.document, *version, before ? &*before : nullptr);

  // What v11 does not know is kept for its client, and is not a mistake of its body.
  bool const newest = *version > lowest_version || unknown_member(body.document, lowest_version);
  auto schema = schema::enrollment(newest ? "v12" : "v11");
  if (!schema) {
    body.refusal = disk_trouble(call, schema.error());
    return body;
  }
  body.schema = std::move(*schema);

  // CPS leaves this member out of what it shows, and its own clients send what it showed back in a PUT.
  bool const shown = json::find(body.document, "enableMultiStackedCertificates") != nullptr;
  if (write == Write::update && behaviour_.policy == Policy::lenient && body.document.IsObject() && !shown)
    json::set(body.document, "enableMultiStackedCertificates", json::Value(false), body.document.GetAllocator());
  auto const& root = body.schema->root();
  if (auto const problem = schema_problem(body.document, root)) return refused(*problem);
  if (auto const echoed = read_only_members(body.document, root); write == Write::create && !echoed.empty()) {
    std::string const text = fmt::format("server-owned members in a create: {}", fmt::join(echoed, ", "));
    if (behaviour_.policy == Policy::strict)
      return refused({.status = 400, .slug = "invalid-enrollment", .title = "Invalid enrollment", .detail = text});
    call.notes.push_back(text + " (ignored)");
  }
  if (auto const problem = rule_problem(body.document, write)) return refused(*problem);
  if (auto const problem = behaviour_.policy == Policy::strict ? strict_problem(body.document) : std::nullopt)
    return refused(*problem);
  return body;
}

}  // namespace cpsctl::sandbox
