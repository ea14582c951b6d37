#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/screen.hpp"
#include "cli/command.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/signals.hpp"
#include "sandbox/server.hpp"

#include <condition_variable>
#include <mutex>

namespace cpsctl::cli {
namespace {

struct Asked {
  std::optional<std::string> folder = {};
  std::uint16_t port = 0;
};

struct Listening {
  std::string authority = {};
  std::string edgerc = {};
  std::string ca_file = {};
};
BOOST_DESCRIBE_STRUCT(Listening, (), (authority, edgerc, ca_file))

void text_of(Listening const& at, std::ostream& out) {
  screen::line(out, "The embedded CPS listens on https://{}", at.authority);
  screen::line(out, "credentials  {}", at.edgerc);
  screen::line(out, "CA           {}", at.ca_file);
  screen::line(out, "use it with  cpsctl --edgerc {} --ca-file {} plan", at.edgerc, at.ca_file);
}

/// cpsctl sandbox: serves until a signal comes. stdout gets where it is and what a client needs, once it can be used.
Result<Exit> run(Asked const& asked, Options const& options, World& world) {
  Signals signals;
  auto const& same = options.global.sandbox;  // --sandbox=DIR says to this command what its --dir says
  if (same && asked.folder && *same != *asked.folder)
    return usage(fmt::format("--sandbox={} and --dir {} name two folders", *same, *asked.folder),
                 "leave one of them out");
  CPS_CHECK(check_stays("--sandbox", same.value_or(sandbox::ServerOptions{}.folder)));
  std::string const folder = same ? *same : asked.folder.value_or(default_sandbox);
  CPS_TRY(auto const server, sandbox::Server::start({.folder = folder,
                                                     .port = asked.port,
                                                     .behaviour = options.behaviour,
                                                     .log = [](std::string_view line) { log::info("{}", line); }}));
  sandbox::Server& running = *server;
  Listening const listening{
      .authority = running.authority(), .edgerc = running.edgerc().string(), .ca_file = running.ca_file().string()};
  Product const product{.text = [&](std::ostream& out, report::Style) { text_of(listening, out); },
                        .json = [&] { return fields::versioned(listening); }};
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
  log::info("stopped after {} requests; the data stays in {}", running.requests(), folder);
  return signals.exit();
}

}  // namespace

Command sandbox_command() {
  return {.name = "sandbox",
          .what = "Serve the embedded CPS on loopback",
          .examples = {{{"cpsctl sandbox", "any free port, data in .cpsctl/sandbox"},
                        {"cpsctl sandbox --dir cps --complete-after 10s", "changes end after ten seconds"},
                        {"cpsctl sandbox --fault 'POST: drop-after 30%'", "some answers are lost"}}},
          .works = Works::as_a_server,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({"--dir", "data, edgerc and ca.pem", "DIR", Names::folders}, asked->folder);
            flags.add({"--port", "port on 127.0.0.1 (default: any free one)", "N"}, asked->port, a_number(0, 65'535));
            take_switches(flags, options, "Switches (cpsctl help sandbox)");
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
