#pragma once
#include "http/answer.hpp"
#include "http/client.hpp"
#include "http/tls.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cpsctl::http {

/// A time limit, and how it is named when it has passed: "took longer than 60 s".
struct Limit {
  SteadyTime at = SteadyTime::max();
  std::string passed = {};
  std::optional<WallTime> ends_by = {};  ///< as SendOptions::ends_by

  bool over(Clock const& clock) const { return clock.steady() >= at || (ends_by && clock.wall() >= *ends_by); }
};

/// One TLS connection to the endpoint, one request at a time. After an error it is of no more use.
class Connection {
 public:
  static std::shared_ptr<Connection> make(Loop& loop, Tls& tls, std::shared_ptr<ClientOptions const> options);
  virtual ~Connection() = default;

  /// Resolves, connects, tunnels through the proxy, shakes hands. `reached` of its errors is `no`.
  virtual Task<Result<>> open(Limit limit) = 0;
  /// Sends `text` and reads until `answer` is complete, or has failed() and nothing more will come of it; both outlive
  /// the call. `reached` of its errors is `unknown`; `no` when the limit had passed before a byte was sent. When it
  /// ends without the whole answer, no more of `text` reaches the server.
  virtual Task<Result<>> exchange(std::string const& text, Answer& answer, Limit limit) = 0;

  /// Open, and the server has neither closed it nor said anything since the last answer.
  virtual bool idle() = 0;
  /// What is under way ends with `cancelled`.
  virtual void abort() = 0;
};

}  // namespace cpsctl::http
