#include "sandbox/edge_dns.hpp"

#include "base/fields.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

constexpr std::string_view types_base = "https://problems.luna.akamaiapis.net/authoritative-dns/";

constexpr std::size_t usual_page = 25;
constexpr std::size_t largest_page = 100'000;

std::string canonical(std::string_view name) {
  std::string text = text::lower(name);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Response json_answer(int status, std::string body) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

json::Value zone_value(std::string const& name, Zone const& zone, json::Pool& pool) {
  json::Value value(rapidjson::kObjectType);
  json::set(value, "zone", json::string(name, pool), pool);
  json::set(value, "type", json::string("PRIMARY", pool), pool);
  json::set(value, "contractId", json::string("C-1", pool), pool);
  json::set(value, "signAndServe", json::Value(false), pool);
  json::set(value, "activationState", json::string("ACTIVE", pool), pool);
  json::set(value, "lastModifiedDate", json::string(zone.modified, pool), pool);
  json::set(value, "versionId", json::string(fmt::format("{}", zone.version), pool), pool);
  return value;
}

std::string list_text(std::string const& zone, ChangeList const& list, bool stale) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::set(body, "zone", json::string(zone, pool), pool);
  json::set(body, "changeTag", json::string(list.tag, pool), pool);
  json::set(body, "zoneVersionId", json::string(fmt::format("{}", list.version), pool), pool);
  json::set(body, "lastModifiedDate", json::string(list.modified, pool), pool);
  json::set(body, "stale", json::Value(stale), pool);
  return json::compact(body);
}

/// What is wrong with a record set that is to be stored in a zone; nothing is.
std::optional<std::string> fault_of(RecordSet const& set, std::string const& zone) {
  if (!lies_in(set.name, zone)) return fmt::format("{} is not in the zone {}", set.name, zone);
  if (set.ttl < 30 || set.ttl > 2'147'483'647) return fmt::format("ttl {} is out of range", set.ttl);
  if (set.rdata.empty()) return "rdata is empty";
  for (std::string const& rdata : set.rdata)
    if (set.type == "TXT" && !txt_bytes(rdata)) return fmt::format("{} is no TXT record", text::excerpt(rdata, 80));
  return std::nullopt;
}

/// A body with exactly these members; or what is wrong with it.
struct ReadSet {
  RecordSet set = {};
  std::string op = {};
  std::string fault = {};
};

/// `op`: the body of a change in a list, which has that member; DELETE needs no more than name and type.
ReadSet read_set(std::string const& body, bool listed) {
  ReadSet read;
  auto const document = json::parse(body, "the request body");
  if (!document || !document->IsObject()) return {.fault = "the body is no JSON object"};
  for (auto const& member : document->GetObject()) {
    auto const name = json::view(member.name);
    bool const known = name == "name" || name == "type" || name == "ttl" || name == "rdata" || (listed && name == "op");
    if (!known) return {.fault = fmt::format("unknown member {}", text::excerpt(name, 80))};
  }
  read.op = json::text_or(json::find(*document, "op"), "");
  if (listed && read.op != "ADD" && read.op != "EDIT" && read.op != "DELETE")
    return {.fault = "op is none of ADD, EDIT, DELETE"};
  for (char const* const name : {"name", "type", "ttl", "rdata"}) {
    bool const needed = read.op != "DELETE" || std::string_view(name) == "name" || std::string_view(name) == "type";
    if (needed && json::find(*document, name) == nullptr) return {.fault = fmt::format("{} is missing", name)};
  }
  if (!fields::from_json(*document, read.set)) return {.fault = "a member has the wrong type"};
  read.set.name = canonical(read.set.name);
  return read;
}

bool is_json(Request const& request) {
  return request.header("Content-Type").starts_with("application/json");
}

}  // namespace

bool is_edge_dns(Target const& target) {
  return target.path.size() >= 3 && target.path[0] == "config-dns" && target.path[1] == "v2";
}

bool EdgeDns::serves(std::string_view zone) const {
  return std::ranges::find(behaviour_.edge_zones, zone) != behaviour_.edge_zones.end();
}

