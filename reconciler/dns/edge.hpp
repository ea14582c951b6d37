#pragma once
#include "base/random.hpp"
#include "base/result.hpp"
#include "cps/session.hpp"
#include "dns/edge_set.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"
#include "http/task.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The publisher edge-dns: TXT values in and out of zones of Akamai's Edge DNS (facts-2026.md C1).
namespace cpsctl::dns {

/// A zone, and the account that has it (an account switch key; empty: the credential's own).
struct EdgeZone {
  std::string account_key = {};
  Name zone = {};
  auto operator<=>(EdgeZone const&) const = default;
};

struct EdgeOptions {
  std::int64_t ttl = 60;                                 ///< of a record set that is new
  int looks = 6;                                         ///< how often a name is read until it is as wanted
  int lock_tries = 8;                                    ///< of one request, while others write to the zone
  Duration lock_pause = std::chrono::milliseconds(500);  ///< after the first of them; doubled each time
};

/// A session for Edge DNS, from that for CPS: the same credential and client, another service with a budget of its own.
/// Nobody has published how many requests it allows: a few a second, and a 429 pauses as at CPS.
cps::SessionOptions edge_session(cps::SessionOptions options);

/// Values of others are kept byte for byte, and no write of others is overwritten unseen: Edge DNS has no ETags, so a
/// set that exists is changed in a change list, which is refused when the zone has another version by then. A new set
/// is made on its own, which is refused when there is one by then. Only where somebody has left a change list open
/// under this credential is a set replaced directly. What was written is read again, and written again if need be.
///
/// Edge DNS lets nobody write to a zone to which somebody else is just writing. So publications to a zone queue, and
/// what has gathered is carried together. On the loop's thread; outlives those who wait.
class EdgePublisher {
 public:
  /// `session` is one of edge_session().
  EdgePublisher(http::Loop& loop, cps::Session& session, Random& random, EdgeOptions options = {});
  ~EdgePublisher();
  EdgePublisher(EdgePublisher const&) = delete;
  EdgePublisher& operator=(EdgePublisher const&) = delete;

  /// The zone that has a name: the longest that the account knows. Asked once for each name. Errors: not_found, and
  /// those of the session.
  http::Task<Result<EdgeZone>> find_zone(std::string account_key, Name name);

  /// Brings values to their names and takes others away; one result a wish, in their order. A second time it changes
  /// nothing, so a lost answer is settled by carrying it again. A value that one wants there and another one gone
  /// stays. Errors of a wish: usage (a name outside the zone, an impossible value), conflict (wanted by another wish;
  /// others write it again and again), unauthorized, refused, unavailable, timeout, cancelled, protocol.
  http::Task<std::vector<Result<>>> carry(EdgeZone where, std::vector<TxtChange> wishes);

 private:
  struct Batch;
  struct Line;
  /// What is not yet so, and what can never be.
  struct Work {
    EdgeZone where = {};
    std::map<Name, Wanted> open = {};
    std::map<Name, Error> failed = {};
  };
  struct Ask {
    std::string method = "GET";
    std::string path = {};
    std::vector<std::pair<std::string, std::string>> query = {};
    std::string body = {};
  };

  Line& line_of(EdgeZone const& where);
  http::Task<> serve(EdgeZone where, std::vector<Batch*> batches);
  http::Task<std::optional<Error>> settle(Work& work);
  http::Task<Result<>> write(Work& work, TxtSets live);
  http::Task<Result<>> write_alone(Work& work, TxtSets live);
  http::Task<Result<>> write_together(Work& work, TxtSets live);
  http::Task<Result<>> fill_list(Work& work);
  http::Task<Result<TxtSets>> read(Work const& work);
  http::Task<Result<http::Response>> send(EdgeZone where, Ask ask);

  http::Loop& loop_;
  cps::Session& session_;
  Random& random_;
  EdgeOptions options_;
  std::map<EdgeZone, std::unique_ptr<Line>> lines_;
  std::map<std::pair<std::string, Name>, Name> zones_;  ///< by account key and name
};

}  // namespace cpsctl::dns
