#include "cli/exit.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cpsctl::cli {

Exit exit_for(Errc code) {
  switch (code) {
    case Errc::usage: return Exit::usage;
    case Errc::manifest: return Exit::invalid;
    case Errc::guard_rail:
    case Errc::stale: return Exit::refused;
    case Errc::locked: return Exit::locked;
    case Errc::unauthorized: return Exit::unauthorized;
    case Errc::not_found:
    case Errc::conflict:
    case Errc::not_served:
    case Errc::refused: return Exit::failed;
    case Errc::rate_limited:
    case Errc::timeout:
    case Errc::cancelled: return Exit::again;
    case Errc::unavailable:
    case Errc::protocol: return Exit::unavailable;
    case Errc::io: return Exit::local_file;
    case Errc::internal: return Exit::bug;
  }
  return Exit::bug;
}

Error usage(std::string message, std::string next) {
  return {.code = Errc::usage, .message = std::move(message), .next = std::move(next)};
}

Exit worse(Exit left, Exit right) {
  constexpr std::array order{Exit::bug,         Exit::interrupted,  Exit::terminated, Exit::usage,        Exit::invalid,
                             Exit::local_file,  Exit::unauthorized, Exit::locked,     Exit::failed,       Exit::refused,
                             Exit::unavailable, Exit::again,        Exit::changes,    Exit::needs_action, Exit::done};
  return std::ranges::find(order, left) <= std::ranges::find(order, right) ? left : right;
}

}  // namespace cpsctl::cli
