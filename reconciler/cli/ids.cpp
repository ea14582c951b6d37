#include "cli/ids.hpp"

#include "base/text.hpp"
#include "cli/exit.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

std::string_view without_prefix(std::string_view contract) {
  return contract.starts_with("ctr_") ? contract.substr(4) : contract;
}

/// What comes after "enrollments/" in a location; the whole text if it is none.
std::string_view in_location(std::string_view text) {
  constexpr std::string_view collection = "/cps/v2/enrollments/";
  auto const at = text.find(collection);
  if (at == std::string_view::npos) return text;
  text.remove_prefix(at + collection.size());
  return text.substr(0, text.find_first_of("/?"));
}

}  // namespace

Result<std::int64_t> enrollment_id(std::string_view flag, std::string_view text,
                                   std::span<std::string const> contracts) {
  std::string const shown = text::excerpt(text, 60);
  std::string_view digits = in_location(text::trimmed(text));
  auto const comma = digits.find(',');
  std::string_view const contract = without_prefix(comma == std::string_view::npos ? "" : digits.substr(comma + 1));
  digits = digits.substr(0, comma);
  bool const numeric = !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!numeric || (comma != std::string_view::npos && (contract.empty() || contract.find(',') != contract.npos)))
    return usage(fmt::format("{} {} is not a number", flag, shown),
                 fmt::format("give the enrollment's number; those of the contract are shown by: cpsctl status "
                             "--unmanaged --contract {}",
                             contracts.empty() ? "ID" : without_prefix(contracts.front())));
  auto const id = text::number<std::int64_t>(digits);
  if (!id || *id == 0)
    return usage(fmt::format("{} {} is out of range", flag, shown), "give the enrollment's number, such as 10001");
  bool const known = contract.empty() || contracts.empty() ||
                     std::ranges::any_of(contracts, [&](auto const& one) { return without_prefix(one) == contract; });
  if (!known)
    return usage(fmt::format("{} {} is of contract {}, and --contract says {}", flag, shown, text::printable(contract),
                             fmt::join(contracts, ", ")),
                 fmt::format("write {} {} --contract {}", flag, *id, text::printable(contract)));
  return *id;
}

}  // namespace cpsctl::cli
