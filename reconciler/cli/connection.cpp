#include "cli/connection.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "dns/edge.hpp"
#include "state/realm.hpp"
#include "state/types.hpp"

#include <algorithm>
#include <filesystem>

namespace cpsctl::cli {
namespace {

Result<std::unique_ptr<sandbox::Server>> start_sandbox(Options const& options) {
  return sandbox::Server::start({.folder = *options.global.sandbox,
                                 .behaviour = options.behaviour,
                                 .log = [](std::string_view line) { log::debug("sandbox: {}", line); }});
}

/// Where processes of this machine share CPS's request limit. Empty: nowhere, and why has been said. The embedded CPS
/// without limits has nothing to share.
std::filesystem::path ledger_folder(Options const& options, Settings const& settings, World const& world) {
  if (settings.windows.empty() || (options.global.sandbox && !options.behaviour.real_limits)) return {};
  std::filesystem::path const state = world.environment("XDG_STATE_HOME").value_or("");
  if (state.is_absolute()) return state / "cpsctl/governor";  // a relative one is to be ignored, says XDG
  std::filesystem::path const home = world.environment("HOME").value_or("");
  if (home.is_absolute()) return home / ".local/state/cpsctl/governor";
  log::warning(
      "CPS's request limit is not shared with other cpsctl processes on this machine: neither XDG_STATE_HOME nor HOME "
      "is set");
  return {};
}

bool publishes_in_edge_dns(manifest::Project const& project) {
  return std::ranges::any_of(
      project.publishers, [](auto const& one) { return std::holds_alternative<manifest::EdgeDns>(one.second.kind); });
}

}  // namespace

Result<Connection> connect(Options const& options, Settings const& settings, World& world) {
  Connection to;
  edgegrid::CredentialSource source = settings.credentials;
  std::string ca_file = options.global.ca_file.value_or("");
  edgegrid::Environment environment = world.environment;
  if (options.global.sandbox) {
    CPS_TRY(to.server, start_sandbox(options));
    source = {.edgerc = to.server->edgerc(), .section = "default"};
    ca_file = to.server->ca_file();
    environment = [](std::string const&) -> std::optional<std::string> { return std::nullopt; };
  }
  CPS_TRY(edgegrid::Credentials credentials, edgegrid::load_credentials(source, environment, world.files));
  if (auto const& exposure = credentials.exposure) log::warning("{}; to fix it: {}", exposure->what, exposure->next);
  CPS_TRY(http::Endpoint const endpoint, http::Endpoint::parse(credentials.host));
  CPS_TRY(http::ProxyChoice proxy, http::choose_proxy(endpoint, environment));
  to.realm = options.global.sandbox ? state::sandbox_realm : state::realm_of(endpoint.host);
  to.host = text::lower(endpoint.host);
  if (!options.global.sandbox) to.credentials = credentials.origin;
  to.parallelism = settings.parallelism;
  to.own_account = credentials.account_key;
  to.default_account = options.global.account_key.value_or(credentials.account_key);
  to.loop = std::make_unique<http::Loop>();
  CPS_TRY(to.client, http::Client::open(*to.loop, {.endpoint = endpoint,
                                                   .ca_file = ca_file,
                                                   .proxy = proxy.proxy,
                                                   .proxy_authorization = std::move(proxy.authorization),
                                                   .connections = settings.parallelism}));
  // A name of a budget means something within its realm: what a strange host says must not hold up Akamai's requests.
  std::string const group = settings.budget_group.empty() ? "" : to.realm + "\n" + settings.budget_group;
  cps::SessionOptions const session{.windows = settings.windows,
                                    .timeout = settings.timeout,
                                    .max_list_bytes = settings.max_list_bytes,
                                    .deadline = settings.deadline,
                                    .ledger_folder = ledger_folder(options, settings, world),
                                    .budget_group = group};
  auto const made = [&](edgegrid::Credentials with, cps::SessionOptions const& as) {
    return std::make_unique<cps::Session>(*to.loop, *to.client, std::move(with), world.clock, world.random, as);
  };
  if (publishes_in_edge_dns(settings.project)) {
    CPS_TRY(edgegrid::Credentials same, edgegrid::load_credentials(source, environment, world.files));
    to.edge_dns = made(std::move(same), dns::edge_session(session));
  }
  to.session = made(std::move(credentials), session);
  return to;
}

}  // namespace cpsctl::cli
