#include "base/random.hpp"

#include <cerrno>
#include <stdexcept>
#include <sys/random.h>

#include <fmt/format.h>

namespace cpsctl {
namespace {

struct SystemRandom final : Random {
  std::uint64_t next() override {
    std::uint64_t value = 0;
    ssize_t got = 0;
    do got = ::getrandom(&value, sizeof value, 0);
    while (got < 0 && errno == EINTR);
    if (got != sizeof value) throw std::runtime_error("the operating system gives no random numbers");
    return value;
  }
};

}  // namespace

double Random::unit() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::string Random::uuid() {
  std::uint64_t const high = (next() & 0xFFFFFFFFFFFF0FFFULL) | 0x4000ULL;
  std::uint64_t const low = (next() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU, high & 0xFFFFU,
                     low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

Random& system_random() {
  static SystemRandom random;
  return random;
}

// SplitMix64 (Vigna): small, and every seed is a good one.
std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace cpsctl
