#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cps/governor.hpp"
#include "cps/retry.hpp"
#include "cps/types.hpp"
#include "edgegrid/credentials.hpp"
#include "http/client.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The way every request to CPS, or another service of Akamai's, takes: account key, governor, signature, send, log
/// line, problem.
namespace cpsctl::cps {

struct SessionOptions {
  std::vector<Window> windows = default_windows();  ///< empty: no limits (the sandbox's default)
  Duration timeout = std::chrono::seconds(60);      ///< of an attempt; of a write with what precedes its sending
  std::size_t max_body = std::size_t{16} << 20;
  std::size_t max_list_bytes = std::size_t{512} << 20;
  SteadyTime deadline = SteadyTime::max();
  RetryOptions retry = {};
  std::filesystem::path ledger_folder = {};  ///< where the processes of this machine share the limits; empty: nowhere
  std::string budget_group = {};             ///< all accounts count as this one, in all projects that name it
  // Another service of Akamai's, with the same signatures and habits.
  std::string base_path = "/cps/v2";
  std::string service = "CPS";  ///< in messages
};

/// What a session has cost so far.
struct Counters {
  std::size_t requests = 0;   ///< sent, retries included
  std::size_t retries = 0;    ///< sent again after a failure or a 429
  std::size_t throttles = 0;  ///< answers of 429, and what counts like one
  Duration waited = {};  ///< time in which an account's requests waited for their turn: of the one that waited longest
};

struct Call {
  std::string method = "GET";
  std::string path = {};                                        ///< below the base path, as "/enrollments/10002"
  std::vector<std::pair<std::string, std::string>> query = {};  ///< plain values; encoded and signed as sent
  std::string account_key = {};
  std::string accept = {};        ///< exact media type
  std::string content_type = {};  ///< exact media type; "; charset=utf-8" is added
  std::string body = {};
  Repeat repeat = Repeat::freely;
  std::vector<int> answers = {};  ///< statuses of 4xx that are answers to this call, and no errors
  Lane lane = Lane::usual;
  http::Sink sink = {};
  std::function<void()> restart = {};  ///< called before the sink sees another attempt's answer
  /// Looks at a 2xx answer when it is complete; an error (protocol) counts as a failed attempt.
  std::function<Result<>(http::Response const& response)> check = {};
  /// Awaited at each attempt when its turn has come, right before it is sent; an error keeps it from being sent,
  /// and gives its turn to the next one.
  std::function<http::Task<Result<>>()> before_send = {};
  std::string subject = {};  ///< name of the enrollment or contract, for the log line
};

/// Numbers of requests by account key: each account, or budget group, has its own limit.
using Requests = std::map<std::string, std::size_t>;

/// One host, one credential, a governor per account. On the loop's thread.
class Session {
 public:
  Session(http::Loop& loop, http::Client& client, edgegrid::Credentials credentials, Clock const& clock, Random& random,
          SessionOptions options);

  /// 2xx is a value, unless it carries a problem, and so is what the call takes for an answer; everything else an Error
  /// with CPS's problem in the message, the code by status (429 and the gateway's burst block: rate_limited) and
  /// `reached` as design.md §6 has it: 4xx with a complete head is `no`, 5xx and a lost answer are `unknown`. GETs are
  /// tried again (retry.hpp; within the deadline) on lost connections, 5xx and garbage; a 429 pauses the account and is
  /// tried again for every method, for it proves that nothing happened, and so is what was never sent. When the tries
  /// end the last error is given; when the deadline ends them, its code is timeout.
  http::Task<Result<http::Response>> send(Call call);

  SessionOptions const& options() const { return options_; }
  std::string const& host() const { return credentials_.host; }
  Clock const& clock() const { return clock_; }
  Counters counters() const;
  std::size_t requests() const { return requests_; }
  Governor& governor(std::string const& account_key);
  /// Time until the last of `requests` is sent, by what the governors know now: accounts do not wait for each other.
  Duration estimate(Requests const& requests);
  /// Ends waits for a turn, and those that come, with `cancelled`; what is in flight goes on to its end.
  void stop_waiting();
  /// Ends requests under way, too.
  void cancel();

 private:
  http::Task<Result<http::Response>> attempt(Call const& call, std::string const& target);
  /// When an attempt began, by both clocks.
  struct Begun {
    SteadyTime steady;
    WallTime wall;
  };
  http::Task<Result<http::Response>> exchange(Call const& call, std::string const& target, Begun begun);
  void sign(http::Request& request) const;
  Result<http::Response> judged(Call const& call, http::Response response);
  std::unique_ptr<Ledger> open_ledger(std::string const& account_key, std::vector<Window> const& windows);

  http::Loop& loop_;
  http::Client& client_;
  edgegrid::Credentials credentials_;
  Clock const& clock_;
  Random& random_;
  SessionOptions options_;
  std::map<std::string, std::unique_ptr<Governor>> governors_;
  std::uint64_t run_;
  std::size_t requests_ = 0;
  std::size_t retries_ = 0;
  bool sharing_failed_ = false;
  bool cancelled_ = false;
};

}  // namespace cpsctl::cps
