#pragma once
#include "apply/publishers.hpp"
#include "cli/connection.hpp"
#include "dns/check.hpp"
#include "dns/edge.hpp"
#include "dns/exchange.hpp"
#include "hooks/runner.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The publishers of the project, for apply.
namespace cpsctl::cli {

/// Name -> fingerprint of what it is, where it writes and what it runs: what a person approves. Nobody is asked
/// anything. Errors: io, usage.
Result<std::map<std::string, std::string>> publishers_of(Settings const& settings, World& world);

/// Who takes the token of a name, and in which of its zones; an empty zone: it takes those of all.
struct Home {
  std::string publisher = {};
  std::string zone = {};
};

/// Those of `by` that write TXT records, in that order; with no `by`, of all.
std::vector<std::string> record_publishers(manifest::Publishers const& all, std::vector<std::string> const& by);

/// Chooses among them for each token, and has them do it. On the loop's thread but for its making.
class Publishing final : public apply::Publishers {
 public:
  /// Errors: usage.
  static Result<std::unique_ptr<Publishing>> of(GlobalOptions const& options, Settings const& settings,
                                                Connection& connection, World& world);

  http::Task<Result<apply::Placed>> place(plan::Item const& item, lifecycle::Publishes const& wanted) override;
  http::Task<apply::Published> publish(std::vector<state::Publication> all, manifest::DvCheck check) override;
  http::Task<std::vector<state::Publication>> withdraw(std::vector<state::Publication> all) override;
  /// The one of `by` with the zone that is the longest match for where a value belongs; nothing: none has it. Errors:
  /// refused, when the project has no such publisher; of Edge DNS.
  http::Task<Result<std::optional<Home>>> home(std::string account, std::vector<std::string> by, state::Medium medium,
                                               std::string at);
  /// Ends the programs that run, and runs none any more.
  void stop();

 private:
  using Group = std::vector<state::Publication>;
  enum class Way : std::uint8_t { in, out };

  Publishing(Settings const& settings, Connection& connection, World& world, hooks::Surroundings around,
             dns::Network network);

  /// Brings them in, or takes them away, all of one publisher. `learned`: with what a program answered.
  http::Task<Result<>> carry(Way way, Group group, Group& learned);
  http::Task<Result<>> update(Way way, std::string name, manifest::Rfc2136Server server, Group group);
  http::Task<Result<>> change_sets(Way way, Group group);
  Result<> write(Way way, std::string const& name, manifest::Webroot const& root, Group const& group);
  http::Task<Result<>> run(Way way, std::string name, manifest::Program program, Group group, Group& learned);
  http::Task<apply::Published> look(Group all, manifest::DvCheck check);
  http::Task<Result<std::vector<dns::Sight>>> sights_of(state::Publication one, manifest::DvCheck check,
                                                        SteadyTime until);

  http::Task<bool> ends_at_akamai(std::string host);
  Result<std::string> granted(std::string const& publisher, std::string const& reference) const;
  Result<manifest::Publisher const*> publisher(std::string const& name) const;

  Settings const& settings_;
  Connection& connection_;
  World& world_;
  hooks::Places places_;
  std::map<std::string, std::map<std::string, std::string>> granted_ = {};
  hooks::Runner runner_;
  dns::Network network_;
  std::unique_ptr<dns::EdgePublisher> edge_dns_ = {};  ///< where the project publishes there
};

}  // namespace cpsctl::cli
