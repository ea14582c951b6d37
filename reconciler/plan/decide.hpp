#pragma once
#include "plan/subject.hpp"

#include <optional>
#include <string>
#include <vector>

/// What is to become of one enrollment: the table of design.md §5, from who it is to the work.
namespace cpsctl::plan {

Item decide(Situation const& situation, Subject const& subject);

// Parts of it. `item`: begin(), with what is decided so far.

/// What the manifest alone says.
Item begin(Situation const& situation, manifest::Desired const& desired, Scope const& scope);
/// What the enrollment as it is adds to that.
void look_at(Item& item, cps::Live const& live, schema::Schema const& schema);

/// The state knows the manifest's enrollment (decide_known.cpp).
Item decide_known(Situation const& situation, Subject const& subject, Item item);
/// It does not, or the enrollment is gone (decide_new.cpp).
Item decide_new(Situation const& situation, Subject const& subject, Item item);
/// This one is the manifest's, although the state does not know it (decide_new.cpp).
Item adopt(Situation const& situation, Item item, cps::Live const& live);
/// A create of the name is in doubt (decide_doubtful.cpp); nothing without one.
std::optional<Item> decide_doubtful(Situation const& situation, Subject const& subject, Item const& item);
/// A create in doubt is all that is there (decide_doubtful.cpp).
Item decide_lost(Situation const& situation, Subject const& subject);
/// The manifest is gone (decide_removed.cpp).
Item decide_removed(Situation const& situation, Subject const& subject);

/// Does the change lie in what a create still owes (JSON pointers)?
bool is_owed(diff::Change const& change, std::vector<std::string> const& owed);

}  // namespace cpsctl::plan
