#include "state/realm.hpp"

#include "base/text.hpp"
#include "state/types.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace cpsctl::state {
namespace {

/// A number, not a name that looks like one: 127.evil.example is somebody's host.
bool is_loopback(std::string const& host) {
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return host.starts_with("127.");
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return std::ranges::equal(six.s6_addr, in6addr_loopback.s6_addr);
  return host == "localhost";
}

}  // namespace

std::string realm_of(std::string_view host) {
  std::string const name = text::lower(host);
  if (is_loopback(name)) return sandbox_realm;
  return name.ends_with(".akamaiapis.net") ? "akamai" : name;
}

}  // namespace cpsctl::state
