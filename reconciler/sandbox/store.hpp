#pragma once
#include "base/files.hpp"
#include "base/result.hpp"
#include "sandbox/authority.hpp"
#include "sandbox/changes.hpp"
#include "sandbox/orders.hpp"
#include "sandbox/timeline.hpp"
#include "sandbox/zones.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// The sandbox's data: enrollments and zones in memory, and a log of what was written in the folder.
namespace cpsctl::sandbox {

/// A document as it was until a write replaced it.
struct Earlier {
  std::string until = {};     ///< when that was, RFC 3339
  std::string document = {};  ///< JSON text
};
BOOST_DESCRIBE_STRUCT(Earlier, (), (until, document))

struct Enrollment {
  std::int64_t id = 0;
  std::string account = {};
  std::string contract = {};
  std::string common_name = {};
  std::string created = {};  ///< RFC 3339
  std::string expires = {};  ///< of the deployed certificate, RFC 3339; empty: none
  bool deployed = false;
  std::vector<Change> changes = {};  ///< pending ones, oldest first
  std::vector<Order> orders = {};    ///< those of pending changes, of what is served, and of the history; oldest first
  std::optional<Deployed> staging = {};
  std::optional<Deployed> production = {};
  std::vector<PastChange> history = {};  ///< changes that have ended, oldest first
  std::vector<Earlier> earlier = {};     ///< what a list that lags may still show, oldest first
  bool gone = false;                     ///< removed: there for such a list only
  std::string document = {};             ///< as CPS shows it, newest shape, pendingChanges included
};
BOOST_DESCRIBE_STRUCT(Enrollment, (),
                      (id, account, contract, common_name, created, expires, deployed, changes, orders, staging,
                       production, history, earlier, gone))

/// The order of that change; null when it ordered nothing.
Order const* order_of(Enrollment const& enrollment, std::int64_t change);
Order* order_of(Enrollment& enrollment, std::int64_t change);

/// Whether a list has what is gone, too.
enum class Gone : bool { left_out, shown };

/// Each write appends one line to enrollments.log, so a write costs the same with ten thousand enrollments as with one;
/// open() leaves only the newest line of each. A line that a crash cut short is dropped.
class Store {
 public:
  /// Errors: io; protocol when a line in the middle is damaged.
  static Result<std::unique_ptr<Store>> open(Files& files, std::filesystem::path const& folder);

  // What is gone is shown to list() only, and there only on demand.
  Enrollment const* find(std::string_view account, std::int64_t id) const;
  Enrollment const* find(std::int64_t id) const;  ///< of any account
  std::vector<Enrollment const*> all() const;     ///< of all accounts, by id
  /// Of one contract, or of all when `contract` is empty; by id.
  std::vector<Enrollment const*> list(std::string_view account, std::string_view contract,
                                      Gone gone = Gone::left_out) const;
  /// Any enrollment of the contract with that common name.
  Enrollment const* with_common_name(std::string_view account, std::string_view contract, std::string_view name) const;

  std::int64_t next_enrollment_id() const { return next_enrollment_; }
  std::int64_t next_change_id() const { return next_change_; }

  Result<> put(Enrollment enrollment);
  /// Takes an enrollment away; with earlier documents it stays as one that is gone, until it is forgotten.
  Result<> remove(Enrollment last);
  Result<> forget(std::int64_t id);
  /// The CA that signs; made, and kept from then on, when it is first asked for. Errors: io, internal.
  Result<Authority> authority();
  Zones const& zones() const { return zones_; }
  Result<> put(ZoneWrite write);
  std::optional<Timeline> const& timeline() const { return timeline_; }
  Result<> set_timeline(Timeline timeline);
  Result<> sync();

 private:
  Store() = default;
  Result<> load(std::string_view text);
  Result<> replay(std::string_view line);
  Result<> append(std::string const& line);
  std::string compacted() const;
  void keep(Enrollment enrollment);
  void drop(std::int64_t id);

  std::unique_ptr<Appender> log_;
  bool broken_ = false;  ///< after a failed append the log's end is unknown: nothing more is written
  std::map<std::int64_t, Enrollment> enrollments_;
  std::multimap<std::string, std::int64_t, std::less<>> names_;
  std::optional<Authority> authority_;
  std::optional<Timeline> timeline_;
  Zones zones_;
  std::int64_t next_enrollment_ = 10001;
  std::int64_t next_change_ = 10001;
};

}  // namespace cpsctl::sandbox
