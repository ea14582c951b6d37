#include "cli/publishing.hpp"

#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "cli/dns_checks.hpp"
#include "cli/hooks.hpp"
#include "dns/authority.hpp"
#include "dns/check.hpp"
#include "dns/target.hpp"
#include "dns/update.hpp"
#include "hooks/publish.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

using namespace std::chrono_literals;
using state::Medium;
using state::Publication;

constexpr Duration longest_talk = 30s;       ///< with the name servers of one record
constexpr Duration pauses[] = {1s, 2s, 4s};  ///< between looks: a zone's servers learn of an update at once, or late
constexpr std::string_view key_variable = "env:";  ///< what a project may write in place of a secret
constexpr std::string_view http_scheme = "http://";

/// Where the CNAMEs of what Akamai serves end (cps-api.md §4.5).
constexpr std::string_view akamai_zones[] = {".edgekey.net",          ".edgesuite.net", ".akamaiedge.net",
                                             ".akamai.net",           ".akamaized.net", ".edgekey-staging.net",
                                             ".edgesuite-staging.net"};

/// A publisher for people and fingerprints.
struct Described {
  std::string kind = {};
  std::vector<std::string> zones = {};
  std::string where = {};  ///< server, section
  std::string key = {};    ///< the name of the variable that holds it
  std::string program = {};
};
BOOST_DESCRIBE_STRUCT(Described, (), (kind, zones, where, key, program))

Error refusal(std::string message, std::string next) {
  return {.code = Errc::refused, .message = std::move(message), .next = std::move(next)};
}

Error failed(std::string const& name, Error error) {
  error.message = fmt::format("the publisher {} has failed: {}", name, error.message);
  return error;
}

bool is_in_zone(std::string_view name, std::string_view zone) {
  std::string const at = text::lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
  std::string const of = text::lower(zone);
  return at == of || at.ends_with("." + of);
}

/// The zone of the publisher that is the longest match; nothing: none is.
std::optional<std::string> zone_for(manifest::Publisher const& publisher, std::string_view name) {
  std::optional<std::string> best;
  for (std::string const& zone : publisher.zones)
    if (is_in_zone(name, zone) && (!best || zone.size() > best->size())) best = zone;
  if (!best && publisher.zones.empty()) best = "";
  return best;
}

bool takes(manifest::Publisher const& publisher, Medium medium) {
  bool const files = std::holds_alternative<manifest::Webroot>(publisher.kind);
  bool const either = std::holds_alternative<manifest::Program>(publisher.kind) && publisher.zones.empty();
  return either || files == (medium == Medium::file);
}

/// "1.2.3.4:53" and "ns1.example.com": its host, and its port.
std::pair<std::string, std::uint16_t> host_and_port(std::string const& server, std::uint16_t usual) {
  if (auto const address = dns::parse_server(server, usual)) return {address->address, address->port};
  auto const colon = server.rfind(':');
  if (colon == std::string::npos) return {server, usual};
  return {server.substr(0, colon),
          text::number<std::uint16_t>(std::string_view(server).substr(colon + 1)).value_or(usual)};
}

std::string path_of(std::string const& url) {
  auto const slash = url.find('/', http_scheme.size());
  return slash == std::string::npos ? "/" : url.substr(slash);
}

/// Of what was checked when it was written down; else the root, which no server lets anybody write.
dns::Name name_of(std::string const& text) {
  auto const name = dns::Name::parse(text);
  return name ? *name : dns::Name();
}

dns::TxtChange change_of(Publication const& one, dns::TxtChange::Kind kind) {
  return {.kind = kind, .owner = name_of(one.target), .value = one.value};
}

hooks::PublishRequest request_of(std::vector<Publication> const& group, std::string const& realm) {
  Publication const& first = group.front();
  hooks::PublishRequest request{.subject = {.realm = realm,
                                            .enrollment = {.name = first.name,
                                                           .id = first.id,
                                                           .contract_id = first.contract,
                                                           .common_name = first.domain,
                                                           .validation_type = "dv"},
                                            .change = {.id = first.change}}};
  if (!first.reference.empty()) request.subject.reference = first.reference;
  for (Publication const& one : group) {
    request.subject.enrollment.dns_names.push_back(one.domain);
    if (one.medium == Medium::txt)
      request.records.push_back({.domain = one.domain,
                                 .name = one.at,
                                 .target = one.target,
                                 .zone = one.zone.empty() ? std::nullopt : std::optional(one.zone + "."),
                                 .value = one.value});
    else
      request.files.push_back({.domain = one.domain, .url = one.at, .path = path_of(one.at), .body = one.value});
  }
  return request;
}