Zone const& EdgeDns::at(std::string const& zone) const {
  static Zone const fresh;
  auto const found = store_.zones().find(zone);
  return found == store_.zones().end() ? fresh : found->second;
}

std::optional<TxtAnswer> EdgeDns::txt(std::string_view name) const {
  std::string const* best = nullptr;
  for (std::string const& zone : behaviour_.edge_zones)
    if (lies_in(name, zone) && (best == nullptr || zone.size() > best->size())) best = &zone;
  if (best == nullptr) return std::nullopt;
  return txt_at(at(*best), std::string(name));
}

Response EdgeDns::problem(Call const& call, int status, std::string_view slug, std::string_view title,
                          std::string detail) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::set(body, "type", json::string(fmt::format("{}{}", types_base, slug), pool), pool);
  json::set(body, "title", json::string(title, pool), pool);
  json::set(body, "detail", json::string(detail, pool), pool);
  json::set(body, "status", json::Value(status), pool);
  json::set(body, "instance", json::string(hex_id(random_), pool), pool);
  json::set(body, "requestId", json::string(hex_id(random_), pool), pool);
  json::set(body, "problemId", json::string(fmt::format("https://{}", call.authority), pool), pool);
  return {.status = status,
          .content_type = "application/problem+json",
          .body = json::compact(body),
          .refused = fmt::format("{}: {}", slug, detail)};
}

Response EdgeDns::answer(Call const& call, SteadyTime real) {
  auto const& path = call.target.path;
  std::string const& method = call.request.method;
  bool const lists = path[2] == "changelists";
  if (!lists && path[2] != "zones") return problem(call, 404, "notFound", "Not Found", "no such resource");
  if (path.size() == 3 && lists)
    return method == "POST" ? create_list(call) : problem(call, 405, "methodNotAllowed", "Method Not Allowed", method);
  if (path.size() == 3)
    return method == "GET" ? zones(call) : problem(call, 405, "methodNotAllowed", "Method Not Allowed", method);
  std::string const name = canonical(path[3]);
  if (!serves(name)) return problem(call, 404, "zoneNotFound", "Zone not found", fmt::format("no zone {}", name));
  if (lists) return change_list(call, name, real);
  if (path.size() == 4)
    return method == "GET" ? zone(call, name) : problem(call, 405, "methodNotAllowed", "Method Not Allowed", method);
  if (path.size() == 5 && path[4] == "recordsets" && method == "GET") return record_sets(call, at(name));
  if (path.size() == 8 && path[4] == "names" && path[6] == "types") return record_set(call, name, real);
  return problem(call, 404, "notFound", "Not Found", "no such resource");
}

Response EdgeDns::zones(Call const& call) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  auto const search = call.target.parameter("search").value_or("");
  for (std::string const& name : behaviour_.edge_zones)
    if (name.find(search) != std::string::npos) list.PushBack(zone_value(name, at(name), pool), pool);
  json::set(body, "zones", std::move(list), pool);
  return json_answer(200, json::compact(body));
}

Response EdgeDns::zone(Call const&, std::string const& name) {
  json::Document body;
  static_cast<json::Value&>(body) = zone_value(name, at(name), body.GetAllocator());
  return json_answer(200, json::compact(body));
}

/// A page of them, as the query asks: 25 unless it says otherwise.
Response EdgeDns::record_sets(Call const& call, Zone const& zone) {
  bool const all = call.target.flag("showAll");
  auto const number = [&](char const* name, std::size_t otherwise) {
    auto const text = call.target.parameter(name);
    return text ? text::number<std::uint64_t>(*text).value_or(0) : otherwise;
  };
  std::size_t const page = number("page", 1);
  std::size_t const size = number("pageSize", usual_page);
  if (page == 0 || size == 0 || size > largest_page || page > largest_page)
    return problem(call, 400, "invalidParameter", "Bad Request", "page or pageSize is out of range");
  auto const types = call.target.parameter("types");
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  std::size_t count = 0;
  for (auto const& [key, set] : zone.sets) {
    if (types && *types != set.type) continue;
    bool const shown = all || (count >= (page - 1) * size && count < page * size);
    if (shown) list.PushBack(fields::to_json(set, pool), pool);
    ++count;
  }
  json::Value metadata(rapidjson::kObjectType);
  json::set(metadata, "page", json::Value(page), pool);
  json::set(metadata, "pageSize", json::Value(all ? count : size), pool);
  json::set(metadata, "showAll", json::Value(all), pool);
  json::set(metadata, "totalElements", json::Value(count), pool);
  json::set(body, "metadata", std::move(metadata), pool);
  json::set(body, "recordsets", std::move(list), pool);
  return json_answer(200, json::compact(body));
}

