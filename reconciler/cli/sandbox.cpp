#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/screen.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/signals.hpp"
#include "sandbox/server.hpp"

#include <condition_variable>
#include <mutex>

#include <fmt/ostream.h>

namespace cpsctl::cli {
namespace {

struct Listening {
  std::string authority = {};
  std::string edgerc = {};
  std::string ca_file = {};
};
BOOST_DESCRIBE_STRUCT(Listening, (), (authority, edgerc, ca_file))

}  // namespace

/// cpsctl sandbox: serves until a signal comes. stdout gets where it is and what a client needs, once it can be used.
Result<Exit> run_sandbox(Options const& options, World& world) {
  Signals signals;
  SandboxOptions const& wanted = options.sandbox;
  CPS_CHECK(check_stays("--sandbox", options.global.sandbox.value_or(sandbox::ServerOptions{}.folder)));
  CPS_TRY(auto const server, sandbox::Server::start({.folder = wanted.folder,
                                                     .port = wanted.port,
                                                     .behaviour = wanted.behaviour,
                                                     .log = [](std::string_view line) { log::info("{}", line); }}));
  sandbox::Server& running = *server;
  Product const product{.text =
                            [&](std::ostream& out, report::Style) {
                              std::string const edgerc = running.edgerc().string();
                              std::string const ca_file = running.ca_file().string();
                              screen::line(out, "The embedded CPS listens on https://{}", running.authority());
                              screen::line(out, "credentials  {}", edgerc);
                              screen::line(out, "CA           {}", ca_file);
                              screen::line(out, "use it with  cpsctl --edgerc {} --ca-file {} plan", edgerc, ca_file);
                            },
                        .json =
                            [&] {
                              return fields::versioned(Listening{.authority = running.authority(),
                                                                 .edgerc = running.edgerc().string(),
                                                                 .ca_file = running.ca_file().string()});
                            }};
  CPS_CHECK(deliver(product, options.global, world));

  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  Signals::Handler const handler(signals, [&] {
    std::scoped_lock const lock(mutex);
    stop = true;
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return stop || signals.received() != 0; });
  lock.unlock();
  running.stop();
  log::info("stopped after {} requests; the data stays in {}", running.requests(), wanted.folder);
  return signals.exit();
}

}  // namespace cpsctl::cli