std::map<std::string, std::map<std::string, std::string>> variables_of(hooks::Surroundings const& around) {
  std::map<std::string, std::map<std::string, std::string>> all;
  for (auto const& [hook, variables] : around.granted)
    for (auto const& [name, value] : variables) all[hook].emplace(name, value.reveal());
  return all;
}

/// One after the other by what `key` gives for each.
template <class Key>
std::vector<std::vector<Publication>> grouped(std::vector<Publication> all, Key const& key) {
  std::ranges::stable_sort(all, {}, key);
  std::vector<std::vector<Publication>> groups;
  for (Publication& one : all) {
    if (groups.empty() || key(groups.back().front()) != key(one)) groups.emplace_back();
    groups.back().push_back(std::move(one));
  }
  return groups;
}

}  // namespace

Result<std::map<std::string, std::string>> publishers_of(Settings const& settings, World& world) {
  std::map<std::string, std::string> publishers;
  if (settings.project.publishers.empty()) return publishers;
  CPS_TRY(hooks::Surroundings const around, hook_surroundings(settings, world));
  for (auto const& [name, publisher] : settings.project.publishers) {
    Described one{.zones = publisher.zones};
    if (auto const* const server = std::get_if<manifest::Rfc2136Server>(&publisher.kind)) {
      one.kind = "rfc2136";
      one.where = server->server;
      one.key = server->key;
    } else if (std::holds_alternative<manifest::EdgeDns>(publisher.kind)) {
      one.kind = "edgeDns";
    } else if (auto const* const root = std::get_if<manifest::Webroot>(&publisher.kind)) {
      one.kind = "webroot";
      one.where = root->folder;
    } else {
      auto const& program = std::get<manifest::Program>(publisher.kind);
      CPS_TRY(auto const approved, hooks::approved_of(hooks::Kind::publisher, program, around.places, world.files));
      one.kind = "exec";
      one.program = approved.fingerprint();
    }
    publishers.emplace(name, "sha256:" + text::sha256_hex(fields::to_text(one)));
  }
  return publishers;
}

std::vector<std::string> record_publishers(manifest::Publishers const& all, std::vector<std::string> const& by) {
  std::vector<std::string> names = by;
  if (names.empty()) std::ranges::transform(all, std::back_inserter(names), [](auto const& one) { return one.first; });
  std::erase_if(names, [&all](std::string const& name) {
    auto const found = all.find(name);
    return found == all.end() || !takes(found->second, Medium::txt);
  });
  return names;
}

Result<std::unique_ptr<Publishing>> Publishing::of(GlobalOptions const& options, Settings const& settings,
                                                   Connection& connection, World& world) {
  CPS_TRY(hooks::Surroundings around, hook_surroundings(settings, world));
  CPS_TRY(dns::Network network, dns_network(options, connection, world));
  return std::unique_ptr<Publishing>(
      new Publishing(settings, connection, world, std::move(around), std::move(network)));
}

Publishing::Publishing(Settings const& settings, Connection& connection, World& world, hooks::Surroundings around,
                       dns::Network network)
    : settings_(settings),
      connection_(connection),
      world_(world),
      places_(around.places),
      granted_(variables_of(around)),
      runner_(*connection.loop, world.clock, world.files, std::move(around), {.deadline = settings.deadline}),
      network_(std::move(network)) {
  if (connection.edge_dns)
    edge_dns_ = std::make_unique<dns::EdgePublisher>(*connection.loop, *connection.edge_dns, world.random);
}

void Publishing::stop() {
  runner_.stop();
  if (connection_.edge_dns) connection_.edge_dns->stop_waiting();
}

Result<manifest::Publisher const*> Publishing::publisher(std::string const& name) const {
  auto const found = settings_.project.publishers.find(name);
  if (found != settings_.project.publishers.end()) return &found->second;
  return refusal(fmt::format("the project file has no publisher {}", name), "add it under spec.publishers");
}

Result<std::string> Publishing::granted(std::string const& publisher, std::string const& reference) const {
  std::string const variable = reference.substr(std::min(reference.size(), key_variable.size()));
  auto const of = granted_.find(publisher);
  if (of != granted_.end())
    if (auto const value = of->second.find(variable); value != of->second.end()) return value->second;
  return refusal(fmt::format("the publisher {} may not use the variable {}, or it is not set", publisher, variable),
                 fmt::format("grant it: --hook-env {}={} (or CPSCTL_HOOK_ENV)", publisher, variable));
}

