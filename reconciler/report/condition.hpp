#pragma once
#include "base/fields.hpp"

#include <string>

#include <boost/describe.hpp>

/// How an enrollment stands, as `cpsctl status` says it.
namespace cpsctl::report {

// in_sync: CPS has what the manifest wants. managed: the state has it, and no manifests were read. to_be_recorded: CPS
// has what is wanted, and the state is still to learn of it. waiting: something is in the way, and nobody has to act.
BOOST_DEFINE_ENUM_CLASS(Condition, in_sync, in_progress, waits_for_input, differs, missing, to_be_recorded, blocked,
                        waiting, orphan, gone, to_be_deleted, being_deleted, managed, unmanaged)

/// "waits for input", in every report.
std::string words(Condition condition);

/// Says no more than that CPS is at work, or that nothing is.
bool is_quiet(Condition condition);

}  // namespace cpsctl::report

/// In documents as in texts.
template <>
struct cpsctl::fields::Codec<cpsctl::report::Condition> {
  template <class Handler>
  static void out(report::Condition value, Handler& handler) {
    write(report::words(value), handler);
  }
};
