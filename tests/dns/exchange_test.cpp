#include "dns/exchange.hpp"

#include "dns/names.hpp"

#include <array>
#include <functional>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

#include <doctest/doctest.h>

using namespace names;
using program::says;

namespace {

/// A name server of ours that answers one question with the datagrams that `lies` makes of it. The first of each pair
/// says whether it comes from the address that was asked.
class Liar {
 public:
  using Lies = std::vector<std::pair<bool, std::string>>;
  explicit Liar(std::function<Lies(std::string)> lies) : here_(loopback()), other_(loopback()) {
    thread_ = std::thread([this, lies] {
      std::array<char, 2000> bytes{};
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto const length =
          ::recvfrom(here_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (length < 0) return;
      for (auto const& [own, lie] : lies(std::string(bytes.data(), static_cast<std::size_t>(length))))
        ::sendto((own ? here_ : other_).get(), lie.data(), lie.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    });
  }
  ~Liar() { thread_.join(); }
  Liar(Liar const&) = delete;
  Liar& operator=(Liar const&) = delete;

  dns::Server server() const {
    sockaddr_in where{};
    socklen_t size = sizeof where;
    ::getsockname(here_.get(), reinterpret_cast<sockaddr*>(&where), &size);
    return {.address = "127.0.0.1", .port = ntohs(where.sin_port)};
  }

 private:
  static Fd loopback() {
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
    return socket;
  }

  Fd here_;
  Fd other_;
  std::thread thread_;
};

std::string answer_to(std::string question, unsigned rcode) {
  question[2] = static_cast<char>(0x84);
  question[3] = static_cast<char>(rcode);
  return question;
}

}  // namespace

TEST_CASE("ask: forged answers are passed over, and the true one counts") {
  Bench bench;
  Liar const liar([](std::string const& asked) {
    auto other_id = answer_to(asked, 5);
    other_id[0] = static_cast<char>(other_id[0] ^ 1);
    auto other_name = answer_to(asked, 5);
    other_name[13] = 'z';
    return Liar::Lies{{false, answer_to(asked, 5)}, {true, other_id}, {true, other_name}, {true, "x"}, {true, asked},
                      {true, answer_to(asked, 3)}};
  });
  auto const answer = bench.ask(liar.server(), {.name = name("a.test")});
  REQUIRE(answer);
  CHECK(answer->rcode == dns::Rcode::nxdomain);
}

TEST_CASE("ask: an answer that cannot be read is an error at once") {
  Bench bench;
  Liar const liar([](std::string const& asked) { return Liar::Lies{{true, answer_to(asked, 0) + "more"}}; });
  auto const answer = bench.ask(liar.server(), {.name = name("a.test")});
  CHECK(answer.error().code == Errc::protocol);
  CHECK(says(answer.error().message, "something follows its last record"));
}

TEST_CASE("ask: an answer, and the bits of the question") {
  Bench bench;
  auto const answer = bench.ask(servers().primary(), {.name = name("long.example.test")});
  REQUIRE(answer);
  CHECK(answer->authoritative());
  CHECK(dns::values_of<dns::Text>(*answer, name("long.example.test")).front().value == "first piece, second piece");
  CHECK(bench.ask(servers().primary(), {.name = name("www.lost.test")})->rcode == dns::Rcode::servfail);
  CHECK(bench.ask(servers().primary(), {.name = name("www.elsewhere.test")})->rcode == dns::Rcode::refused);
  CHECK(bench.ask(servers().primary(), {.name = name("none.example.test")})->rcode == dns::Rcode::nxdomain);
}

TEST_CASE("ask: over TCP what is too large for a datagram") {
  Bench bench;
  for (auto const size : {std::uint16_t{0}, std::uint16_t{512}, std::uint16_t{1232}}) {
    auto const answer = bench.ask(servers().primary(), {.name = name("big.example.test"), .udp_size = size});
    REQUIRE(answer);
    CHECK_FALSE(answer->truncated());
    CHECK(dns::values_of<dns::Text>(*answer, name("big.example.test")).size() == 13);
  }
}

TEST_CASE("ask: a server that never answers, and one that is not there") {
  Bench bench;
  bench.network.patience = {.first = 20ms, .tries = 3};
  auto const begun = system_clock().steady();
  auto const silent = bench.ask(servers().silent(), {.name = name("a.test")});
  CHECK(silent.error().code == Errc::timeout);
  CHECK(silent.error().message == servers().silent().text() + " does not answer");
  CHECK(system_clock().steady() - begun >= 140ms);  // 20, 40 and 80
  CHECK(bench.ask(servers().nobody(), {.name = name("a.test")}).error().code == Errc::unavailable);
}

TEST_CASE("ask: a deadline that has passed ends it at once") {
  Bench bench;
  auto const past = system_clock().steady() - 1s;
  auto const answer = bench.loop.run(dns::ask(bench.network, servers().silent(), {.name = name("a.test")}, past));
  CHECK(answer.error().code == Errc::timeout);
}