http::Task<bool> Publishing::ends_at_akamai(std::string host) {
  auto const name = dns::Name::parse(host.starts_with("*.") ? host.substr(2) : host);
  if (!name) co_return false;
  auto const target = co_await dns::follow(network_, *name, world_.clock.steady() + longest_talk);
  if (!target) co_return false;
  std::string const end = target->name.shown();
  co_return std::ranges::any_of(akamai_zones, [&end](std::string_view zone) { return end.ends_with(zone); });
}

http::Task<Result<std::optional<Home>>> Publishing::home(std::string account, std::vector<std::string> by,
                                                         Medium medium, std::string at) {
  std::optional<Home> best;
  for (std::string const& name : by) {
    auto const known = publisher(name);
    if (!known) co_return known.error();
    if (!takes(**known, medium)) continue;
    auto zone = zone_for(**known, at);
    bool const anywhere = zone && zone->empty() && std::holds_alternative<manifest::EdgeDns>((*known)->kind);
    if (anywhere) {
      auto const found = co_await edge_dns_->find_zone(account, name_of(at));
      if (!found && found.error().code != Errc::not_found) co_return failed(name, found.error());
      zone = found ? std::optional(found->zone.shown()) : std::nullopt;
    }
    if (zone && (!best || zone->size() > best->zone.size())) best = Home{.publisher = name, .zone = std::move(*zone)};
  }
  co_return best;
}

http::Task<Result<apply::Placed>> Publishing::place(plan::Item const& item, lifecycle::Publishes const& wanted) {
  apply::Placed placed;
  std::vector<std::string> homeless;
  std::string wish;
  for (std::string const& name : wanted.names) {
    auto const first = std::ranges::find(wanted.tokens, name, &lifecycle::Token::domain);
    if (first == wanted.tokens.end()) continue;  // said as odd already
    WallTime const alone_until = first->requested.value_or(WallTime()) + wanted.by.grace;
    bool const young = world_.clock.wall() < alone_until;
    bool const by_itself = young && co_await ends_at_akamai(name);
    if (by_itself) {
      placed.left_until = std::min(placed.left_until.value_or(alone_until), alone_until);
      continue;
    }
    std::optional<Publication> best;
    // A record before a file: a program takes either.
    std::vector<lifecycle::Token> tokens = wanted.tokens;
    std::ranges::stable_sort(tokens, {}, &lifecycle::Token::kind);
    for (lifecycle::Token const& token : tokens) {
      if (token.domain != name) continue;
      Publication one{.name = item.name,
                      .account = item.account,
                      .contract = item.contract,
                      .id = item.id,
                      .change = plan::advance_of(item)->change.id.value,
                      .domain = name,
                      .medium = token.kind == lifecycle::TokenKind::dns ? Medium::txt : Medium::file,
                      .at = token.kind == lifecycle::TokenKind::dns ? token.name : token.url,
                      .value = token.value};
      if (one.medium == Medium::txt) {
        auto const at = dns::Name::parse(token.name);
        if (!at) continue;
        auto const target = co_await dns::follow(network_, *at, world_.clock.steady() + longest_talk);
        if (!target) co_return failed(wanted.by.publisher.front(), target.error());
        one.target = target->name.text();
      }
      auto const home = co_await this->home(item.account, wanted.by.publisher, one.medium,
                                            one.medium == Medium::txt ? one.target : name);
      if (!home) co_return home.error();
      if (*home && (!best || (*home)->zone.size() > best->zone.size())) {
        best = one;
        best->publisher = (*home)->publisher;
        best->zone = (*home)->zone;
      }
      if (one.medium == Medium::txt && !best) wish = one.at;
    }
    if (best)
      placed.publications.push_back(std::move(*best));
    else
      homeless.push_back(name);
  }
  if (homeless.empty()) co_return placed;
  co_return refusal(fmt::format("no publisher of {} has the zone of {}", fmt::join(wanted.by.publisher, ", "),
                                text::excerpt(fmt::format("{}", fmt::join(homeless, ", ")), 300)),
                    fmt::format("point {} by a CNAME into a zone that one of them writes (cpsctl challenges "
                                "--delegations), or publish what cpsctl "
                                "challenges {} prints",
                                wish.empty() ? "_acme-challenge of each" : wish, item.name));
}