std::optional<Response> EdgeDns::locked(Call const& call, std::string const& zone, SteadyTime real) {
  auto const busy = busy_until_.find(zone);
  if (busy == busy_until_.end() || busy->second <= real) return std::nullopt;
  return problem(call, 409, "concurrentZoneModification", "Concurrent Zone Modification",
                 fmt::format("{} is being modified", zone));
}

Response EdgeDns::written(Call const& call, ZoneWrite write, Response done, SteadyTime real) {
  write.version = at(write.zone).version + 1;
  write.modified = timestamp(call.now);
  std::string const zone = write.zone;
  if (auto const kept = store_.put(std::move(write)); !kept)
    return problem(call, 500, "internalError", "Internal Error", describe(kept.error()));
  if (behaviour_.edge_write_time > Duration::zero()) {
    busy_until_[zone] = real + behaviour_.edge_write_time;
    done.delivery.wait = behaviour_.edge_write_time;
  }
  return done;
}

/// One record set: read, made, replaced, taken away.
Response EdgeDns::record_set(Call const& call, std::string const& zone, SteadyTime real) {
  std::string const& method = call.request.method;
  RecordSet wanted{.name = canonical(call.target.path[5]), .type = call.target.path[7]};
  RecordSet const* const there = find_set(at(zone), wanted.name, wanted.type);
  if (method == "GET" && there != nullptr) return json_answer(200, fields::to_text(*there));
  if (method == "GET") return problem(call, 404, "recordSetNotFound", "Not Found", "no such record set");
  bool const writes = method == "PUT" || method == "POST" || method == "DELETE";
  if (!writes) return problem(call, 405, "methodNotAllowed", "Method Not Allowed", method);
  if (auto refusal = locked(call, zone, real)) return std::move(*refusal);
  ZoneWrite write{.zone = zone, .list = at(zone).list};
  if (method == "DELETE") {
    if (there == nullptr) return problem(call, 404, "recordSetNotFound", "Not Found", "no such record set");
    write.dropped.push_back(wanted);
    return written(call, std::move(write), {.status = 204}, real);
  }
  if (!is_json(call.request))
    return problem(call, 415, "unsupportedMediaType", "Unsupported Media Type", "send application/json");
  ReadSet const read = read_set(call.request.body, false);
  if (!read.fault.empty()) return problem(call, 400, "invalidRecordSet", "Invalid record set", read.fault);
  if (read.set.name != wanted.name || read.set.type != wanted.type)
    return problem(call, 400, "invalidRecordSet", "Invalid record set", "name and type are not those of the path");
  if (auto const fault = fault_of(read.set, zone))
    return problem(call, 400, "invalidRecordSet", "Invalid record set", *fault);
  if (method == "POST" && there != nullptr)
    return problem(call, 409, "duplicateRecordSet", "Record set exists", "the record set exists");
  if (method == "PUT" && there == nullptr)
    return problem(call, 400, "recordSetNotFound", "Bad Request", "no such record set");
  write.put.push_back(read.set);
  return written(call, std::move(write), json_answer(method == "POST" ? 201 : 200, fields::to_text(read.set)), real);
}

