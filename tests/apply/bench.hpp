#pragma once
#include "apply/apply.hpp"
#include "base/fields.hpp"
#include "cps/change_api.hpp"
#include "plan/watch.hpp"
#include "sandbox/server.hpp"
#include "state/failing_files.hpp"
#include "state/open.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// plan and apply against the embedded CPS, with accidents on the wire and on the disk.
namespace apply_test {

using namespace cpsctl;

inline constexpr char const* contract = "1-1TJZH5";
inline plan::Scope const scope{"", contract};
inline std::string const state_path = "p/state.json";

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-apply-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

inline json::Ref document(std::string const& common_name, bool mutual = false) {
  std::string const text = fmt::format(
      R"({{"ra":"lets-encrypt","validationType":"dv","certificateType":"san","changeManagement":false,"enableMultiStackedCertificates":false,
      "csr":{{"cn":"{0}","sans":["alt.{0}"]}},
      "networkConfiguration":{{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,"dnsNameSettings":{{"cloneDnsNames":true}}{1}}},
      "adminContact":{{"firstName":"A","lastName":"B","email":"a@example.com","phone":"1"}},
      "techContact":{{"firstName":"A","lastName":"B","email":"a@example.com","phone":"1"}},
      "org":{{"name":"E","addressLineOne":"1","city":"C","region":"MA","postalCode":"02142","country":"US","phone":"1"}}}})",
      common_name, mutual ? R"(,"clientMutualAuthentication":{"setId":"S"})" : "");
  return json::share(json::parse(text, "document").value());
}

inline manifest::Desired desired(std::string const& name, bool mutual = false) {
  return {.name = name,
          .source = "certs/" + name + ".yaml",
          .contract = contract,
          .enrollment = document(name + ".example.com", mutual)};
}

/// The real client, with an accident at chosen requests.
class Accidents final : public http::Client {
 public:
  using Accident = std::function<std::optional<Result<http::Response>>(http::Request const&, Result<http::Response>)>;
  explicit Accidents(std::unique_ptr<http::Client> real) : real_(std::move(real)) {}

  http::Task<Result<http::Response>> send(http::Request request, http::SendOptions options) override {
    calls.push_back(request.method + " " + request.target);
    if (instead) {
      auto answer = instead(request);
      if (answer) co_return std::move(*answer);
    }
    http::Request const copy = request;
    auto response = co_await real_->send(std::move(request), std::move(options));
    if (after) response = after(copy, std::move(response));
    co_return response;
  }
  void close() override { real_->close(); }

  std::vector<std::string> calls = {};
  std::function<std::optional<Result<http::Response>>(http::Request const&)> instead = {};  ///< the request is not sent
  std::function<Result<http::Response>(http::Request const&, Result<http::Response>)> after = {};

 private:
  std::unique_ptr<http::Client> real_;
};

inline Error lost() {
  return Error{.code = Errc::unavailable, .message = "the connection was lost", .reached = Reached::unknown};
}

/// Two minutes ahead of the machine's clock while `ahead`.
struct Jumping final : Clock {
  bool ahead = false;
  WallTime wall() const override { return system_clock().wall() + std::chrono::minutes(ahead ? 2 : 0); }
  SteadyTime steady() const override { return system_clock().steady(); }
};

/// An embedded CPS, a state on a disk in memory, and runs of plan and apply against them.
struct Bench {
  Folder folder;
  std::unique_ptr<sandbox::Server> server;
  http::Loop loop;
  std::unique_ptr<Accidents> client;
  failing::Disk disk;
  std::vector<manifest::Desired> manifests;
  plan::Consent consent;
  Clock const* clock = &system_clock();  ///< apply's; requests are signed by the machine's
  Jumping jumping;
  Duration time_passed = {};                   ///< since the last run, as the lists have it
  Duration settle = -std::chrono::minutes(2);  ///< what a list lacks is disproven at once
  bool whole = false;                          ///< a run that broke gives its result, not its error
  bool looks = false;                          ///< at pending changes, as plan and apply do
  SteadyTime deadline = SteadyTime::max();
  std::function<void()> between;  ///< happens after the plan was made, before it is carried out

  Bench() { serve({}); }

  /// CPS goes on like this from now on, with what it has.
  void serve(sandbox::Behaviour behaviour) {
    client.reset();
    server.reset();
    auto started = sandbox::Server::start({.folder = folder.path, .behaviour = std::move(behaviour)});
    server = std::move(started.value());
    auto real = http::Client::open(
        loop, {.endpoint = http::Endpoint::parse(server->authority()).value(), .ca_file = server->ca_file().string()});
    client = std::make_unique<Accidents>(std::move(real.value()));
  }

