#pragma once
#include "base/files.hpp"
#include "cps/change_api.hpp"
#include "edgegrid/credentials.hpp"
#include "sandbox/server.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// One change at the embedded CPS, over TLS.
namespace cpsctl::test {

/// The machine's, moved on by hand; the server asks on a thread of its own.
struct Shifted final : Clock {
  std::atomic<std::int64_t> ahead = 0;
  WallTime wall() const override { return system_clock().wall() + Duration(ahead); }
  SteadyTime steady() const override { return system_clock().steady() + Duration(ahead); }
  void pass(Duration time) { ahead += time.count(); }
};

/// An enrollment; `kind` is its validation type, `more` further members with a comma behind each.
inline std::string body(std::string_view ra, std::string_view kind, std::string_view more) {
  return fmt::format(
      R"({{"ra":"{0}","validationType":"{1}","certificateType":"{2}","changeManagement":true,)"
      R"("enableMultiStackedCertificates":false,"csr":{{"cn":"www.example.com","sans":["a.example.com"],"c":"US","o":"E"}},)"
      R"("networkConfiguration":{{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,)"
      R"("dnsNameSettings":{{"cloneDnsNames":true}}}},{3})"
      R"("org":{{"name":"E","addressLineOne":"1 Main St","city":"Cambridge","region":"MA","postalCode":"02142",)"
      R"("country":"US","phone":"617-555-0111"}},)"
      R"("adminContact":{{"firstName":"A","lastName":"D","email":"a@example.com","phone":"617-555-0111"}},)"
      R"("techContact":{{"firstName":"J","lastName":"S","email":"j@akamai.example","phone":"617-555-0112"}}}})",
      ra, kind, kind == "dv" ? "san" : kind, more);
}

struct Wire {
  Shifted clock;
  std::filesystem::path folder;
  std::unique_ptr<sandbox::Server> server;
  http::Loop loop;
  std::unique_ptr<http::Client> client;
  std::optional<cps::Session> session;
  cps::ChangeRef ref = {};

  explicit Wire(sandbox::Behaviour behaviour) {
    std::string name = (std::filesystem::temp_directory_path() / "cpsctl-change-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    behaviour.pace = sandbox::Pace::usual;
    behaviour.inputs = sandbox::Inputs::wait;
    server = sandbox::Server::start({.folder = folder, .behaviour = std::move(behaviour), .clock = &clock}).value();
    client = http::Client::open(loop, {.endpoint = http::Endpoint::parse(server->authority()).value(),
                                       .ca_file = server->ca_file().string()})
                 .value();
    auto credentials = edgegrid::load_credentials(
        {.edgerc = server->edgerc()}, [](std::string const&) { return std::nullopt; }, system_files());
    cps::SessionOptions const unlimited{.windows = {}};
    session.emplace(loop, *client, std::move(credentials.value()), clock, system_random(), unlimited);
  }
  ~Wire() {
    session.reset();
    client.reset();
    server.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void create(std::string document) {
    cps::Writer writer(*session);
    cps::CreateRequest request{
        .subject = "www", .contract = "1-1TJZH5", .api_schema = "v11", .body = std::move(document)};
    auto const created = loop.run(writer.create(std::move(request)));
    REQUIRE_MESSAGE(created.has_value(), created);
    REQUIRE(created->changes.size() == 1);
    ref = {.subject = "www", .enrollment = created->enrollment, .change = created->changes[0]};
  }
  Result<cps::Change> change() {
    cps::ChangeReader reader(*session);
    return loop.run(reader.change(ref));
  }
  Result<cps::InputInfo> info(cps::Input const& input) {
    cps::ChangeReader reader(*session);
    return loop.run(reader.info(ref, input));
  }
  Result<> answer(cps::Input const& input, cps::Answer given) {
    cps::ChangeWriter writer(*session);
    cps::AnswerRequest request{.ref = ref, .input = input, .answer = std::move(given)};
    return loop.run(writer.answer(std::move(request)));
  }
  /// The change once it awaits something, or is over.
  std::optional<cps::Change> next() {
    for (int i = 0; i < 100; ++i, clock.pass(std::chrono::minutes(5))) {
      auto const now = change();
      if (!now) {
        CHECK(now.error().code == Errc::not_found);
        return std::nullopt;
      }
      if (now->state == cps::ChangeState::awaiting_input) return *now;
    }
    FAIL("the change does not go on");
    return std::nullopt;
  }
};

}  // namespace cpsctl::test
