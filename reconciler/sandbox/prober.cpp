#include "sandbox/prober.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
// ldns takes a language without stdbool.h for one without bool, and makes it a macro for int.
// clang-format off
#include <stdbool.h>
#include <ldns/ldns.h>
// clang-format on
#ifdef bool
#undef bool
#endif

namespace cpsctl::sandbox {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using Udp = asio::ip::udp;
using Tcp = asio::ip::tcp;
using Moment = std::chrono::steady_clock::time_point;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t most_at_once = 16;
constexpr auto look_time = 3s;    ///< of all probes together: requests wait for it
constexpr auto udp_time = 500ms;  ///< of the first try; each other has twice the time
constexpr int most_tries = 3;
constexpr int most_aliases = 16;
constexpr int most_redirects = 10;
constexpr std::size_t largest_page = 16 * 1024;
constexpr std::uint16_t largest_datagram = 1232;

struct Freed {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
  void operator()(char* text) const { std::free(text); }
};
using Packet = std::unique_ptr<ldns_pkt, Freed>;

/// A socket that is closed when its time has come, which ends what it waits for.
template <class Socket>
class Bounded {
 public:
  Bounded(Executor const& executor, Moment until) : state_(std::make_shared<Socket>(executor)), timer_(executor) {
    timer_.expires_at(until);
    timer_.async_wait([weak = std::weak_ptr<Socket>(state_)](error_code const& stopped) {
      auto const socket = weak.lock();
      error_code ignored;
      if (!stopped && socket) socket->close(ignored);
    });
  }
  Socket& operator*() { return *state_; }

 private:
  std::shared_ptr<Socket> state_;
  Timer timer_;
};

std::string dns_name(ldns_rdf const* rdf) {
  std::unique_ptr<char, Freed> const raw(rdf == nullptr ? nullptr : ldns_rdf2str(rdf));
  std::string name = raw ? text::lower(raw.get()) : "";
  if (name.ends_with('.')) name.pop_back();
  return name;
}

/// The bytes of a question for TXT records without recursion; empty for what is no name.
std::string question(std::string const& name, std::uint16_t id) {
  ldns_rdf* const owner = ldns_dname_new_frm_str(name.c_str());
  if (owner == nullptr) return {};
  Packet const packet(ldns_pkt_query_new(owner, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN, 0));
  if (!packet) return {};
  ldns_pkt_set_id(packet.get(), id);
  ldns_pkt_set_edns_udp_size(packet.get(), largest_datagram);
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet.get(), &size) != LDNS_STATUS_OK) return {};
  std::string bytes(reinterpret_cast<char const*>(wire), size);
  std::free(wire);
  return bytes;
}

/// Null when it is not the answer to that question.
Packet answer_to(std::string const& asked, std::string_view bytes) {
  ldns_pkt* raw = nullptr;
  auto const* const start = reinterpret_cast<std::uint8_t const*>(bytes.data());
  if (bytes.size() < 2 || bytes.substr(0, 2) != std::string_view(asked).substr(0, 2)) return nullptr;
  if (ldns_wire2pkt(&raw, start, bytes.size()) != LDNS_STATUS_OK) return nullptr;
  Packet packet(raw);
  return ldns_pkt_qr(raw) ? std::move(packet) : nullptr;
}

std::string txt_value(ldns_rr const* record) {
  std::string value;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    ldns_rdf const* const piece = ldns_rr_rdf(record, i);
    std::string_view const bytes(reinterpret_cast<char const*>(ldns_rdf_data(piece)), ldns_rdf_size(piece));
    value += bytes.substr(std::min<std::size_t>(1, bytes.size()));
  }
  return value;
}

/// What a message has of a name, its CNAMEs followed as far as they lead in it.
TxtAnswer read_answer(ldns_pkt const* packet, std::string name) {
  TxtAnswer found;
  ldns_rr_list const* const records = ldns_pkt_answer(packet);
  std::size_t const count = records == nullptr ? 0 : ldns_rr_list_rr_count(records);
  for (int hops = 0; hops < most_aliases; ++hops) {
    std::string alias;
    for (std::size_t i = 0; i < count; ++i) {
      ldns_rr const* const record = ldns_rr_list_rr(records, i);
      if (dns_name(ldns_rr_owner(record)) != name) continue;
      if (ldns_rr_get_type(record) == LDNS_RR_TYPE_TXT) found.values.push_back(txt_value(record));
      if (ldns_rr_get_type(record) == LDNS_RR_TYPE_CNAME) alias = dns_name(ldns_rr_rdf(record, 0));
    }
    if (!found.values.empty() || alias.empty()) break;
    found.alias = alias;
    name = std::move(alias);
  }
  return found;
}

