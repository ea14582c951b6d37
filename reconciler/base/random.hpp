#pragma once
#include <cstdint>
#include <string>

namespace cpsctl {

/// Randomness, injected: nonces and jitter.
struct Random {
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  double unit();       ///< in [0, 1)
  std::string uuid();  ///< UUIDv4 text
};

/// The operating system's generator (getrandom). Thread-safe.
Random& system_random();

/// Repeatable: the same seed gives the same numbers. For tests and for the sandbox's seeds.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace cpsctl
