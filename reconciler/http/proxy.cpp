#include "base/text.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include <fmt/format.h>

namespace cpsctl::http {
namespace {

using Environment = std::function<std::optional<std::string>(std::string const&)>;

struct Variable {
  std::string name;
  std::string value;
};

/// The first of the two spellings that is set and not empty.
std::optional<Variable> variable(Environment const& environment, std::string const& upper) {
  for (std::string const& name : {upper, text::lower(upper)}) {
    auto value = environment(name);
    if (value && !text::trimmed(*value).empty()) return Variable{name, std::string(text::trimmed(*value))};
  }
  return std::nullopt;
}

std::optional<std::string> address_bytes(std::string const& host) {
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 4);
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 16);
  return std::nullopt;
}

bool is_loopback(std::string const& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  auto const address = address_bytes(host);
  if (!address) return false;
  return address->size() == 4 ? address->front() == 127 : *address == std::string(15, '\0') + '\1';
}

/// One entry of NO_PROXY: "*", a name (itself and what is below it), ".name" (below it), an address; a port narrows it.
bool exempts(std::string_view entry, Endpoint const& target) {
  if (entry == "*") return true;
  bool const below = entry.starts_with('.') || entry.starts_with("*.");
  std::string_view const plain = below ? entry.substr(entry.find('.') + 1) : entry;
  auto const parsed = Endpoint::parse(plain, target.port);
  if (!parsed || parsed->port != target.port) return false;
  if (auto const address = address_bytes(parsed->host)) return address == address_bytes(target.host);
  if (!below && parsed->host == target.host) return true;
  return !address_bytes(target.host) && target.host.ends_with('.' + parsed->host);
}

bool exempt(std::string list, Endpoint const& target) {
  std::ranges::replace(list, ' ', ',');
  return std::ranges::any_of(text::split(list, ','), [&](std::string_view const entry) {
    std::string_view const trimmed = text::trimmed(entry);
    return !trimmed.empty() && exempts(trimmed, target);
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int const high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The URL may hold a password: messages name the variable, never its value.
Result<ProxyChoice> parse_proxy(Variable const& from) {
  auto const wrong = [&](std::string_view what) {
    return Error{.code = Errc::usage,
                 .message = fmt::format("{} {}", from.name, what),
                 .next = "write it as http://host:port or http://user:password@host:port"};
  };
  std::string_view url = from.value;
  if (auto const scheme = url.find("://"); scheme != std::string_view::npos) {
    std::string const name = text::lower(url.substr(0, scheme));
    if (name == "https") return wrong("asks for TLS to the proxy itself, which is not supported");
    if (name != "http") return wrong("names a kind of proxy that is not supported; only http:// is");
    url.remove_prefix(scheme + 3);
  }
  ProxyChoice choice;
  if (auto const at = url.rfind('@'); at != std::string_view::npos) {
    std::string user = percent_decoded(url.substr(0, at));
    if (user.find(':') == std::string::npos) user += ':';
    choice.authorization = "Basic " + text::base64(user);
    url.remove_prefix(at + 1);
  }
  url = url.substr(0, url.find('/'));
  auto proxy = Endpoint::parse(url, 80);
  if (!proxy) return wrong("names no proxy: there is no valid host and port in it");
  choice.proxy = std::move(*proxy);
  return choice;
}

}  // namespace

Result<ProxyChoice> choose_proxy(Endpoint const& target, Environment const& environment) {
  auto const proxy = variable(environment, "HTTPS_PROXY");
  if (!proxy || is_loopback(target.host)) return ProxyChoice{};
  auto const none = variable(environment, "NO_PROXY");
  if (none && exempt(none->value, target)) return ProxyChoice{};
  return parse_proxy(*proxy);
}

}  // namespace cpsctl::http