/// A name that can stand in a request's head as it is.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

struct Page {
  int status = 0;  ///< 0: no answer
  std::string location = {};
  std::string body = {};
};

Page read_page(std::string_view bytes) {
  Page page;
  auto const end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.")) return page;
  auto const lines = text::split(bytes.substr(0, end), '\n');
  page.status = text::number<int>(lines.front().substr(std::min<std::size_t>(9, lines.front().size()), 3)).value_or(0);
  for (auto const line : lines) {
    auto const colon = line.find(':');
    if (colon != std::string_view::npos && text::lower(line.substr(0, colon)) == "location")
      page.location = text::trimmed(line.substr(colon + 1));
  }
  page.body = text::trimmed(bytes.substr(end + 4));
  return page;
}

/// Where a redirect leads: a host and a path. Nothing: not to plain HTTP.
std::optional<std::pair<std::string, std::string>> redirected(std::string const& location) {
  constexpr std::string_view scheme = "http://";
  if (!location.starts_with(scheme)) return std::nullopt;
  auto const slash = location.find('/', scheme.size());
  std::string host = location.substr(scheme.size(), slash - scheme.size());
  std::string path = slash == std::string::npos ? "/" : location.substr(slash);
  if (!is_plain(host) || !is_plain(path)) return std::nullopt;
  return std::pair(std::move(host), std::move(path));
}

class RealProber final : public Prober {
 public:
  RealProber(asio::io_context& context, Random& random, Sources sources)
      : context_(context), random_(random), sources_(std::move(sources)) {}

  Task<std::vector<Sight>> look(std::vector<Probe> probes) override;

 private:
  /// Probes that are under way, and those who work at them.
  struct Round {
    explicit Round(Executor const& executor) : done(executor) {}
    std::vector<Sight> sights = {};
    std::size_t next = 0;
    std::size_t workers = 0;
    Moment until = {};
    Timer done;
  };
  Task<> work(std::shared_ptr<Round> round);
  Task<Found> find(Probe probe, Moment until);
  Task<Found> find_txt(DnsToken token, Moment until);
  Task<Found> find_page(std::string host, HttpToken token, Moment until);
  Task<TxtAnswer> ask(std::string name, Moment until);
  Task<std::string> exchange_udp(std::string message, Moment until);
  Task<std::string> exchange_tcp(std::string message, Moment until);
  Task<Page> fetch(std::string host, std::string path, Moment until);
  Executor executor() { return context_.get_executor(); }

  asio::io_context& context_;
  Random& random_;
  Sources sources_;
};

Task<std::vector<Sight>> RealProber::look(std::vector<Probe> probes) {
  auto const round = std::make_shared<Round>(executor());
  for (Probe& probe : probes) round->sights.push_back({.probe = std::move(probe)});
  round->until = std::chrono::steady_clock::now() + look_time;
  round->done.expires_at(Moment::max());
  round->workers = std::min(most_at_once, round->sights.size());
  for (std::size_t i = round->workers; i > 0; --i)
    asio::co_spawn(executor(), work(round), [round](std::exception_ptr const&) {
      if (--round->workers == 0) round->done.cancel();
    });
  while (round->workers > 0) {
    auto const [woken] = co_await round->done.async_wait(as_result);
    static_cast<void>(woken);
  }
  co_return std::move(round->sights);
}

Task<> RealProber::work(std::shared_ptr<Round> round) {
  while (round->next < round->sights.size()) {
    Sight& sight = round->sights[round->next++];
    sight.found = co_await find(sight.probe, round->until);
  }
}

Task<Found> RealProber::find(Probe probe, Moment until) {
  Found const txt = co_await find_txt(probe.dns, until);
  if (txt == Found::token || !probe.http) co_return txt;
  Found const page = co_await find_page(probe.name, *probe.http, until);
  co_return page == Found::nothing ? txt : page;
}

Task<Found> RealProber::find_txt(DnsToken token, Moment until) {
  std::string name = text::lower(token.name);
  std::set<std::string> seen;
  for (int hops = 0; hops < most_aliases && seen.insert(name).second; ++hops) {
    auto answer = sources_.own ? sources_.own(name) : std::nullopt;
    if (!answer) answer = co_await ask(name, until);
    if (std::ranges::find(answer->values, token.value) != answer->values.end()) co_return Found::token;
    if (!answer->values.empty()) co_return Found::other;
    if (answer->alias.empty()) co_return Found::nothing;
    name = std::move(answer->alias);
  }
  co_return Found::other;
}