  cps::Session session() {
    auto credentials = edgegrid::load_credentials(
        {.edgerc = server->edgerc()}, [](std::string const&) { return std::nullopt; }, system_files());
    return {loop,           *client,         std::move(credentials.value()),
            system_clock(), system_random(), {.windows = {}, .deadline = deadline}};
  }

  /// When the plan is carried out its lists have grown old; those that are read then are young.
  void let_lists_grow_old(std::function<void()> meanwhile = {}) {
    clock = &jumping;
    between = [this, meanwhile = std::move(meanwhile)] {
      if (meanwhile) meanwhile();
      jumping.ahead = true;
    };
    client->after = [this](http::Request const& request, Result<http::Response> response) {
      if (request.method == "GET") jumping.ahead = false;
      return response;
    };
  }

  /// What a plan is made from, and the list that it was read from.
  Result<plan::Inputs> inputs(cps::Session& session, state::Contents const& contents) {
    cps::Reader reader(session);
    auto listing = loop.run(reader.list("", contract, "v11"));
    if (!listing) return listing.error();
    plan::Inputs inputs{.desired = manifests,
                        .paths = {"certs"},
                        .entries = contents.entries,
                        .open_intents = contents.open_intents,
                        .now = system_clock().wall() + time_passed,
                        .settle = settle,
                        .consent = consent};
    listing->begun += time_passed;
    inputs.listings[scope] = std::move(*listing);
    for (auto const& [other, api_schema] : plan::scopes(inputs)) {
      if (other == scope) continue;
      auto of_other = loop.run(reader.list(other.first, other.second, api_schema));
      if (!of_other) return of_other.error();
      inputs.listings[other] = std::move(*of_other);
    }
    for (plan::Lookup const& lookup : plan::lookups_needed(inputs)) {
      std::optional<cps::Live> found;
      if (lookup.why == plan::Lookup::Why::behind)
        found = loop.run(reader.get("", {lookup.id}, lookup.api_schema, lookup.name)).value();
      plan::learn(inputs, lookup, std::move(found));
    }
    return inputs;
  }

  /// The pending changes of what the state holds.
  std::map<std::int64_t, lifecycle::Sight> sights(plan::Inputs const& inputs, cps::Session& session) {
    std::map<std::int64_t, lifecycle::Sight> seen;
    cps::ChangeReader reader(session);
    for (auto const& [name, entry] : inputs.entries) {
      for (cps::Live const& live : inputs.listings.at(scope).enrollments) {
        if (live.id.value != entry.id) continue;
        for (cps::PendingChange const& pending : live.pending) {
          cps::ChangeRef const ref{.subject = name, .enrollment = live.id, .change = pending.id};
          lifecycle::Sight sight{.name = name, .pending = pending};
          auto change = loop.run(reader.change(ref));
          if (change) sight.change = std::move(*change);
          cps::Input const* const input = sight.change ? lifecycle::input_of(*sight.change) : nullptr;
          if (input != nullptr) {
            sight.info = lifecycle::Gone();
            auto info = loop.run(reader.info(ref, *input));
            if (info) sight.info = std::move(*info);
          }
          seen.emplace(pending.id.value, std::move(sight));
        }
      }
    }
    return seen;
  }

  /// One run of apply: reads the state, plans, carries out.
  Result<apply::ApplyResult> apply(apply::ApplyOptions options = {}) {
    auto store = at_files::open(state_path, "sandbox", "run", disk);
    if (!store) return store.error();
    cps::Session own = session();
    auto known = inputs(own, (*store)->contents());
    if (!known) return known.error();
    if (looks) {
      known->sights = sights(*known, own);
      for (state::Record& one : plan::news_of(*known, {}))
        if (auto const noted = (*store)->write(std::move(one)); !noted) return noted.error();
    }
    auto const planned = plan::make_plan(*known);
    if (!planned) return planned.error();
    if (between) between();
    cps::Writer writer(own);
    apply::ApplyResult result =
        loop.run(apply::run(*planned, std::move(known->listings), writer, loop, **store, *clock, std::move(options)));
    if (result.error && !whole) return *result.error;
    return result;
  }

  state::Contents state() { return at_files::read(state_path, "sandbox", disk).value(); }

  std::set<std::int64_t> at_cps() {
    cps::Session own = session();
    cps::Reader reader(own);
    std::set<std::int64_t> ids;
    for (cps::Live const& live : loop.run(reader.list("", contract, "v11")).value().enrollments)
      ids.insert(live.id.value);
    return ids;
  }

  std::ptrdiff_t sent(std::string const& start) const {
    return std::ranges::count_if(client->calls, [&](auto const& call) { return call.starts_with(start); });
  }
};

inline std::string outcomes(Result<apply::ApplyResult> const& result) {
  if (!result) return "error: " + result.error().message;
  std::string text;
  for (auto const& item : result->items) text += fmt::format("{} {}\n", item.name, fields::word(item.outcome));
  return text;
}

}  // namespace apply_test
