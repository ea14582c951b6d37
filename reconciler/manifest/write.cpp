#include "manifest/write.hpp"

#include "base/text.hpp"
#include "manifest/factor.hpp"
#include "manifest/meaning.hpp"
#include "manifest/names.hpp"
#include "manifest/text_source.hpp"
#include "manifest/yaml_writer.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr std::string_view extension = ".yaml";
constexpr std::string_view profiles_file = "profiles";

/// One enrollment on its way into a file.
struct Item {
  Found const* found = nullptr;
  json::Value const* live = nullptr;
  std::shared_ptr<schema::Schema const> schema = {};
  std::string contract = {};
  std::string name = {};
  Meaning meaning = {};
  std::vector<std::string> profiles = {};
  bool shares_name = false;  ///< another enrollment of the contract has its common name
};

std::string without_prefix(std::string_view contract) {
  constexpr std::string_view prefix = "ctr_";
  return std::string(contract.substr(contract.starts_with(prefix) ? prefix.size() : 0));
}

/// Account, contract, canonical common name: CPS wants it once.
using NameKey = std::array<std::string, 3>;

class Manifests {
 public:
  Manifests(WriteOptions const& options, Written& out) : options_(options), out_(out) {}

  Result<> run(std::span<Found const> found) {
    CPS_CHECK(collect(found));
    for (Item& item : items_) {
      item.meaning = meaning_of(*item.live, *item.schema, pool_);
      check_spec(item);
    }
    CPS_CHECK(take_names());
    name_those(true);
    name_those(false);  // for messages: these take nothing from those that get a file
    mark_shared_names();
    std::vector<SharedProfile> const profiles = share();
    for (Item& item : items_)
      if (item.meaning.writable()) write(item);
    write(profiles);
    report();
    return {};
  }

 private:
  Result<> collect(std::span<Found const> found) {
    for (Found const& one : found) {
      CPS_TRY(auto schema, schema::enrollment(one.api_schema));
      items_.push_back({.found = &one,
                        .live = one.document != nullptr ? one.document.get() : &nothing_,
                        .schema = std::move(schema),
                        .contract = without_prefix(one.contract)});
    }
    auto const order = [](Item const& item) {
      return std::tie(item.found->account_key, item.contract, item.found->id);
    };
    std::ranges::stable_sort(items_, {}, order);
    auto const repeated = std::ranges::unique(items_, {}, order);
    items_.erase(repeated.begin(), repeated.end());
    return {};
  }

  /// Names that are in use, then those that someone chose.
  Result<> take_names() {
    for (std::string_view const reserved : {"cpsctl", "profiles"}) taken_.take(reserved);  // files with a meaning
    for (Desired const& desired : options_.existing) taken_.take(desired.name);
    for (std::string const& name : options_.taken_names) taken_.take(name);
    for (std::string const& file : options_.taken_files)
      if (file.ends_with(extension)) taken_.take(std::string_view(file).substr(0, file.size() - extension.size()));
    for (Item& item : items_)
      if (auto const chosen = options_.names.find(item.found->id); chosen != options_.names.end())
        CPS_CHECK(choose(item, chosen->second));
    return {};
  }

  void name_those(bool writable) {
    std::vector<Named> unnamed;
    std::vector<Item*> whose;
    for (Item& item : items_) {
      if (!item.name.empty() || item.meaning.writable() != writable) continue;
      unnamed.push_back({.id = item.found->id, .document = item.live, .schema = item.schema.get()});
      whose.push_back(&item);
    }
    auto const names = names_for(unnamed, taken_);
    for (std::size_t i = 0; i < names.size(); ++i) whose[i]->name = names[i];
  }

  Result<> choose(Item& item, std::string const& name) {
    if (is_device(name))
      return Error{.code = Errc::usage,
                   .message = fmt::format("Windows cannot have a file named {}{}", text::printable(name), extension),
                   .next = "choose another name for the enrollment"};
    if (taken_.has(name))
      return Error{.code = Errc::usage,
                   .message = fmt::format("the name \"{}\" is in use, or its file is there", text::printable(name)),
                   .next = "choose another name for the enrollment"};
    json::Document alone;
    alone.SetObject();
    json::set(alone, "name", json::string(name, alone.GetAllocator()), alone.GetAllocator());
    CPS_TRY(auto const manifest, schema::named("manifest"));
    for (schema::Problem const& problem : schema::check(alone, *manifest->at("/metadata"), {}))
      return Error{.code = Errc::usage, .message = "the name " + problem.message, .next = problem.hint};
    item.name = name;
    taken_.take(name);
    return {};
  }

  /// Contract and account come from outside as well: would the checker take them?
  void check_spec(Item& item) {
    auto const manifest = schema::named("manifest");
    if (!manifest) return;
    json::Value const spec = spec_of(item);
    for (schema::Problem const& problem : schema::check(spec, *(*manifest)->at("/spec"), {}))
      item.meaning.left_out.push_back({.kind = NoteKind::enrollment_left_out,
                                       .message = fmt::format("{}: {}", json::dotted(problem.pointer), problem.message),
                                       .hint = problem.hint});
  }

  static std::string common_name(json::Value const& document, schema::Schema const& schema) {
    return text::hostname(identity_text(document, schema, "name"));
  }