Task<TxtAnswer> RealProber::ask(std::string name, Moment until) {
  std::string const asked = question(name, static_cast<std::uint16_t>(random_.next() >> 48U));
  if (!sources_.dns || asked.empty()) co_return TxtAnswer();
  Packet packet;
  auto patience = Moment::duration(udp_time);
  for (int tries = 0; tries < most_tries && !packet; ++tries, patience *= 2) {
    auto const enough = std::min(until, std::chrono::steady_clock::now() + patience);
    std::string const bytes = co_await exchange_udp(asked, enough);
    packet = answer_to(asked, bytes);
  }
  if (!packet) co_return TxtAnswer();
  if (ldns_pkt_tc(packet.get())) {
    std::string const bytes = co_await exchange_tcp(asked, until);
    packet = answer_to(asked, bytes);
  }
  co_return packet ? read_answer(packet.get(), std::move(name)) : TxtAnswer();
}

/// Empty when nothing came in time.
Task<std::string> RealProber::exchange_udp(std::string message, Moment until) {
  Bounded<asio::basic_datagram_socket<Udp, Executor>> socket(executor(), until);
  Udp::endpoint const there(asio::ip::make_address(sources_.dns->address), sources_.dns->port);
  error_code failed;
  (*socket).open(there.protocol(), failed);
  if (!failed) (*socket).connect(there, failed);
  if (failed) co_return "";
  auto const [unsent, sent] = co_await (*socket).async_send(asio::buffer(message), as_result);
  if (unsent) co_return "";
  std::string answer(65535, '\0');
  auto const [broken, size] = co_await (*socket).async_receive(asio::buffer(answer), as_result);
  answer.resize(broken ? 0 : size);
  co_return answer;
}

Task<std::string> RealProber::exchange_tcp(std::string message, Moment until) {
  Bounded<asio::basic_stream_socket<Tcp, Executor>> socket(executor(), until);
  Tcp::endpoint const there(asio::ip::make_address(sources_.dns->address), sources_.dns->port);
  auto const [refused] = co_await (*socket).async_connect(there, as_result);
  if (refused) co_return "";
  std::string framed{static_cast<char>(message.size() >> 8U), static_cast<char>(message.size() & 0xFFU)};
  framed += message;
  auto const [unsent, sent] = co_await asio::async_write(*socket, asio::buffer(framed), as_result);
  if (unsent) co_return "";
  std::string length(2, '\0');
  auto const [silent, two] = co_await asio::async_read(*socket, asio::buffer(length), as_result);
  if (silent) co_return "";
  std::string answer(static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8U |
                         static_cast<std::size_t>(static_cast<unsigned char>(length[1])),
                     '\0');
  auto const [cut, all] = co_await asio::async_read(*socket, asio::buffer(answer), as_result);
  if (cut) co_return "";
  co_return answer;
}

Task<Found> RealProber::find_page(std::string host, HttpToken token, Moment until) {
  std::string path = token.path;
  if (!sources_.http || !is_plain(host)) co_return Found::nothing;
  for (int hops = 0; hops < most_redirects; ++hops) {
    Page const page = co_await fetch(host, path, until);
    if (page.status == 0 || page.status == 404) co_return Found::nothing;
    if (page.status == 200) co_return page.body == token.body ? Found::token : Found::other;
    if (page.location == token.redirect) co_return Found::token;
    auto const next = redirected(page.location);
    if (page.status / 100 != 3 || !next) co_return Found::other;
    std::tie(host, path) = *next;
  }
  co_return Found::other;
}

/// HTTP/1.0: its answer ends with the connection.
Task<Page> RealProber::fetch(std::string host, std::string path, Moment until) {
  Bounded<asio::basic_stream_socket<Tcp, Executor>> socket(executor(), until);
  Tcp::endpoint const there(asio::ip::make_address(sources_.http->address), sources_.http->port);
  auto const [refused] = co_await (*socket).async_connect(there, as_result);
  if (refused) co_return Page();
  std::string const request = fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", path, host);
  auto const [unsent, sent] = co_await asio::async_write(*socket, asio::buffer(request), as_result);
  if (unsent) co_return Page();
  std::string bytes(largest_page, '\0');
  auto const [ended, size] = co_await asio::async_read(*socket, asio::buffer(bytes), as_result);
  static_cast<void>(ended);
  bytes.resize(size);
  co_return read_page(bytes);
}

}  // namespace

std::unique_ptr<Prober> Prober::make(asio::io_context& context, Random& random, Sources sources) {
  return std::make_unique<RealProber>(context, random, std::move(sources));
}

}  // namespace cpsctl::sandbox
