#include "program.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

/// Every field of the enrollment schema goes the whole way: created with it, changed, given up; each time the next
/// plan is empty. The fields come from the schema, so a new one joins by itself.
namespace {

constexpr char const* base_text = R"({"ra":"lets-encrypt","validationType":"dv","certificateType":"san",
  "changeManagement":false,"enableMultiStackedCertificates":false,
  "csr":{"sans":["a.example.com"]},
  "networkConfiguration":{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,
    "dnsNameSettings":{"cloneDnsNames":true}},
  "org":{"name":"Example","addressLineOne":"1 Main St","city":"Cambridge","region":"MA","postalCode":"02142","country":"US","phone":"1"},
  "adminContact":{"firstName":"A","lastName":"B","email":"a@example.com","phone":"1"},
  "techContact":{"firstName":"C","lastName":"D","email":"c@example.com","phone":"1"}})";

using Values = std::map<std::string, std::string>;

Values const third_party{{"/ra", "\"third-party\""},
                         {"/validationType", "\"third-party\""},
                         {"/certificateType", "\"third-party\""},
                         {"/thirdParty", R"({"excludeSans":false})"}};
Values const own_names{{"/networkConfiguration/dnsNameSettings/cloneDnsNames", "false"},
                       {"/networkConfiguration/dnsNameSettings/dnsNames", R"(["a.example.com"])"}};

/// What has to come with a field for CPS to take it (cps-api.md §3.6).
Values companions(std::string const& pointer) {
  if (pointer.starts_with("/thirdParty") || pointer == "/enableMultiStackedCertificates") return third_party;
  if (pointer.ends_with("/dnsNames")) return own_names;
  return {};
}

/// Two values of a field; the second is missing where the first is the only one.
struct Pair {
  std::string first;
  std::optional<std::string> second;
};

std::string quoted(std::string const& text) {
  json::Document document;
  return json::compact(json::string(text, document.GetAllocator()));
}

std::optional<Pair> values_of(schema::Field const& field) {
  if (field.pointer.ends_with("/dnsNames")) return Pair{R"(["a.example.com"])", R"(["a.example.com","b.example.com"])"};
  if (field.pointer.ends_with("/sans")) return Pair{R"(["b.example.com"])", R"(["b.example.com","c.example.com"])"};
  if (field.pointer.ends_with("/cloneDnsNames")) return Pair{"true", std::nullopt};
  if (!field.enumeration.empty()) {
    auto const& words = field.enumeration;
    return Pair{quoted(words[0]), words.size() > 1 ? std::optional(quoted(words[1])) : std::nullopt};
  }
  if (field.allows(schema::Type::boolean)) return Pair{"true", "false"};
  if (field.allows(schema::Type::integer)) return Pair{"7", "8"};
  if (field.allows(schema::Type::array)) return Pair{R"(["TLSv1"])", R"(["TLSv1","TLSv1_1"])"};
  if (field.format == "email") return Pair{"\"x@example.com\"", "\"y@example.com\""};
  bool const country = json::find(json::find(field.annotations.get(), "x-advice"), "known") != nullptr;
  if (country) return Pair{"\"US\"", "\"DE\""};
  if (field.allows(schema::Type::string)) return Pair{"\"Straße 1\"", "\"No. 2: \\\"x\\\"\""};
  return std::nullopt;
}

void leaves(schema::Field const& field, std::vector<schema::Field const*>& found) {
  if (field.read_only) return;
  if (field.properties.empty() && !field.pointer.empty()) found.push_back(&field);
  for (std::string const& name : field.order) leaves(*field.child(name), found);
}

void put(json::Document& document, std::string const& pointer, json::Value value) {
  auto& pool = document.GetAllocator();
  json::Value* at = &document;
  std::string_view rest = std::string_view(pointer).substr(1);
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    std::string_view const name = rest.substr(0, slash);
    if (json::Value* const inner = json::find(*at, name); inner == nullptr || !inner->IsObject())
      json::set(*at, name, json::Value(rapidjson::kObjectType), pool);
    at = json::find(*at, name);
    rest.remove_prefix(slash + 1);
  }
  if (value.IsNull())
    json::remove(*at, rest);
  else
    json::set(*at, rest, std::move(value), pool);
}