http::Task<Result<>> Publishing::update(Way way, std::string name, manifest::Rfc2136Server server, Group group) {
  auto const [host, port] = host_and_port(server.server, network_.port);
  if (!settings_.allowed_hosts.contains(text::lower(host)))
    co_return refusal(fmt::format("the project sends updates to {}, which nobody has allowed", server.server),
                      fmt::format("allow it: --allow-host {} (or CPSCTL_ALLOW_HOST)", host));
  auto secret = granted(name, server.key);
  if (!secret) co_return secret.error();
  auto const key = secret->starts_with('/') ? dns::read_key_file(world_.files, *secret, settings_.project.folder)
                                            : dns::parse_key(*secret);
  if (!key) co_return Error(key.error()).within("reading the key of " + name);
  SteadyTime const until = world_.clock.steady() + longest_talk;
  auto const addresses = co_await dns::addresses_of(network_, host, port, until);
  if (!addresses) co_return addresses.error();
  auto const kind = way == Way::in ? dns::TxtChange::Kind::add : dns::TxtChange::Kind::remove;
  for (Group& zone : grouped(std::move(group), [](Publication const& one) { return one.zone; })) {
    dns::Rfc2136 const to{
        .zone = name_of(zone.front().zone),
        .server = addresses->front(),
        .key = {.name = key->name, .algorithm = key->algorithm, .secret = Secret(std::string(key->secret.reveal()))}};
    std::vector<dns::TxtChange> changes;
    for (Publication const& one : zone) changes.push_back(change_of(one, kind));
    auto const updated = co_await dns::update(network_, world_.clock, to, std::move(changes), until);
    if (!updated) co_return updated.error();
  }
  co_return Result<>();
}

http::Task<Result<>> Publishing::change_sets(Way way, Group group) {
  auto const kind = way == Way::in ? dns::TxtChange::Kind::add : dns::TxtChange::Kind::remove;
  auto const place = [](Publication const& one) { return std::pair(one.account, one.zone); };
  for (Group const& zone : grouped(std::move(group), place)) {
    dns::EdgeZone const where{.account_key = zone.front().account, .zone = name_of(zone.front().zone)};
    std::vector<dns::TxtChange> wishes;
    for (Publication const& one : zone) wishes.push_back(change_of(one, kind));
    auto const results = co_await edge_dns_->carry(where, std::move(wishes));
    for (auto const& result : results)
      if (!result) co_return result.error();
  }
  co_return Result<>();
}

Result<> Publishing::write(Way way, std::string const& name, manifest::Webroot const& root, Group const& group) {
  CPS_TRY(std::string const folder, granted(name, root.folder));
  CPS_TRY(FileKind const kind, world_.files.kind(folder));
  if (kind != FileKind::folder)
    return refusal(fmt::format("there is no folder {}", folder), "name the folder that the web server serves at /");
  for (Publication const& one : group) {
    std::filesystem::path const file = folder + path_of(one.at);
    if (way == Way::out) {
      CPS_CHECK(world_.files.remove(file));
      continue;
    }
    CPS_CHECK(world_.files.make_folders(file.parent_path()));
    // The web server is another user.
    std::error_code ignored;
    for (auto const& made : {file.parent_path().parent_path(), file.parent_path()})
      std::filesystem::permissions(made, std::filesystem::perms(0755), ignored);
    CPS_CHECK(world_.files.publish(file, one.value));
  }
  return {};
}

http::Task<Result<>> Publishing::run(Way way, std::string name, manifest::Program program, Group group,
                                     Group& learned) {
  auto const operation = way == Way::in ? hooks::PublishOperation::publish : hooks::PublishOperation::withdraw;
  for (Group& change : grouped(std::move(group), [](Publication const& one) { return one.change; })) {
    auto hook = hooks::find_hook(hooks::Kind::publisher, name, program, places_, world_.files);
    if (!hook) co_return hook.error();
    hooks::PublishRequest request = request_of(change, connection_.realm);
    auto const outcome = co_await hooks::publish(runner_, operation, std::move(*hook), std::move(request));
    if (auto const* const bad = std::get_if<hooks::Failed>(&outcome)) {
      Error error = refusal(bad->reason, bad->next);
      if (bad->cause == hooks::Cause::stopped) error.code = Errc::cancelled;
      co_return error;
    }
    if (std::holds_alternative<hooks::Later>(outcome))
      co_return Error{.code = Errc::stale, .message = "it asks to be asked again later"};
    auto const& took = std::get<hooks::TookOver>(outcome);
    if (!took.left.empty())
      co_return refusal(
          fmt::format("it could not publish {}", text::excerpt(fmt::format("{}", fmt::join(took.left, ", ")), 300)),
          "look at what it says above");
    if (took.reference.empty()) continue;
    for (Publication& one : change) one.reference = took.reference;
    learned.insert(learned.end(), change.begin(), change.end());
  }
  co_return Result<>();
}

