#include "hooks/mask.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::hooks {
namespace {

constexpr std::size_t long_enough = 8;
constexpr std::string_view shown = "[masked]";

}  // namespace

Mask::Mask(std::vector<Secret> const& secrets) {
  for (Secret const& secret : secrets)
    for (std::string_view const line : text::split(secret.reveal(), '\n'))
      if (auto const word = text::trimmed(line); word.size() >= long_enough) words_.emplace_back(std::string(word));
  std::ranges::stable_sort(words_, std::greater(), [](Secret const& word) { return word.reveal().size(); });
}

std::string Mask::operator()(std::string_view text) const {
  std::string masked(text);
  for (Secret const& word : words_)
    for (auto at = masked.find(word.reveal()); at != std::string::npos;
         at = masked.find(word.reveal(), at + shown.size()))
      masked.replace(at, word.reveal().size(), shown);
  return masked;
}

std::string Mask::of_beginning(std::string_view text) const {
  std::string masked = (*this)(text);
  std::size_t const longest = words_.empty() ? 0 : words_.front().reveal().size();
  masked.resize(masked.size() - std::min(masked.size(), longest));
  return masked;
}

bool Mask::finds(std::string_view text) const {
  return std::ranges::any_of(words_,
                             [&](Secret const& word) { return text.find(word.reveal()) != std::string_view::npos; });
}

}  // namespace cpsctl::hooks