struct Fields {
  Folder folder;
  std::vector<schema::Field const*> fields;
  std::shared_ptr<schema::Schema const> schema = schema::enrollment("v11").value();

  Fields() { leaves(schema->root(), fields); }

  /// One enrollment for the field, with `value` in it; no value: without the field.
  void write(std::size_t index, std::optional<std::string> const& value) const {
    std::string const& pointer = fields[index]->pointer;
    json::Document document = json::parse(base_text, "base").value();
    auto const set = [&](std::string const& at, std::string const& text) {
      put(document, at, json::Value(json::parse("[" + text + "]", at).value()[0], document.GetAllocator()));
    };
    for (auto const& [at, text] : companions(pointer)) set(at, text);
    set("/csr/cn", fmt::format("\"f{}.example.com\"", index));
    if (!pointer.ends_with("/cn")) {
      put(document, pointer, json::Value());
      if (value) set(pointer, *value);
    }
    if (pointer.ends_with("/dnsNames")) set("/csr/sans", R"(["a.example.com","b.example.com"])");
    folder.write(fmt::format("manifests/f{}.json", index),
                 fmt::format(R"({{"apiVersion":"cpsctl.dev/v1","kind":"Enrollment","metadata":{{"name":"f{}"}},)"
                             R"("spec":{{"contractId":"1-A","enrollment":{}}}}})",
                             index, json::compact(document)));
  }
  Run run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  void applies_and_converges() const {
    Run const done = run({"apply", "--yes", "--quiet"});
    INFO(done.out, done.err);
    REQUIRE(done.exit == 0);
    Run const plan = run({"plan", "--detailed-exitcode"});
    INFO(plan.out, plan.err);
    REQUIRE(plan.exit == 0);
  }
  bool required(schema::Field const& field) const {
    std::string const around = field.pointer.substr(0, field.pointer.rfind('/'));
    auto const& needed = schema->at(around)->required;
    return std::ranges::count(needed, field.name) > 0;
  }
};

}  // namespace

TEST_CASE("fields: each is created, changed, given up, and every next plan is empty") {
  Fields const all;
  std::size_t changed = 0, removed = 0, set_back = 0;
  for (std::size_t i = 0; i < all.fields.size(); ++i) {
    CAPTURE(all.fields[i]->pointer);
    auto const values = values_of(*all.fields[i]);
    REQUIRE(values.has_value());
    bool const fixed = all.fields[i]->immutable;
    all.write(i, fixed ? std::optional<std::string>() : values->first);
    if (fixed)
      all.write(i, json::compact(*json::at(json::parse(base_text, "base").value(),
                                           all.fields[i]->pointer.ends_with("/cn") ? "/ra" : all.fields[i]->pointer)));
  }
  all.applies_and_converges();

  for (std::size_t i = 0; i < all.fields.size(); ++i) {
    auto const values = values_of(*all.fields[i]);
    if (all.fields[i]->immutable || !values->second) continue;
    all.write(i, values->second);
    ++changed;
  }
  json::Document const changing = all.run({"plan", "-o", "json"}).json();
  CHECK(json::at(changing, "/summary/update")->GetUint64() == changed);
  all.applies_and_converges();

  for (std::size_t i = 0; i < all.fields.size(); ++i) {
    schema::Field const& field = *all.fields[i];
    if (field.immutable || all.required(field) || field.pointer.ends_with("/dnsNames")) continue;
    all.write(i, std::nullopt);
    ++removed;
    set_back += field.on_remove != schema::OnRemove::release ? 1 : 0;
  }
  json::Document const giving_up = all.run({"plan", "-o", "json"}).json();
  std::size_t said = 0;
  for (auto const& item : json::find(giving_up, "items")->GetArray())
    for (auto const& change : json::find(item, "changes")->GetArray())
      said += json::find(change, "unset")->IsTrue() ? 1 : 0;
  CHECK(said == set_back);
  all.applies_and_converges();
  MESSAGE(all.fields.size() << " fields were created, " << changed << " changed, " << removed << " given up, "
                            << set_back << " of those set back");
}
