#pragma once
#include "cli/account.hpp"
#include "cli/changes.hpp"
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// Commands that print what changes wait for (`csr`, `challenges`): for the names of the call, or for all.
namespace cpsctl::cli {

/// Why there is nothing of an enrollment that was asked for.
struct Without {
  std::string name = {};
  std::int64_t change = 0;  ///< 0: none is pending
  std::string reason = {};
  bool later = false;  ///< there may still be something: run again
};
BOOST_DESCRIBE_STRUCT(Without, (), (name, change, reason, later))

/// What became of a word of the call.
enum class Found : std::uint8_t { some, later, none };
/// A glob is served by anything that it matches, whatever else it matches. `named`: the enrollments that have
/// something.
Found found(std::vector<std::string> const& named, std::vector<Without> const& without, std::string const& word);
/// done, again, failed: by the worst of the words.
Exit exit_of(std::vector<std::string> const& words, std::vector<std::string> const& named,
             std::vector<Without> const& without);

/// What the changes say, of those that can have what is asked for.
struct Answers {
  plan::Inputs inputs = {};
  plan::PlanView plan = {};
  std::vector<ChangeSight> sights = {};
  std::vector<Without> never = {};  ///< words and changes that cannot have it, whatever their changes say
};

/// Which changes are read: of enrollments that this takes. `otherwise`: why the others have nothing.
struct Wanted {
  std::function<bool(PendingChange const&)> takes;
  std::string otherwise = {};
};

/// One list per contract, and for each change that is pending and wanted two requests. `options.selection` has the
/// words too. Errors: usage; of the requests.
Result<Answers> read_wanted(std::vector<std::string> const& words, Wanted const& wanted, Account& account);

/// What a change does that does not show what was asked for.
Without without(ChangeSight const& sight);

/// A change that could not be read hides no other: said, noted, and the worse exit code.
void note_failure(ChangeSight const& sight, Error const& error, std::vector<Without>& without, Exit& exit);

/// Says what there is not of: "api: no CSR to sign: …", louder where no word is served without it. `what`: "no CSR to
/// sign".
void tell_without(std::vector<Without> const& without, std::vector<std::string> const& named,
                  std::vector<std::string> const& words, std::string const& what);
/// " of what -l team=web selects"; empty where nothing but names narrows.
std::string narrowed(plan::Selection const& selection);

}  // namespace cpsctl::cli
