#include "hooks/grants.hpp"

#include "base/environment.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace cpsctl::hooks {
namespace {

Error usage(std::string message, std::string next) {
  return {.code = Errc::usage, .message = std::move(message), .next = std::move(next)};
}

}  // namespace

Result<Grant> parse_grant(std::string_view text) {
  auto const equals = text.find('=');
  std::string_view const hook = text.substr(0, equals);
  std::string_view const variable = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  if (hook.empty() || !environment::is_name(variable))
    return usage(
        fmt::format("\"{}\" does not say which program may have which variable", text::excerpt(text, 80)),
        "write --hook-env HOOK=NAME, as in --hook-env corp-ca=VAULT_TOKEN; the value stays in the environment");
  if (environment::is_reserved(variable))
    return usage(fmt::format("the environment variable {} is for credentials or settings", variable),
                 "use a variable of another name: no program gets what CPS, a proxy or cpsctl itself is given");
  return Grant{.hook = std::string(hook), .variable = std::string(variable)};
}

}  // namespace cpsctl::hooks
