#include "cli/confirm.hpp"

#include <poll.h>

#include <fmt/ostream.h>
#include <unistd.h>

namespace cpsctl::cli {

bool can_ask(GlobalOptions const& options, World const& world) {
  return world.in_is_terminal && world.err_is_terminal && !options.no_input;
}

bool confirmed(World& world, Signals const& signals, std::string_view question) {
  constexpr int look_at_signals_ms = 100;
  fmt::print(world.err, "\n{} Only \"yes\" is taken as yes: ", question);  // past the door: no line
  world.err.flush();
  for (;;) {
    if (signals.received() != 0) return false;
    pollfd terminal{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&terminal, 1, look_at_signals_ms) > 0) break;
  }
  std::string answer;
  std::getline(world.in, answer);
  return answer == "yes";
}

}  // namespace cpsctl::cli
