#include "dns/names.hpp"

#include "base/files.hpp"
#include "dns/authority.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace names {
namespace {

constexpr char const* named = "/usr/sbin/named";

sockaddr_in socket_address(char const* address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &out.sin_addr);
  return out;
}

/// A socket that is bound to the port; not open when it is taken.
Fd bound(int type, char const* address, std::uint16_t port) {
  Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  int const reuse = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  auto const where = socket_address(address, port);
  if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&where), sizeof where) != 0) return Fd();
  return socket;
}

std::uint16_t any_port() {
  Fd const socket = bound(SOCK_STREAM, "127.0.0.1", 0);
  sockaddr_in where{};
  socklen_t size = sizeof where;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &size) == 0);
  return ntohs(where.sin_port);
}

/// Free at all the addresses, for UDP and TCP.
std::uint16_t free_port() {
  for (int tries = 0; tries < 50; ++tries) {
    auto const port = any_port();
    bool free = true;
    for (char const* const address : {"127.0.0.1", "127.0.0.2", "127.0.0.8", "127.0.0.9"})
      for (int const type : {SOCK_STREAM, SOCK_DGRAM}) free = free && bound(type, address, port).open();
    if (free) return port;
  }
  FAIL("no port is free on loopback");
  return 0;
}

/// Passes datagrams that come to 127.0.0.2 on to a server on 127.0.0.1, and its answers back, one at a time.
class Relay {
 public:
  Relay(std::uint16_t port, std::uint16_t to)
      : here_(bound(SOCK_DGRAM, "127.0.0.2", port)),
        to_(to),
        end_(::eventfd(0, EFD_CLOEXEC)),
        thread_([this] { run(); }) {
    REQUIRE(here_.open());
  }
  ~Relay() {
    ::eventfd_write(end_.get(), 1);
    thread_.join();
  }
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;

