#pragma once
#include "apply/apply.hpp"
#include "plan/identity.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace cpsctl::apply {

/// The lists that writes are based on (design.md §6): each counts as the read before a write while it is young enough,
/// and is read again, once for all who wait, when it is not. When that fails, all who come later in the round get the
/// same error. On the loop's thread.
class Snapshots {
 public:
  Snapshots(Listings listings, cps::Reader& reader, http::Loop& loop, Clock const& clock, Duration oldest);

  /// Newer lists of these contracts; what failed may be tried again.
  void replace(Listings listings);

  /// May a write be sent now that is based on what CPS said at `read`?
  bool young(WallTime read) const { return clock_.wall() - read <= oldest_; }
  /// When the newest list was read.
  WallTime read(plan::Scope const& scope) const;
  /// Reads the list again if it has grown old. Errors: as Reader::list; rate_limited when list after list grows old
  /// before a single write has its turn.
  http::Task<Result<>> refresh(plan::Scope const& scope);
  /// A write that is based on the list goes out.
  void used(plan::Scope const& scope) { contracts_[scope].unused = 0; }

  /// As the newest list has it; nullptr: not in it.
  cps::Live const* by_id(plan::Scope const& scope, std::int64_t id) const;
  std::vector<cps::Live const*> by_name(plan::Scope const& scope, std::string const& common_name) const;

 private:
  struct Contract {
    std::unique_ptr<cps::Listing> listing = {};
    std::unique_ptr<plan::Index> index = {};
    std::shared_ptr<http::Event> reading = {};  ///< set while somebody reads it
    std::size_t readings = 0;                   ///< how often it was read again
    int unused = 0;                             ///< of these, in a row, without a write that was based on them
    std::optional<Error> failure = {};          ///< why it could not be read again
  };
  Result<> take(Contract& contract, cps::Listing listing);

  cps::Reader& reader_;
  http::Loop& loop_;
  Clock const& clock_;
  Duration oldest_;
  std::map<plan::Scope, Contract> contracts_;
};

}  // namespace cpsctl::apply
