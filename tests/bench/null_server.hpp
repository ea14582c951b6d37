#pragma once
#include "base/clock.hpp"
#include "http/client.hpp"

#include <filesystem>
#include <sys/types.h>

/// What benchmarks measure against.
namespace cpsctl::bench {

/// CPS without any work behind it: HTTPS with keep-alive on loopback; an empty list for a GET, a 202 that names a new
/// enrollment for everything else. Nothing is checked. A process of its own, held to one core: its time is not the
/// client's. Forks, so it is made before any thread is.
class NullServer {
 public:
  struct Options {
    std::filesystem::path ca_file = {};  ///< written
    Duration answers_take = {};          ///< from a request's last byte to its answer
  };
  explicit NullServer(Options options);
  ~NullServer();
  NullServer(NullServer const&) = delete;
  NullServer& operator=(NullServer const&) = delete;

  http::Endpoint endpoint() const { return {.host = "localhost", .port = port_}; }
  std::filesystem::path const& ca_file() const { return options_.ca_file; }

 private:
  Options options_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// Holds the calling thread, and those that it starts, to the n-th core that the process may use: of two, the kernel
/// now and then leaves one idle for a whole run.
void hold_to_core(int n);
void hold_to_no_core();

}  // namespace cpsctl::bench