  /// CPS wants a common name once in a contract; where that is not so, manifests have to allow it.
  void mark_shared_names() {
    std::map<NameKey, std::size_t> users;
    auto const key = [](std::string const& account, std::string const& contract, std::string name) {
      return NameKey{account, contract, std::move(name)};
    };
    for (Desired const& desired : options_.existing)
      if (auto const schema = schema::enrollment(desired.api_schema); schema && desired.enrollment != nullptr)
        ++users[key(desired.account_key, desired.contract, common_name(*desired.enrollment, **schema))];
    std::vector<NameKey> keys;
    for (Item const& item : items_) {
      keys.push_back(key(item.found->account_key, item.contract, common_name(*item.live, *item.schema)));
      if (item.meaning.writable()) ++users[keys.back()];
    }
    for (std::size_t i = 0; i < items_.size(); ++i) items_[i].shares_name = users[keys[i]] > 1;
  }

  std::vector<SharedProfile> share() {
    if (options_.factor == Factor::no) return {};
    std::vector<Own> own;
    std::vector<Item*> whose;
    for (Item& item : items_) {
      if (!item.meaning.writable()) continue;
      own.push_back({.value = &item.meaning.value, .schema = item.schema.get()});
      whose.push_back(&item);
    }
    TakenNames taken;
    for (std::string const& name : options_.taken_profiles) taken.take(name);
    auto profiles = factor(own, options_.profile_prefix, taken, pool_);
    for (SharedProfile const& profile : profiles)
      for (std::size_t const user : profile.used_by) whose[user]->profiles.push_back(profile.name);
    return profiles;
  }

  json::Value text(std::string_view value) { return json::string(value, pool_); }
  void add(json::Value& object, char const* name, json::Value value) {
    object.AddMember(rapidjson::StringRef(name), value, pool_);
  }

  json::Value document(char const* kind, std::string_view name, json::Value spec) {
    json::Value metadata(rapidjson::kObjectType), whole(rapidjson::kObjectType);
    add(metadata, "name", text(name));
    add(whole, "apiVersion", text("cpsctl.dev/v1"));
    add(whole, "kind", text(kind));
    add(whole, "metadata", std::move(metadata));
    add(whole, "spec", std::move(spec));
    return whole;
  }

  /// Everything under spec but what the enrollment itself says; members in the schema's order.
  json::Value spec_of(Item const& item) {
    json::Value spec(rapidjson::kObjectType);
    if (!item.profiles.empty()) {
      json::Value names(rapidjson::kArrayType);
      for (std::string const& profile : item.profiles) names.PushBack(text(profile), pool_);
      add(spec, "profiles", std::move(names));
    }
    add(spec, "contractId", text(item.contract));
    if (!item.found->account_key.empty()) add(spec, "accountSwitchKey", text(item.found->account_key));
    if (item.found->api_schema != options_.default_schema) add(spec, "apiSchema", text(item.found->api_schema));
    return spec;
  }

  std::string header() const {
    return fmt::format("# yaml-language-server: $schema={}\n", text::printable(options_.schema_path));
  }

  void write(Item& item) {
    json::Value spec = spec_of(item);
    add(spec, "enrollment", json::Value(item.meaning.value, pool_));
    if (item.shares_name) {
      json::Value lifecycle(rapidjson::kObjectType);
      add(lifecycle, "allowDuplicateCn", json::Value(true));
      add(spec, "lifecycle", std::move(lifecycle));
    }
    std::string path = fmt::format("{}{}", item.name, extension);
    std::string text = header() + yaml_text(document("Enrollment", item.name, std::move(spec)));
    if (text.size() > document_limit) {
      item.meaning.left_out.push_back(
          {.kind = NoteKind::enrollment_left_out,
           .message = fmt::format("its manifest would be larger than {} MB", document_limit >> 20)});
      return;
    }
    out_.names.push_back({.id = item.found->id, .name = item.name, .path = path});
    out_.files.push_back({.path = std::move(path), .text = std::move(text)});
  }

  void write(std::vector<SharedProfile> const& profiles) {
    if (profiles.empty()) return;
    WrittenFile file{.path = free_profiles_file(), .text = header()};
    for (SharedProfile const& profile : profiles) {
      json::Value spec(rapidjson::kObjectType);
      add(spec, "enrollment", json::Value(profile.value, pool_));
      if (&profile != &profiles.front()) file.text += "---\n";
      file.text += yaml_text(document("Profile", profile.name, std::move(spec)));
    }
    out_.files.push_back(std::move(file));
    out_.profiles = profiles.size();
  }

  std::string free_profiles_file() const {
    TakenNames files;
    for (std::string const& file : options_.taken_files) files.take(file);
    for (WrittenFile const& file : out_.files) files.take(file.path);
    std::string path = fmt::format("{}{}", profiles_file, extension);
    for (int n = 2; files.has(path); ++n) path = fmt::format("{}-{}{}", profiles_file, n, extension);
    return path;
  }

  void report() {
    std::ranges::stable_sort(items_, {}, &Item::name);
    for (Item& item : items_)
      for (LeftOut& one : item.meaning.left_out)
        out_.notes.push_back({.kind = one.kind,
                              .id = item.found->id,
                              .name = item.name,
                              .field = json::dotted(one.pointer),
                              .message = std::move(one.message),
                              .hint = std::move(one.hint)});
    std::ranges::sort(out_.files, {}, &WrittenFile::path);
    std::ranges::sort(out_.names, {}, &WrittenName::name);
  }

  WriteOptions const& options_;
  Written& out_;
  json::Pool pool_;
  json::Value const nothing_;
  TakenNames taken_;
  std::vector<Item> items_;
};

}  // namespace

Result<Written> write_manifests(std::span<Found const> found, WriteOptions const& options) {
  Written written;
  CPS_CHECK(Manifests(options, written).run(found));
  return written;
}

}  // namespace cpsctl::manifest