/// Stores what has become of the zone's open list; the zone is the same.
Response EdgeDns::listed(Call const& call, std::string const& zone, std::optional<ChangeList> list, Response done) {
  if (list) list->modified = timestamp(call.now);
  ZoneWrite write{.zone = zone, .version = at(zone).version, .modified = at(zone).modified, .list = std::move(list)};
  auto const kept = store_.put(std::move(write));
  return kept ? done : problem(call, 500, "internalError", "Internal Error", describe(kept.error()));
}

Response EdgeDns::create_list(Call const& call) {
  std::string const zone = canonical(call.target.parameter("zone").value_or(""));
  std::string const overwrite = call.target.parameter("overwrite").value_or("none");
  if (!serves(zone)) return problem(call, 404, "zoneNotFound", "Zone not found", fmt::format("no zone {}", zone));
  if (overwrite != "none" && overwrite != "stale" && overwrite != "any")
    return problem(call, 400, "invalidParameter", "Bad Request", "overwrite is none of none, stale, any");
  Zone const& live = at(zone);
  bool const stale = live.list && live.list->version != live.version;
  if (live.list && overwrite != "any" && !(overwrite == "stale" && stale))
    return problem(call, 409, "duplicateChangeList", "Change list exists", fmt::format("a list of {} is open", zone));
  ChangeList const list{.tag = random_.uuid(), .version = live.version, .modified = timestamp(call.now)};
  return listed(call, zone, list, json_answer(201, list_text(zone, list, false)));
}

/// Below /changelists/{zone}.
Response EdgeDns::change_list(Call const& call, std::string const& zone, SteadyTime real) {
  auto const& path = call.target.path;
  std::string const& method = call.request.method;
  auto const& list = at(zone).list;
  if (!list) return problem(call, 404, "changeListNotFound", "Not Found", fmt::format("no list of {} is open", zone));
  if (path.size() == 4 && method == "GET")
    return json_answer(200, list_text(zone, *list, list->version != at(zone).version));
  if (path.size() == 4 && method == "DELETE") return listed(call, zone, std::nullopt, {.status = 204});
  if (path.size() == 6 && path[4] == "recordsets" && path[5] == "add-change" && method == "POST")
    return add_change(call, zone, *list);
  if (path.size() == 5 && path[4] == "submit" && method == "POST") return submit(call, zone, *list, real);
  return problem(call, 404, "notFound", "Not Found", "no such resource");
}

/// A change is held against the zone, and what the list did to the same set before is replaced.
Response EdgeDns::add_change(Call const& call, std::string const& zone, ChangeList list) {
  if (!is_json(call.request))
    return problem(call, 415, "unsupportedMediaType", "Unsupported Media Type", "send application/json");
  ReadSet const read = read_set(call.request.body, true);
  if (!read.fault.empty()) return problem(call, 400, "invalidChange", "Invalid change", read.fault);
  RecordSet const* const there = find_set(at(zone), read.set.name, read.set.type);
  if (read.op != "DELETE")
    if (auto const fault = fault_of(read.set, zone))
      return problem(call, 400, "invalidChange", "Invalid change", *fault);
  if (read.op == "ADD" && there != nullptr)
    return problem(call, 409, "duplicateRecordSet", "Record set exists", "the record set exists");
  if (read.op != "ADD" && there == nullptr)
    return problem(call, 400, "recordSetNotFound", "Bad Request", "no such record set");
  std::erase_if(list.changes, [&](ListedChange const& one) {
    return one.set.name == read.set.name && one.set.type == read.set.type;
  });
  list.changes.push_back({.op = read.op, .set = read.set});
  return listed(call, zone, std::move(list), {.status = 204});
}

Response EdgeDns::submit(Call const& call, std::string const& zone, ChangeList const& list, SteadyTime real) {
  if (auto refusal = locked(call, zone, real)) return std::move(*refusal);
  if (list.version != at(zone).version)
    return problem(call, 409, "staleChangeList", "Change list is stale",
                   fmt::format("{} was modified after the list was made", zone));
  ZoneWrite write{.zone = zone};
  for (ListedChange const& change : list.changes)
    (change.op == "DELETE" ? write.dropped : write.put).push_back(change.set);
  return written(call, std::move(write), {.status = 204}, real);
}

}  // namespace cpsctl::sandbox
