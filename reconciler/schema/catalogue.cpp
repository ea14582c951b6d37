#include "base/text.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::schema {
namespace {

constexpr std::string_view enrollment_prefix = "enrollment.";

std::optional<std::string_view> embedded_text(std::string_view name) {
  for (EmbeddedFile const& file : embedded_schemas())
    if (file.name == name) return file.text;
  return std::nullopt;
}

/// "v11" -> 11; 0 for what is not a version word.
int number(std::string_view version) {
  int value = 0;
  if (version.starts_with('v')) std::from_chars(version.data() + 1, version.data() + version.size(), value);
  return value;
}

Error unknown(std::string message, std::string_view word, std::vector<std::string> const& known) {
  auto const near = text::nearest(word, known);
  std::string next = near ? fmt::format("did you mean \"{}\"? ", *near) : std::string{};
  next += fmt::format("known: {}", fmt::join(known, ", "));
  return Error{.code = Errc::usage, .message = std::move(message), .next = std::move(next)};
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (EmbeddedFile const& file : embedded_schemas()) all.emplace_back(file.name);
  std::ranges::sort(all);
  return all;
}

Result<std::shared_ptr<Schema const>> named(std::string_view name) {
  static std::mutex guard;
  static std::map<std::string, std::shared_ptr<Schema const>, std::less<>> compiled;
  std::scoped_lock const lock(guard);
  if (auto const found = compiled.find(name); found != compiled.end()) return found->second;
  auto const text = embedded_text(name);
  if (!text) return unknown(fmt::format("there is no schema \"{}\"", text::printable(name)), name, names());
  CPS_TRY(auto schema, Schema::compile(name, *text, embedded_text));
  compiled.emplace(name, schema);
  return schema;
}

Result<std::shared_ptr<Schema const>> enrollment(std::string_view version) {
  auto const known = enrollment_versions();
  if (std::ranges::find(known, version) == known.end())
    return unknown(fmt::format("there is no enrollment schema of version \"{}\"", text::printable(version)), version,
                   known);
  return named(fmt::format("{}{}", enrollment_prefix, version));
}

std::vector<std::string> enrollment_versions() {
  std::vector<std::string> versions;
  for (EmbeddedFile const& file : embedded_schemas())
    if (file.name.starts_with(enrollment_prefix)) versions.emplace_back(file.name.substr(enrollment_prefix.size()));
  std::ranges::sort(versions, {}, [](std::string const& version) { return number(version); });
  return versions;
}

}  // namespace cpsctl::schema