http::Task<Result<>> Publishing::carry(Way way, Group group, Group& learned) {
  std::string const name = group.front().publisher;
  auto const known = publisher(name);
  if (!known) co_return known.error();
  manifest::Publisher const& by = **known;
  Result<> done;
  if (auto const* const server = std::get_if<manifest::Rfc2136Server>(&by.kind))
    done = co_await update(way, name, *server, std::move(group));
  else if (auto const* const root = std::get_if<manifest::Webroot>(&by.kind))
    done = write(way, name, *root, group);
  else if (auto const* const program = std::get_if<manifest::Program>(&by.kind))
    done = co_await run(way, name, *program, std::move(group), learned);
  else
    done = co_await change_sets(way, std::move(group));
  co_return done;
}

http::Task<apply::Published> Publishing::publish(std::vector<Publication> all, manifest::DvCheck check) {
  apply::Published result{.standing = apply::Confirmed()};
  for (Group& group : grouped(all, [](Publication const& one) { return one.publisher; })) {
    std::string const name = group.front().publisher;
    auto const done = co_await carry(Way::in, std::move(group), result.learned);
    if (done) continue;
    if (done.error().code == Errc::stale)
      result.standing = apply::Unconfirmed{.reason = fmt::format("{}: {}", name, done.error().message)};
    else
      result.standing = failed(name, done.error());
    co_return result;
  }
  if (check == manifest::DvCheck::none) co_return result;
  auto looked = co_await look(std::move(all), check);
  result.standing = std::move(looked.standing);
  co_return result;
}

http::Task<Result<std::vector<dns::Sight>>> Publishing::sights_of(Publication one, manifest::DvCheck check,
                                                                  SteadyTime until) {
  dns::Name const target = name_of(one.target);
  if (check == manifest::DvCheck::recursive) {
    auto const answer = co_await dns::ask_resolvers(network_, target, dns::Type::txt, until);
    auto const values = answer ? dns::values_of<dns::Text>(*answer, target) : std::vector<dns::Text>();
    bool const has = std::ranges::find(values, one.value, &dns::Text::value) != values.end();
    dns::Sight const sight{.has = has ? dns::Has::it : dns::Has::nothing,
                           .words = has ? "the resolver has it" : "the resolver does not have it yet"};
    co_return std::vector{sight};
  }
  auto authority = co_await dns::find_authority(network_, target, until);
  if (!authority) co_return authority.error();
  auto sights = co_await dns::look(network_, std::move(*authority), target, one.value, until);
  co_return sights;
}

http::Task<apply::Published> Publishing::look(Group all, manifest::DvCheck check) {
  std::erase_if(all, [](Publication const& one) { return one.medium != Medium::txt; });
  for (Publication const& one : all) {
    SteadyTime const until = world_.clock.steady() + longest_talk;
    dns::Verdict verdict;
    for (std::size_t tries = 0;; ++tries) {
      auto const sights = co_await sights_of(one, check, until);
      if (!sights) co_return apply::Published{.standing = apply::Unconfirmed{.reason = describe(sights.error())}};
      verdict = dns::judge(*sights);
      if (verdict.standing != dns::Standing::not_yet || tries == std::size(pauses)) break;
      bool const awake = co_await network_.loop.sleep_until(world_.clock.steady() + pauses[tries]);
      if (!awake) break;
    }
    if (verdict.standing != dns::Standing::published)
      co_return apply::Published{.standing = apply::Unconfirmed{.reason = verdict.reason}};
    if (network_.resolvers.empty()) continue;
    dns::Server const resolver = network_.resolvers.front();
    auto const dnssec = co_await dns::check_dnssec(network_, resolver, name_of(one.target), until);
    if (dnssec == dns::Dnssec::bogus)
      log::warning("{}: the DNSSEC chain of {} does not validate, so no CA will take its records", one.name,
                   one.target);
  }
  co_return apply::Published{.standing = apply::Confirmed()};
}

http::Task<std::vector<Publication>> Publishing::withdraw(std::vector<Publication> all) {
  std::vector<Publication> gone;
  for (Group& group : grouped(std::move(all), [](Publication const& one) { return one.publisher; })) {
    Group learned;
    auto const done = co_await carry(Way::out, group, learned);
    if (done) {
      for (Publication const& one : group) log::info("{}: withdrawn: {} ({})", one.name, one.at, one.publisher);
      gone.insert(gone.end(), group.begin(), group.end());
      continue;
    }
    Error const error = failed(group.front().publisher, done.error());
    log::warning("{} of {} stay published: {}{}", text::counted(group.size(), "value"), group.front().name,
                 describe(error), error.next.empty() ? "" : "; next: " + error.next);
  }
  co_return gone;
}

}  // namespace cpsctl::cli
