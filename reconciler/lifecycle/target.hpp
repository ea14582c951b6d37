#pragma once
#include "lifecycle/next.hpp"

#include <boost/describe.hpp>

/// How far a run waits for a change to come (design.md §9, Waiting). Pure.
namespace cpsctl::lifecycle {

// submitted: what can be answered now is. validated: no validation and no certificate is owed. issued: the certificate
// is there, and nothing is wrong with it. deployed: the change is gone.
BOOST_DEFINE_ENUM_CLASS(Target, submitted, validated, issued, deployed)

/// Has the change come so far? By what it waits for, else by CPS's status: nothing but a wait's end hangs on that.
bool has_reached(cps::Change const& change, Target target);

/// Has it been on staging, so that a date comes too late? By the input that CPS shows there, else by its status: what
/// is not known counts as not there yet, and CPS has the last word.
bool is_on_staging(cps::Change const& change);

/// Who keeps a change from its target.
enum class Keeps : std::uint8_t {
  nobody,  ///< it is there
  others,  ///< CPS, a CA, a signer, or the policy later: wait
  person,
  failure  ///< it does not go on
};
Keeps keeps(Due const& due, bool reached);

}  // namespace cpsctl::lifecycle
