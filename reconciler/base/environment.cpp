#include "base/environment.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>

namespace cpsctl::environment {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

bool is_reserved(std::string_view name) {
  std::string const lower = text::lower(name);
  return lower.starts_with("akamai_") || lower.starts_with("cpsctl_") || lower.ends_with("_proxy") ||
         lower.find("edgerc") != std::string::npos;
}

}  // namespace cpsctl::environment
