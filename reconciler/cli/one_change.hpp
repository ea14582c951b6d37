#pragma once
#include "cli/account.hpp"
#include "lifecycle/decide.hpp"
#include "plan/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// A pending change of one enrollment, for commands that a person gives: ack, upload, cancel. What they send is a plan
/// of one item, carried out like any other.
namespace cpsctl::cli {

/// By its name in the state, or by CPS's id, for one that nobody manages here.
struct WhichOne {
  std::string name = {};
  std::optional<std::string> id = {};
  bool yes = false;  ///< do not ask
};

struct OneEnrollment {
  plan::Item item = {};  ///< what CPS has of it, without work
  std::vector<lifecycle::Sight> sights = {};
  std::vector<std::int64_t> ours = {};  ///< changes that the state has as ours
  bool managed = false;                 ///< the state holds it
};

/// Checks the call: a name or an id, and somebody to ask, or --yes. Errors: usage.
Result<> check_call(WhichOne const& which, std::string const& command, GlobalOptions const& options,
                    World const& world);

/// Connects, takes the lock, reads the enrollment and its pending changes: one request, and two for each change. What a
/// person gave before and had no answer to is settled by that. Errors: usage (the state has no such name); guard_rail
/// (nothing is pending); timeout (CPS may still take what was given before); of the requests.
Result<OneEnrollment> look_at_one(WhichOne const& which, std::string const& command, Account& account, WallTime now);

/// The same on an account that is open.
Result<OneEnrollment> read_one(WhichOne const& which, Account& account, WallTime now);

/// What CPS has of an enrollment, as an item without work. Errors: internal.
Result<plan::Item> as_shown(std::string name, plan::Scope const& scope, cps::Live live);

/// The item with what a person answers to the change of the sight.
plan::Item answering(OneEnrollment const& one, lifecycle::Sight const& sight, lifecycle::Due due);

/// Shows what is sent, asks, sends, and says what became of it.
Result<Exit> carry_by_hand(std::vector<plan::Item> items, std::string const& title, WhichOne const& which,
                           Account& account, Options const& options, World& world);

}  // namespace cpsctl::cli
