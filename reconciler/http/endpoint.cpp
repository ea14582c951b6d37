#include "base/text.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <arpa/inet.h>

#include <fmt/format.h>

namespace cpsctl::http {
namespace {

bool is_v6(std::string const& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

Error wrong(std::string_view text, std::string_view why) {
  return {.code = Errc::usage,
          .message = fmt::format("\"{}\" is not a host: {}", text::excerpt(text, 80), why),
          .next = "write host, host:port or [IPv6]:port"};
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  std::string host;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == std::string_view::npos) return wrong(text, "the ] is missing");
    host = text::lower(text.substr(1, end - 1));
    if (!is_v6(host)) return wrong(text, "there is no IPv6 address between the brackets");
    std::string_view const rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return wrong(text, "something follows the ]");
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else if (is_v6(std::string(text))) {
    host = text::lower(text);
  } else {
    auto const colon = text.find(':');
    has_port = colon != std::string_view::npos;
    host = text::lower(text.substr(0, colon));
    port = has_port ? text.substr(colon + 1) : std::string_view();
    if (!is_name(host))
      return wrong(text, host.empty() ? "the name is empty" : "a name has letters, digits, - and . only");
  }
  std::uint16_t number = default_port;
  if (has_port) {
    auto const given = text::number<std::uint16_t>(port);
    if (!given || *given == 0) return wrong(text, "the port is not a number from 1 to 65535");
    number = *given;
  }
  return Endpoint{.host = std::move(host), .port = number};
}

std::string Endpoint::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != 443) out += fmt::format(":{}", port);
  return out;
}

std::string_view Response::header(std::string_view name) const {
  std::string const wanted = text::lower(name);
  auto const found = std::ranges::find_if(headers, [&](Header const& one) { return text::lower(one.name) == wanted; });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace cpsctl::http
