#pragma once
#include "apply/publishers.hpp"
#include "base/clock.hpp"
#include "cps/api.hpp"
#include "plan/outcome.hpp"
#include "plan/plan.hpp"
#include "state/store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// Carries a plan out: journal, writes, state.
namespace cpsctl::apply {

using plan::Outcome;

/// What became of one item.
struct ItemResult {
  std::string name = {};
  plan::Part part = plan::Part::enrollment;
  plan::Action action = plan::Action::none;
  Outcome outcome = Outcome::skipped;
  std::int64_t id = 0;
  std::vector<std::int64_t> changes = {};  ///< change ids that CPS started
  std::string message = {};
  std::string next = {};
  Errc code = Errc::internal;             ///< of failed, and of skipped; internal: its turn never came
  std::optional<WallTime> again = {};     ///< of what is not over: when this run may look at it again
  std::optional<WallTime> expected = {};  ///< of a create that is held back: when it is sent if CPS takes all before it

  plan::Key key() const { return {name, part}; }
};

struct ApplyResult {
  std::vector<ItemResult> items = {};  ///< of all on which there was something to do or to say, sorted by key
  cps::Counters spent = {};
  bool stopped = false;  ///< by a signal or the deadline, before everything was tried
  /// What ended the run before its end: the state cannot be written (io), or what is in doubt not be looked at again.
  std::optional<Error> error = {};
};

using Listings = std::map<plan::Scope, cps::Listing>;

/// What is left of a plan, as it can be carried out now.
struct Round {
  plan::Plan plan = {};
  Listings listings = {};
};

/// What the state keeps of a signer that has said "later".
struct PutOff {
  std::string request = {};
  std::string reference = {};
  WallTime again = {};  ///< not to be asked before
};
/// What a signer gave for the CSRs of an item: checked, and ready to be uploaded; nothing yet; or why not.
using Certified = std::variant<cps::Upload, PutOff, Error>;

struct ApplyOptions {
  std::size_t parallelism = 8;
  SteadyTime deadline = SteadyTime::max();
  Duration list_age = std::chrono::seconds(60);         ///< how old a list may be that a write is based on
  Duration settle = std::chrono::seconds(300);          ///< how long a list may lag behind a create
  Duration create_spacing = std::chrono::seconds(300);  ///< Spacing, once CPS has answered a create with 409
  /// Lists again and plans what is left of these items. With it a run waits for what a later list tells about a write
  /// in doubt, and for creates that CPS takes one by one; without it a run ends with them open.
  std::function<http::Task<Result<Round>>(std::set<plan::Key> items)> plan_again = {};
  /// Asks the signer that an item's policy names; `before`: what the state kept.
  std::function<http::Task<Certified>(plan::Item const& item, lifecycle::Uploads const& wanted, PutOff before)>
      certify = {};
  Publishers* publishers = nullptr;                      ///< of the project; outlives the run
  std::function<bool()> stop = {};                       ///< asked between steps: a signal came
  std::function<void(ItemResult const&)> progress = {};  ///< after each item
};

/// `listings` are the lists that the plan was made from; they are read again when they grow old.
/// Everything that goes wrong with one item is in its result. Once the journal cannot be written nothing more is sent.
http::Task<ApplyResult> run(plan::Plan const& plan, Listings listings, cps::Writer& writer, http::Loop& loop,
                            state::Store& store, Clock const& clock, ApplyOptions options);

}  // namespace cpsctl::apply