 private:
  /// False when the relay is to end, or nothing came in time.
  bool comes(Fd const& socket, int milliseconds) const {
    std::array<pollfd, 2> ready{
        {{.fd = socket.get(), .events = POLLIN, .revents = 0}, {.fd = end_.get(), .events = POLLIN, .revents = 0}}};
    return ::poll(ready.data(), ready.size(), milliseconds) > 0 && ready[1].revents == 0;
  }
  void run() const {
    std::array<char, 65535> bytes{};
    auto const server = socket_address("127.0.0.1", to_);
    while (comes(here_, -1)) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto length = ::recvfrom(here_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      Fd const there = bound(SOCK_DGRAM, "127.0.0.1", 0);
      if (length < 0 || ::connect(there.get(), reinterpret_cast<sockaddr const*>(&server), sizeof server) != 0)
        continue;
      if (::send(there.get(), bytes.data(), static_cast<std::size_t>(length), 0) < 0 || !comes(there, 2000)) continue;
      length = ::recv(there.get(), bytes.data(), bytes.size(), 0);
      if (length < 0) continue;
      ::sendto(here_.get(), bytes.data(), static_cast<std::size_t>(length), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }

  Fd here_;
  std::uint16_t to_;
  Fd end_;
  std::thread thread_;
};

program::Run tool(program::Folder const& folder, std::string const& path, std::vector<std::string> arguments) {
  auto run = program::run_cpsctl(std::move(arguments), {.program = path, .folder = folder.path()});
  REQUIRE_MESSAGE(run.exit == 0, path, " failed: ", run.out, run.err);
  return run;
}

constexpr char const* head = R"($TTL 60
@ SOA ns1.example.test. hostmaster.example.test. 1 86400 600 864000 60
)";

/// A key that signs keys and records: "257 3 13 BASE64…" as trust-anchors wants it.
struct Signing {
  std::string stem = {};
  std::string anchor = {};
};

Signing make_key(program::Folder const& folder, std::string const& zone) {
  auto const made = tool(folder, "/usr/bin/dnssec-keygen", {"-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone});
  Signing signing{.stem = made.out.substr(0, made.out.find('\n'))};
  auto const text = program::read(folder / (signing.stem + ".key"));
  auto const begins = text.find("DNSKEY 257 3 13 ");
  REQUIRE(begins != std::string::npos);
  auto base64 = text.substr(begins + 16);
  std::erase_if(base64, [](char c) { return c == ' ' || c == '\n'; });
  signing.anchor = fmt::format("\"{}\" static-key 257 3 13 \"{}\";", zone, base64);
  return signing;
}

void sign(program::Folder const& folder, std::string const& zone, Signing const& signing) {
  folder.write(zone + ".db", program::read(folder / (zone + ".db")) + program::read(folder / (signing.stem + ".key")));
  tool(folder, "/usr/bin/dnssec-signzone", {"-z", "-o", zone, zone + ".db", signing.stem});
}

}  // namespace

char const* const secret = "d3JpdGVyd3JpdGVyd3JpdGVyd3JpdGVyd3JpdGVyMTI=";

struct Servers::Parts {
  program::Folder folder = {};
  std::uint16_t port = free_port();
  std::uint16_t secondary = free_port();
  std::uint16_t control = free_port();
  std::uint16_t resolver = free_port();
  Fd silent = bound(SOCK_DGRAM, "127.0.0.9", port);
  Fd silent_tcp = bound(SOCK_STREAM, "127.0.0.9", port);
  Relay relay{port, secondary};
  std::vector<std::unique_ptr<program::Background>> running = {};

  void zones() const;
  void start(std::string const& who, std::uint16_t at, std::string const& rest);
  bool answers(std::uint16_t at, dns::Question const& question) const;
  void await(std::string const& who, std::uint16_t at, dns::Question const& question) const;
};

void Servers::Parts::zones() const {
  std::string const servers = "@ NS ns1.example.test.\n@ NS ns2.example.test.\n";
  std::string chain;
  for (int i = 0; i < 20; ++i) chain += fmt::format("chain{} CNAME chain{}\n", i, i + 1);
  folder.write("example.test.db", head + servers + chain + R"(
ns1 A 127.0.0.1
ns2 A 127.0.0.2
_acme-challenge.www CNAME www.acme.test.
_acme-challenge.far CNAME hop.example.test.
hop CNAME far.acme.test.
_acme-challenge.loop CNAME round.example.test.
round CNAME _acme-challenge.loop.example.test.
long TXT "first piece, " "second piece"
big TXT "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "a123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "b123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "c123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "d123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "e123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "f123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "g123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "h123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "i123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "j123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "k123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
big TXT "l123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
ours CAA 0 issue "letsencrypt.org; accounturi=https://ca.example/acct/1"
theirs CAA 0 issue "other-ca.example"
alias CNAME theirs
)");
  std::string hosts = "_acme-challenge.loop CNAME round\nround CNAME _acme-challenge.loop\n";
  for (int i = 0; i < 10; ++i)
    hosts += fmt::format(
        "_acme-challenge.h{0} CNAME h{0}.acme.test.\n_acme-challenge.alt.h{0} CNAME alt-h{0}.acme.test.\n", i);
  for (std::string const host : {"certbot", "alt.certbot"})
    hosts += fmt::format("_acme-challenge.{0} CNAME _acme-challenge.{0}.acme.test.\n", host);
  folder.write("example.com.db", head + servers + hosts);
  folder.write("acme.test.db", head + servers + "www TXT \"a colleague's\"\n");
  folder.write("half.test.db", head + servers + "www TXT \"here\"\n");
  folder.write("quiet.test.db",
               std::string(head) + "@ NS ns1.example.test.\n@ NS ns9\nns9 A 127.0.0.9\nwww TXT here\n");
  folder.write("six.test.db", std::string(head) + "@ NS ns\n@ NS nowhere.half.test.\nns A 127.0.0.1\nns AAAA ::1\n");
  for (char const* const zone : {"signed.test", "broken.test"})
    folder.write(fmt::format("{}.db", zone), head + servers + "www TXT \"here\"\n");
}

void Servers::Parts::start(std::string const& who, std::uint16_t at, std::string const& rest) {
  auto const path = folder.path().string();
  auto const conf = folder.write(who + ".conf", fmt::format(R"(
options {{
  directory "{0}"; pid-file none; session-keyfile none; lock-file none;
  managed-keys-directory "{0}"; listen-on port {1} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  notify no; minimal-responses no;
{2})",
                                                            path, at, rest));
  std::vector<std::string> const arguments{"-f", "-n", "1", "-c", conf.string(), "-L", path + "/" + who + ".log"};
  program::Settings const settings{.program = named, .folder = folder.path()};
  running.push_back(std::make_unique<program::Background>(arguments, settings));
}

bool Servers::Parts::answers(std::uint16_t at, dns::Question const& question) const {
  http::Loop loop;
  SeededRandom random(1);
  dns::Network network{.loop = loop, .random = random};
  network.patience = {.first = 200ms, .tries = 1};
  auto const answer = loop.run(
      dns::ask(network, dns::Server{.address = "127.0.0.1", .port = at}, question, system_clock().steady() + 1s));
  return answer && answer->rcode == dns::Rcode::noerror && !answer->answers.empty();
}

void Servers::Parts::await(std::string const& who, std::uint16_t at, dns::Question const& question) const {
  auto const deadline = system_clock().steady() + 10s;
  while (!answers(at, question)) {
    REQUIRE_MESSAGE(system_clock().steady() < deadline, who,
                    " does not answer: ", program::read(folder / (who + ".log")));
    http::Loop loop;
    loop.run([](http::Loop& on) -> http::Task<bool> {
      bool const came = co_await on.sleep_until(system_clock().steady() + 20ms);
      co_return came;
    }(loop));
  }
}

Servers::Servers() {
  REQUIRE_MESSAGE(std::filesystem::exists(named), "there is no ", named, ": deploy/packages.sh test installs it");
  parts_ = std::make_unique<Parts>();
  Parts& parts = *parts_;
  REQUIRE(::listen(parts.silent_tcp.get(), 8) == 0);  // connections are made, and nobody ever reads from them
  parts.zones();
  auto const trusted = make_key(parts.folder, "signed.test");
  auto const anchor_of_broken = make_key(parts.folder, "broken.test");
  sign(parts.folder, "signed.test", trusted);
  sign(parts.folder, "broken.test", make_key(parts.folder, "broken.test"));

  std::string served;
  for (std::string const zone : {"example.test", "example.com", "half.test", "quiet.test", "six.test", "lost.test"})
    served += fmt::format("zone \"{0}\" {{ type primary; file \"{0}.db\"; }};\n", zone);
  for (std::string const zone : {"signed.test", "broken.test"})
    served += fmt::format("zone \"{0}\" {{ type primary; file \"{0}.db.signed\"; }};\n", zone);
  std::string const keys = fmt::format(R"(
key "writer" {{ algorithm hmac-sha256; secret "{0}"; }};
key "stranger" {{ algorithm hmac-sha256; secret "{0}"; }};
)",
                                       secret);
  parts.start("primary", parts.port, "  recursion no; dnssec-validation no;\n};\ncontrols { };\n" + keys + served + R"(
zone "acme.test" {
  type primary; file "acme.test.db"; allow-transfer { any; };
  update-policy { grant writer wildcard *.acme.test TXT; };
};
)");
  parts.await("primary", parts.port, {.name = name("acme.test"), .type = dns::Type::soa});

  parts.folder.write("rndc.conf", keys + fmt::format("options {{ default-key \"writer\"; default-server 127.0.0.1; "
                                                     "default-port {}; }};\n",
                                                     parts.control));
  parts.start("secondary", parts.secondary,
              fmt::format(R"(
  recursion no; dnssec-validation no;
}};
{0}
controls {{ inet 127.0.0.1 port {2} allow {{ 127.0.0.0/8; }} keys {{ "writer"; }}; }};
zone "acme.test" {{ type secondary; primaries port {1} {{ 127.0.0.1; }}; file "acme.test.copy"; }};
zone "example.test" {{ type secondary; primaries port {1} {{ 127.0.0.1; }}; }};
zone "lost.test" {{ type secondary; primaries port {1} {{ 127.0.0.8; }}; }};
)",
                          keys, parts.port, parts.control));
  parts.await("secondary", parts.secondary, {.name = name("acme.test"), .type = dns::Type::soa});

  parts.start("resolver", parts.resolver,
              fmt::format(R"(
  recursion yes; allow-query {{ any; }}; dnssec-validation yes; max-cache-ttl 1; max-ncache-ttl 1;
  forward only; forwarders {{ 127.0.0.1 port {0}; }};
}};
controls {{ }};
trust-anchors {{ {1} {2} }};
)",
                          parts.port, trusted.anchor, anchor_of_broken.anchor));
  parts.await("resolver", parts.resolver,
              {.name = name("example.test"), .type = dns::Type::soa, .recursion = dns::Recursion::wanted});
}

