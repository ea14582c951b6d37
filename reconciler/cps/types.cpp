#include "cps/types.hpp"

#include "base/text.hpp"
#include "cps/reading.hpp"

#include <utility>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  auto const value = text::number<std::int64_t>(text);
  return value && *value > 0 ? value : std::nullopt;
}

Error unusable(std::string_view problem) {
  return unreadable(fmt::format("an enrollment {}", problem));
}

}  // namespace

std::optional<std::int64_t> id_of(json::Value const& value) {
  if (value.IsInt64()) return value.GetInt64() > 0 ? std::optional(value.GetInt64()) : std::nullopt;
  return value.IsString() ? number(json::view(value)) : std::nullopt;
}

std::optional<std::int64_t> id_from_path(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  auto const slash = path.rfind('/');
  return slash == std::string_view::npos ? std::nullopt : number(path.substr(slash + 1));
}

Result<Live> live_from(json::Ref document) {
  if (!document || !document->IsObject()) return unusable("that is not a JSON object");
  json::Value const* const given = json::find(*document, "id");
  auto const place = id_from_path(json::text_or(json::find(*document, "location"), ""));
  auto const id = json::absent(given) ? place : id_of(*given);
  if (id && place && *id != *place)
    return unusable(fmt::format("whose id {} is not the one of its location, {}", *id, *place));
  if (!id) {
    auto const name = json::text_or(json::at(*document, "/csr/cn"), "?");
    return unusable(fmt::format("(CN {}) that has neither a usable id nor a location", text::printable(name)));
  }
  json::Value const* const pending = json::find(*document, "pendingChanges");
  Live live{.id = {*id}, .document = std::move(document)};
  if (pending == nullptr || pending->IsNull()) return live;
  if (!pending->IsArray()) return unusable(fmt::format("({}) whose pendingChanges is not a list", *id));
  for (json::Value const& change : pending->GetArray()) {
    auto const path = change.IsString() ? json::view(change) : json::text_or(json::find(change, "location"), "");
    auto const change_id = id_from_path(path);
    if (!change_id) return unusable(fmt::format("({}) with a pending change that has no usable location", *id));
    live.pending.push_back(
        {.id = {*change_id}, .type = std::string(json::text_or(json::find(change, "changeType"), ""))});
  }
  return live;
}

}  // namespace cpsctl::cps
