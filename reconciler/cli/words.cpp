#include "cli/words.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::cli {
namespace {

struct OtherNames {
  std::string_view means;
  std::string_view words;
};

/// Commands and options that other tools have, and topics by the words that people look for.
constexpr OtherNames other_names[] = {
    {"plan", "diff preview drift"},
    {"validate", "check lint"},
    {"apply", "sync"},
    {"status", "get describe"},
    {"state", "refresh"},
    {"forget", "rm remove delete"},
    {"mv", "rename move"},
    {"list", "ls"},
    {"show", "get"},
    {"unlock", "force-unlock"},
    {"rebuild", "refresh"},
    {"--name", "--target"},
    {"--yes", "--auto-approve"},
    {"pipelines", "ci cd github gitlab team"},
    {"manifests", "lifecycle profiles manifest variables"},
    {"project", "cpsctl.yaml settings config"},
    {"accounts", "account switch-key accountswitchkey account-key"},
    {"credentials", "edgerc"},
    {"options", "flags environment"},
    {"guard-rails", "deletes delete"},
    {"failures", "errors"},
    {"reports", "formats"},
    {"trust", "security"},
    {"hooks", "hook signers signer programs"},
};

}  // namespace

std::optional<std::string> other_name(std::string_view word, std::span<std::string const> known) {
  std::string const wanted = text::lower(word);
  for (OtherNames const& other : other_names)
    if (std::ranges::count(text::split(other.words, ' '), wanted) > 0 && std::ranges::count(known, other.means) > 0)
      return std::string(other.means);
  return std::nullopt;
}

std::optional<std::string> meant(std::string_view word, std::span<std::string const> known) {
  if (auto other = other_name(word, known)) return other;
  return text::nearest(word, known);
}

}  // namespace cpsctl::cli
