#pragma once
#include "manifest/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// What a person says in addition to the manifests: which of them to look at, and what may be destroyed.
namespace cpsctl::plan {

/// Empty: all. Several words of one kind are alternatives, the kinds must all agree.
struct Selection {
  std::map<std::string, std::string> labels = {};  ///< all of them
  std::vector<std::string> names = {};             ///< globs over names
  std::vector<std::string> contracts = {};
  bool everything() const { return labels.empty() && names.empty() && contracts.empty(); }
  bool takes(std::string const& name, std::string const& contract,
             std::map<std::string, std::string> const& its_labels) const;
  /// "-l team=web --name 'www-*'", for people.
  std::string text() const;
};
BOOST_DESCRIBE_STRUCT(Selection, (), (labels, names, contracts))

/// The guard rails (design.md §7). Each is shut until somebody opens it, `--yes` opens none.
struct Consent {
  bool allow_delete = false;
  std::int64_t max_deletes = 0;
  std::optional<std::int64_t> max_changes = {};          ///< updates and deletes
  std::optional<std::int64_t> max_changes_percent = {};  ///< of the state's enrollments, at least one
  std::vector<std::string> confirm_delete = {};          ///< names of enrollments that serve in production
  std::vector<std::string> recreate = {};                ///< names of what was deleted outside cpsctl
  std::vector<std::string> override_renewal_window = {};
  std::optional<manifest::OnPendingChange> on_pending = {};  ///< instead of what the manifests say
};
BOOST_DESCRIBE_STRUCT(Consent, (),
                      (allow_delete, max_deletes, max_changes, max_changes_percent, confirm_delete, recreate,
                       override_renewal_window, on_pending))

}  // namespace cpsctl::plan
