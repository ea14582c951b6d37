#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cps/governor.hpp"
#include "cps/types.hpp"
#include "edgegrid/credentials.hpp"
#include "http/client.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The way every request to CPS takes: account key, governor, signature, send, log line, problem.
namespace cpsctl::cps {

struct SessionOptions {
  std::vector<Window> windows = default_windows();  ///< empty: no limits (the sandbox's default)
  int reserve = 0;
  Duration timeout = std::chrono::seconds(60);
  std::size_t max_body = std::size_t{16} << 20;
  std::size_t max_list_bytes = std::size_t{512} << 20;
  SteadyTime deadline = SteadyTime::max();
};

/// May a request that may not have been answered be sent again?
enum class Repeat : std::uint8_t {
  freely,         ///< reading changes nothing
  after_refusal,  ///< only when the answer proves that nothing happened (429)
};

struct Call {
  std::string method = "GET";
  std::string path = {};                                        ///< below /cps/v2, as "/enrollments/10002"
  std::vector<std::pair<std::string, std::string>> query = {};  ///< plain values; encoded and signed as sent
  std::string account_key = {};
  std::string accept = {};        ///< exact media type
  std::string content_type = {};  ///< exact media type; "; charset=utf-8" is added
  std::string body = {};
  Repeat repeat = Repeat::freely;
  http::Sink sink = {};
  std::function<void()> restart = {};  ///< called before the sink sees another attempt's answer
  /// Awaited at each attempt when its turn has come, right before it is sent; an error keeps it from being sent.
  std::function<http::Task<Result<>>()> before_send = {};
  std::string subject = {};  ///< name of the enrollment or contract, for the log line
};

/// One host, one credential, a governor per account. On the loop's thread.
class Session {
 public:
  Session(http::Loop& loop, http::Client& client, edgegrid::Credentials credentials, Clock const& clock, Random& random,
          SessionOptions options);

  /// 2xx is a value; everything else an Error with CPS's problem in the message, the code by status (429 and the
  /// gateway's burst block: rate_limited) and `reached` as design.md §6 has it: 4xx with a complete head is `no`,
  /// 5xx and a lost answer are `unknown`.
  /// GETs are tried again (a few times, with backoff, within the deadline) on lost connections and 5xx; a 429 pauses
  /// the account and is tried again for every method, for it proves that nothing happened.
  http::Task<Result<http::Response>> send(Call call);

  SessionOptions const& options() const { return options_; }
  std::string const& host() const { return credentials_.host; }
  Clock const& clock() const { return clock_; }
  std::size_t requests() const { return requests_; }
  std::size_t throttles() const;
  Governor& governor(std::string const& account_key);
  /// Ends waits for a turn, and those that come, with `cancelled`; what is in flight goes on to its end.
  void stop_waiting();
  /// Ends requests under way, too.
  void cancel();

 private:
  http::Task<Result<http::Response>> attempt(Call const& call, std::string const& target);
  http::Request signed_request(Call const& call, std::string target) const;

  http::Loop& loop_;
  http::Client& client_;
  edgegrid::Credentials credentials_;
  Clock const& clock_;
  Random& random_;
  SessionOptions options_;
  std::map<std::string, std::unique_ptr<Governor>> governors_;
  std::size_t requests_ = 0;
  bool cancelled_ = false;
};

}  // namespace cpsctl::cps
