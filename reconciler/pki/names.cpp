#include "pki/names.hpp"

#include "base/text.hpp"

#include <set>
#include <string_view>

namespace cpsctl::pki {
namespace {

/// "www.example.com" -> "*.example.com"; empty where no wildcard may stand for the first label.
std::string wildcard_over(std::string_view host) {
  auto const dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  return "*" + std::string(host.substr(dot));
}

}  // namespace

std::vector<std::string> uncovered(std::span<std::string const> wanted, std::span<AlternativeName const> names) {
  std::set<std::string, std::less<>> given;
  for (AlternativeName const& name : names)
    if (name.kind == NameKind::dns) given.insert(name.value);
  std::set<std::string> left;
  for (std::string const& name : wanted) {
    std::string const host = text::hostname(name);
    if (!given.contains(host) && !given.contains(wildcard_over(host))) left.insert(host);
  }
  return {left.begin(), left.end()};
}

}  // namespace cpsctl::pki
