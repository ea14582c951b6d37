#include "cli/words.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::cli {
namespace {

struct OtherName {
  std::string_view word;
  std::string_view means;
};

/// Commands that other tools have, and topics by the words that people look for.
constexpr OtherName other_names[] = {
    {"diff", "plan"},
    {"preview", "plan"},
    {"drift", "plan"},
    {"check", "validate"},
    {"lint", "validate"},
    {"sync", "apply"},
    {"get", "status"},
    {"describe", "status"},
    {"refresh", "state"},
    {"rm", "forget"},
    {"remove", "forget"},
    {"delete", "forget"},
    {"rename", "mv"},
    {"move", "mv"},
    {"ls", "list"},
    {"get", "show"},
    {"force-unlock", "unlock"},
    {"refresh", "rebuild"},
    {"--target", "--name"},
    {"--auto-approve", "--yes"},
    {"ci", "pipelines"},
    {"cd", "pipelines"},
    {"github", "pipelines"},
    {"gitlab", "pipelines"},
    {"team", "pipelines"},
    {"lifecycle", "manifests"},
    {"profiles", "manifests"},
    {"manifest", "manifests"},
    {"variables", "manifests"},
    {"cpsctl.yaml", "project"},
    {"settings", "project"},
    {"config", "project"},
    {"account", "accounts"},
    {"switch-key", "accounts"},
    {"accountswitchkey", "accounts"},
    {"account-key", "accounts"},
    {"edgerc", "credentials"},
    {"flags", "options"},
    {"environment", "options"},
    {"deletes", "guard-rails"},
    {"delete", "guard-rails"},
    {"errors", "failures"},
    {"formats", "reports"},
    {"security", "trust"},
};

}  // namespace

std::optional<std::string> other_name(std::string_view word, std::span<std::string const> known) {
  std::string const wanted = text::lower(word);
  for (OtherName const& other : other_names)
    if (other.word == wanted && std::ranges::find(known, other.means) != known.end()) return std::string(other.means);
  return std::nullopt;
}

std::optional<std::string> meant(std::string_view word, std::span<std::string const> known) {
  if (auto other = other_name(word, known)) return other;
  return text::nearest(word, known);
}

}  // namespace cpsctl::cli
