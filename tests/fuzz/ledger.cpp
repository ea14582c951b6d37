#include "cps/ledger.hpp"

#include "cps/throttle.hpp"
#include "fuzz/fuzz.hpp"

#include <fmt/format.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

/// Gives the text the check sum that it needs to be believed: chance does not find one.
std::string sealed(std::string_view text) {
  std::uint64_t sum = 0xcbf29ce484222325;  // FNV-1a
  for (char const c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{}end {}\n", text, sum);
}

/// Nothing that is read lies in the future, and nobody is kept waiting for longer than CPS could ask for.
void check(std::string_view text) {
  cps::Epoch const now{
      .domain = "boot/time/pid", .steady = SteadyTime(100h), .wall = parse_timestamp("2026-11-23T10:00:00Z").value()};
  auto const traffic = cps::read_ledger(text, now);
  if (!traffic) {
    fuzz::holds(traffic.error().code == Errc::protocol || traffic.error().code == Errc::stale, "damaged, or newer");
    return;
  }
  Duration const longest = cps::longest_pause + cps::longest_pause / 10;
  fuzz::holds(traffic->paused_until <= now.steady + longest, "a pause is bounded");
  for (cps::Slot const& slot : traffic->slots)
    fuzz::holds(slot.sent <= now.steady && (slot.in_flight() || slot.ended <= now.steady), "requests lie in the past");
  auto const again = cps::read_ledger(cps::ledger_text(*traffic, now), now);
  fuzz::holds(again && again->slots.size() == traffic->slots.size(), "what was read can be written");
}

}  // namespace

/// Any bytes as the file in which processes share the request limit.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  check(fuzz::text(bytes, size));
  check(sealed(fuzz::text(bytes, size)));
  return 0;
}