Servers::~Servers() = default;

dns::Server Servers::secondary_itself() const {
  return {.address = "127.0.0.1", .port = parts_->secondary};
}

dns::Server Servers::resolver() const {
  return {.address = "127.0.0.1", .port = parts_->resolver};
}

std::uint16_t Servers::port() const {
  return parts_->port;
}

void Servers::transfer(dns::Name const& name, std::string const& value) const {
  auto const conf = (parts_->folder / "rndc.conf").string();
  tool(parts_->folder, "/usr/sbin/rndc", {"-c", conf, "retransfer", "acme.test"});
  Bench bench;
  auto const deadline = bench.soon();
  dns::Has has = dns::Has::silent;
  while (has != dns::Has::it) {
    REQUIRE_MESSAGE(system_clock().steady() < deadline,
                    "not transferred: ", program::read(parts_->folder / "secondary.log"));
    has = dns::has_value(bench.ask(secondary(), {.name = name}), name, value);
  }
}

Servers& servers() {
  static auto const all = [] {
    try {
      return std::make_unique<Servers>();
    } catch (...) {
      return std::unique_ptr<Servers>();  // the first test has said why; the others need not wait for it again
    }
  }();
  REQUIRE_MESSAGE(all, "no name servers: see above");
  return *all;
}

Bench::Bench()
    : network{.loop = loop, .random = random, .resolvers = {servers().resolver()}, .port = servers().port()} {}

