#pragma once
#include "base/random.hpp"
#include "sandbox/connection.hpp"
#include "sandbox/validation.hpp"
#include "sandbox/zones.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Looks for tokens where a CA would: TXT records by DNS, files by HTTP. It has its own idea of both, and shares
/// nothing with the client that it checks.
namespace cpsctl::sandbox {

/// The servers that are asked. `own`: a name in a zone of the sandbox's; nothing: it lies in none.
struct Sources {
  std::optional<Place> dns = {};
  std::optional<Place> http = {};
  std::function<std::optional<TxtAnswer>(std::string_view name)> own = {};
};

class Prober {
 public:
  virtual ~Prober() = default;
  /// Looks for each, several at once, in a few seconds whatever the servers do.
  virtual Task<std::vector<Sight>> look(std::vector<Probe> probes) = 0;

  static std::unique_ptr<Prober> make(boost::asio::io_context& context, Random& random, Sources sources);
};

}  // namespace cpsctl::sandbox
