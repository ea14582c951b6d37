#include "plan/consent.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {

bool Selection::takes(std::string const& name, std::string const& contract,
                      std::map<std::string, std::string> const& its_labels) const {
  bool const right_labels = std::ranges::all_of(labels, [&](auto const& wanted) {
    auto const label = its_labels.find(wanted.first);
    return label != its_labels.end() && label->second == wanted.second;
  });
  bool const right_name =
      names.empty() || std::ranges::any_of(names, [&](auto const& glob) { return text::glob_matches(glob, name); });
  bool const right_contract = contracts.empty() || std::ranges::count(contracts, contract) > 0;
  return right_labels && right_name && right_contract;
}

std::string Selection::text() const {
  std::vector<std::string> words;
  for (auto const& [key, value] : labels) words.push_back(fmt::format("-l {}={}", key, value));
  for (std::string const& glob : names) words.push_back(fmt::format("--name {}", glob));
  for (std::string const& contract : contracts) words.push_back(fmt::format("--contract {}", contract));
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace cpsctl::plan
