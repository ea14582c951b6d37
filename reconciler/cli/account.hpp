#pragma once
#include "cli/planning.hpp"
#include "cli/publishing.hpp"
#include "cli/signals.hpp"
#include "cli/signing.hpp"
#include "cli/writing.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string>

namespace cpsctl::cli {

/// What a command that talks to CPS works with, in the order in which it gets it: settings and manifests, the
/// connection, the state, the answers of CPS. Made before anything that starts a thread, since it watches the signals.
class Account {
 public:
  Account(Options const& options, World& world) : options_(options), world_(world) {}
  Account(Account const&) = delete;
  Account& operator=(Account const&) = delete;

  enum class Manifests : std::uint8_t { needed, if_any };

  Result<> read_settings();
  /// Settings and manifests, checked. `if_any`: for a command that has something to say without them, too. Errors: as
  /// read_manifests() of manifests.hpp; usage when nothing names a path.
  Result<manifest::Loaded> read_manifests(Manifests manifests = Manifests::needed);
  /// Errors: as cli::connect.
  Result<> connect();
  /// The state, for who only looks; again, for who looks again. From here on a signal ends what CPS is asked, and what
  /// is waited for. Errors: io.
  Result<> look();
  /// The same for who writes: takes the lock, and opens the store. Errors: as begin_writing().
  Result<> open(std::string const& command);

  /// Gives the lock back, with the state saved: for as long as nothing is written. open() takes both again. Errors: io.
  Result<> rest();

  /// What a plan is made from, as far as it is known before CPS is asked.
  plan::Inputs inputs(manifest::Loaded manifests) const;
  /// Waits; false: a signal came first.
  bool pause(SteadyTime until);
  /// Asks CPS for the rest. Errors: of the requests.
  Result<plan::Inputs> ask(plan::Inputs known);
  /// Records what was seen of pending changes, when they are read again, and which answers in doubt that settles.
  /// `plan`: what was made of it. Errors: io, locked.
  Result<> note(plan::Inputs const& inputs, plan::Plan const& plan);
  /// Writes them down, for who has it open. Errors: io, locked.
  Result<> record(std::vector<state::Record> records);
  /// Carries a plan out; `seen`: its view. From here on a signal lets end what has been sent.
  apply::ApplyResult carry_out(plan::Plan const& plan, plan::PlanView const& seen, apply::Listings listings,
                               PlanAgain plan_again = {}, Progress progress = Progress::shown);

  /// The project's publishers, made when they are first wanted. After connect(). Errors: usage.
  Result<Publishing*> publishing();

  /// The plan's footer: requests used, requests to come, and what they take under the limits; and what the state has,
  /// if the plan is about nothing of it.
  report::Cost cost_of(plan::PlanView const& plan) const;
  Settings const& settings() const { return settings_; }
  Connection& connection() { return *connection_; }
  state::Contents const& contents() const { return writing_ ? writing_->store->contents() : contents_; }
  Signals const& signals() const { return signals_; }

 private:
  void watch();
  http::Task<bool> sleep(SteadyTime until);

  Options const& options_;
  World& world_;
  Signals signals_ = {};
  Settings settings_ = {};
  std::optional<Connection> connection_ = {};
  state::Contents contents_ = {};  ///< of who only looks
  std::optional<Writing> writing_ = {};
  std::atomic<bool> writes_ = false;
  std::unique_ptr<Signing> signing_ = {};        ///< once a plan is carried out
  std::unique_ptr<Publishing> publishing_ = {};  ///< once somebody wants them
  std::optional<Signals::Handler> handler_ = {};
};

/// Gives `work` an account. What it fails with is reported; how the command ends then decides a signal that came
/// meanwhile.
Exit on_account(Options const& options, World& world, std::function<Result<Exit>(Account&)> const& work);

}  // namespace cpsctl::cli
