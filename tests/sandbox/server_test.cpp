#include "sandbox/server.hpp"

#include "support_server.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::sandbox::test {
namespace {

namespace fs = std::filesystem;

/// Writes bytes to the port without TLS and reads until the server closes.
std::string shout(Server const& server, std::string_view bytes) {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(http::Endpoint::parse(server.authority()).value().port);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0);
  static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  std::string heard;
  char buffer[512];
  for (ssize_t size = 0; (size = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
    heard.append(buffer, static_cast<std::size_t>(size));
  ::close(fd);
  return heard;
}

TEST_CASE("server: a signed create over TLS, and the list shows it") {
  Folder folder;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  auto const known = read_credentials(**server);
  CHECK(known.host == (*server)->authority());
  Answers const answers = converse(**server, {signed_for(known, "POST", "/cps/v2/enrollments?contractId=C-1", dv_body),
                                              signed_for(known, "GET", "/cps/v2/enrollments?contractId=C-1")});
  CHECK(answers.statuses == std::vector<int>{202, 200});
  REQUIRE(answers.last);
  CHECK(at(answers.last->body, "/enrollments/0/csr/cn") == "\"www.example.com\"");
  CHECK(answers.last->header("Date").ends_with(" GMT"));
  CHECK((*server)->requests() == 2);
}

TEST_CASE("server: credentials, CA and data are those of the last start") {
  Folder folder;
  std::string client_copy;
  std::string secret;
  {
    auto server = Server::start({.folder = folder.path});
    REQUIRE(server);
    auto const known = read_credentials(**server);
    secret = known.client_secret.reveal();
    client_copy = (folder.path / "copy-of-ca.pem").string();
    fs::copy_file((*server)->ca_file(), client_copy);
    CHECK(converse(**server, {signed_for(known, "POST", "/cps/v2/enrollments?contractId=C-1", dv_body)}).statuses ==
          std::vector<int>{202});
    (*server)->stop();
  }
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  auto const known = read_credentials(**server);
  CHECK(known.client_secret.reveal() == secret);
  Answers const answers = converse(**server, {signed_for(known, "GET", "/cps/v2/enrollments/10001")}, client_copy);
  CHECK(answers.statuses == std::vector<int>{200});
}

TEST_CASE("server: secrets are for their owner only") {
  Folder folder;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  for (char const* const name : {"edgerc", "ca.key"}) {
    struct stat status {};
    REQUIRE(::stat((folder.path / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("server: a folder has one server, a port too") {
  Folder folder;
  Folder other;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  auto const second = Server::start({.folder = folder.path});
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("another sandbox is running in") != std::string::npos);
  CHECK(second.error().code == Errc::locked);
  auto const port = http::Endpoint::parse((*server)->authority()).value().port;
  auto const third = Server::start({.folder = other.path, .port = port});
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Errc::io);
  CHECK(third.error().next.find("another port") != std::string::npos);
  (*server)->stop();
  (*server)->stop();
  server->reset();
  CHECK(Server::start({.folder = folder.path}));
}

TEST_CASE("server: an unsigned request, one with a long head and one with a large body") {
  Folder folder;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  auto const known = read_credentials(**server);
  http::Request unsigned_one{.target = "/cps/v2/enrollments"};
  CHECK(converse(**server, {unsigned_one}).statuses == std::vector<int>{400});
  http::Request long_head = signed_for(known, "GET", "/cps/v2/enrollments");
  long_head.headers.push_back({"X-Long", std::string(40'000, 'x')});
  CHECK(converse(**server, {long_head}).statuses == std::vector<int>{431});
  http::Request large = signed_for(known, "POST", "/cps/v2/enrollments?contractId=C-1", std::string(1'000'000, ' '));
  CHECK(converse(**server, {large}).statuses == std::vector<int>{400});
}

TEST_CASE("server: noise instead of TLS ends that connection only") {
  Folder folder;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  CHECK(shout(**server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").find("200") == std::string::npos);
  CHECK(shout(**server, std::string(4096, '\0')).find("200") == std::string::npos);
  auto const known = read_credentials(**server);
  CHECK(converse(**server, {signed_for(known, "GET", "/cps/v2/enrollments")}).statuses == std::vector<int>{200});
}

TEST_CASE("server: stop() does not wait for a client that never says anything") {
  Folder folder;
  auto server = Server::start({.folder = folder.path});
  REQUIRE(server);
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(http::Endpoint::parse((*server)->authority()).value().port);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0);
  auto const known = read_credentials(**server);
  CHECK(converse(**server, {signed_for(known, "GET", "/cps/v2/enrollments")}).statuses == std::vector<int>{200});
  auto const before = std::chrono::steady_clock::now();
  (*server)->stop();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
  ::close(fd);
}

TEST_CASE("server: many clients at once") {
  Folder folder;
  std::atomic<int> lines = 0;
  auto server = Server::start({.folder = folder.path, .log = [&](std::string_view) { ++lines; }});
  REQUIRE(server);
  auto const known = read_credentials(**server);
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int number = 0; number < 4; ++number) {
    clients.emplace_back([&] {
      std::vector<http::Request> requests;
      for (int i = 0; i < 25; ++i) requests.push_back(signed_for(known, "GET", "/cps/v2/enrollments"));
      Answers const answers = converse(**server, std::move(requests));
      for (int const status : answers.statuses) good += status == 200 ? 1 : 0;
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == 100);
  CHECK((*server)->requests() == 100);
  CHECK(lines == 100);
}

}  // namespace
}  // namespace cpsctl::sandbox::test