dns::Rfc2136 Bench::writer() const {
  return {.zone = name("acme.test"),
          .server = servers().primary(),
          .key = key(fmt::format("hmac-sha256:writer:{}", secret))};
}

namespace {

Result<> change(Bench& bench, dns::TxtChange::Kind kind, std::string const& owner, std::string const& value) {
  std::vector<dns::TxtChange> changes;
  changes.push_back({.kind = kind, .owner = name(owner), .value = value});
  auto const writer = bench.writer();
  return bench.loop.run(dns::update(bench.network, system_clock(), writer, changes, bench.soon()));
}

}  // namespace

Result<> Bench::add(std::string const& owner, std::string const& value) {
  return change(*this, dns::TxtChange::Kind::add, owner, value);
}

Result<> Bench::remove(std::string const& owner, std::string const& value) {
  return change(*this, dns::TxtChange::Kind::remove, owner, value);
}

Result<dns::Message> Bench::ask(dns::Server const& server, dns::Question const& question) {
  return loop.run(dns::ask(network, server, question, soon()));
}

std::string Bench::values(std::string const& owner) {
  auto const answer = ask(servers().primary(), {.name = name(owner)});
  REQUIRE(answer);
  std::vector<std::string> all;
  for (auto const& one : dns::values_of<dns::Text>(*answer, name(owner))) all.push_back(one.value);
  std::ranges::sort(all);
  return fmt::format("{}", fmt::join(all, ", "));
}

dns::Name name(std::string const& text) {
  auto const parsed = dns::Name::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

dns::Key key(std::string const& text) {
  auto parsed = dns::parse_key(text);
  REQUIRE(parsed);
  return std::move(*parsed);
}

}  // namespace names
