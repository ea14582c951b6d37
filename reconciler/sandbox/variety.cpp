#include "sandbox/variety.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <cctype>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

using schema::Type;

/// One walk over one document, with the seed's random numbers.
class Walk {
 public:
  Walk(json::Pool& pool, std::uint64_t seed) : pool_(pool), dice_(seed) {}

  void object(json::Value& value, schema::Field const& field) {
    for (std::string const& name : field.order) {
      schema::Field const* const child = field.child(name);
      if (child != nullptr && !child->read_only) member(value, name, *child);
    }
  }

  /// The CN comes among the SANs, or not; cloned names are listed, or not.
  void names(json::Value& document) {
    std::string const name(json::text_or(json::at(document, "/csr/cn"), ""));
    json::Value* const csr = json::find(document, "csr");
    json::Value* const sans = csr == nullptr ? nullptr : json::find(*csr, "sans");
    if (sans != nullptr && sans->IsArray() && coin())
      for (auto san = sans->Begin(); san != sans->End();)
        san = text::lower(json::view(*san)) == text::lower(name) ? sans->Erase(san) : san + 1;
    json::Value* const network = json::find(document, "networkConfiguration");
    json::Value* const settings = network == nullptr ? nullptr : json::find(*network, "dnsNameSettings");
    bool const object = settings != nullptr && settings->IsObject();
    json::Value const* const clone = object ? json::find(*settings, "cloneDnsNames") : nullptr;
    if (clone != nullptr && clone->IsTrue() && coin()) json::set(*settings, "dnsNames", json::Value(), pool_);
  }

  /// "returned only for third-party, omitted otherwise": by some, and not by others.
  void multi_stack(json::Value& document) {
    if (json::find(document, "enableMultiStackedCertificates") == nullptr && coin())
      json::set(document, "enableMultiStackedCertificates", json::Value(false), pool_);
  }

  bool coin() { return roll(2) == 0; }

 private:
  std::size_t roll(std::size_t sides) { return static_cast<std::size_t>(dice_.next() % sides); }

  void member(json::Value& object, std::string const& name, schema::Field const& field) {
    json::Value* const value = json::find(object, name);
    bool const empty = value == nullptr || value->IsNull() || (value->IsString() && value->GetStringLength() == 0) ||
                       (value->IsArray() && value->Empty());
    if (empty) {
      if (field.nullable()) nothing(object, name, field);
    } else if (value->IsObject()) {
      this->object(*value, field);
    } else if (value->IsArray() && field.list == schema::ListKind::set) {
      set(*value, field);
    } else if (value->IsString() && field.normalize == schema::Normalize::hostname) {
      *value = host(json::view(*value));
    }
  }

  /// One of the ways to say that there is nothing.
  void nothing(json::Value& object, std::string const& name, schema::Field const& field) {
    bool const text = field.allows(Type::string) && field.enumeration.empty();
    bool const list = field.allows(Type::array);
    switch (roll(text || list ? 3 : 2)) {
      case 0: return json::remove(object, name);
      case 1: return json::set(object, name, json::Value(), pool_);
      default: break;
    }
    json::set(object, name, text ? json::string("", pool_) : json::Value(rapidjson::kArrayType), pool_);
  }

  void set(json::Value& list, schema::Field const& field) {
    if (field.items != nullptr && field.items->normalize == schema::Normalize::hostname)
      for (auto& element : list.GetArray())
        if (element.IsString()) element = host(json::view(element));
    for (rapidjson::SizeType left = list.Size(); left > 1; --left)
      list[left - 1].Swap(list[static_cast<rapidjson::SizeType>(roll(left))]);
  }

  json::Value host(std::string_view name) {
    std::string shown(name);
    std::size_t const kind = roll(4);  // mostly as it is; else one letter, or all, in capitals
    for (std::size_t i = 0; i < shown.size(); ++i)
      if (kind == 3 || (kind == 2 && i == 0))
        shown[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(shown[i])));
    return json::string(shown, pool_);
  }

  json::Pool& pool_;
  SeededRandom dice_;
};

void vary_location(json::Value& object, std::uint64_t seed, json::Pool& pool) {
  std::string const path(json::text_or(json::find(object, "location"), ""));
  if (!path.empty()) json::set(object, "location", json::string(varied_path(path, seed), pool), pool);
}

}  // namespace

void vary(json::Document& document, schema::Field const& root, std::uint64_t seed) {
  auto& pool = document.GetAllocator();
  Walk walk(pool, seed);
  walk.names(document);
  walk.object(document, root);
  walk.multi_stack(document);
  vary_location(document, seed, pool);
  if (json::Value* const pending = json::find(document, "pendingChanges"); pending != nullptr && pending->IsArray())
    for (auto& change : pending->GetArray()) vary_location(change, seed, pool);
}

std::string varied_path(std::string_view path, std::uint64_t seed) {
  constexpr std::string_view usual = "/cps/v2/";
  if (!path.starts_with(usual) || SeededRandom(seed).next() % 2 == 0) return std::string(path);
  return fmt::format("/cps-api/{}", path.substr(usual.size()));
}

}  // namespace cpsctl::sandbox
