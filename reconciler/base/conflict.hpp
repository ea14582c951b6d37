#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cpsctl::text {

/// Where git has left both sides of a conflict: the offset of the line that begins it, if one that ends it follows.
inline std::optional<std::size_t> merge_conflict(std::string_view bytes) {
  auto const line_with = [&](std::string_view mark, std::size_t from) -> std::optional<std::size_t> {
    if (from == 0 && bytes.starts_with(mark)) return 0;
    auto const at = bytes.find("\n" + std::string(mark), from);
    return at == std::string_view::npos ? std::nullopt : std::optional(at + 1);
  };
  auto const begin = line_with("<<<<<<< ", 0);
  return begin && line_with(">>>>>>> ", *begin) ? begin : std::nullopt;
}

}  // namespace cpsctl::text
