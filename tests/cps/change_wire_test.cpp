// The operations on changes against the embedded CPS, over TLS: what one sends and the other reads is the same.
#include "base/fields.hpp"
#include "base/files.hpp"
#include "cps/change_api.hpp"
#include "edgegrid/credentials.hpp"
#include "sandbox/server.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace std::chrono_literals;
using cps::InputKind;

namespace {

/// The machine's, moved on by hand; the server asks on a thread of its own.
struct Shifted final : Clock {
  std::atomic<std::int64_t> ahead = 0;
  WallTime wall() const override { return system_clock().wall() + Duration(ahead); }
  SteadyTime steady() const override { return system_clock().steady() + Duration(ahead); }
  void pass(Duration time) { ahead += time.count(); }
};

std::string body(std::string_view ra, std::string_view kind, std::string_view more) {
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
    for (int i = 0; i < 100; ++i, clock.pass(5min)) {
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

}  // namespace

TEST_CASE("wire: a dv change from its first warnings to production, each input read and answered") {
  Wire wire({.warnings = {{.when = sandbox::Warning::When::before, .text = "Unsorted trust chain"},
                          {.when = sandbox::Warning::When::after, .text = "Extra certificates\nin two lines"}}});
  wire.create(body("lets-encrypt", "dv", ""));
  std::vector<std::string> asked;
  for (auto change = wire.next(); change; change = wire.next()) {
    REQUIRE(change->answered.has_value());
    CHECK(*change->answered >= std::chrono::floor<std::chrono::seconds>(wire.clock.wall()) - 10s);
    REQUIRE(change->inputs.size() == 1);
    cps::Input const& input = change->inputs[0];
    REQUIRE(input.kind.has_value());
    asked.push_back(fields::word(*input.kind));
    auto const info = wire.info(input);
    REQUIRE_MESSAGE(info.has_value(), info);
    cps::Answer answer = cps::Acknowledge();
    if (auto const* const text = std::get_if<cps::WarningsText>(&*info)) CHECK(!text->warnings.empty());
    if (auto const* const challenges = std::get_if<cps::Challenges>(&*info)) {
      REQUIRE(challenges->dv.size() == 2);
      CHECK(challenges->dv[0].challenges.size() == 2);
    }
    if (auto const* const pending = std::get_if<cps::PendingDeployment>(&*info)) {
      REQUIRE(pending->certificates.size() == 1);
      CHECK(pending->certificates[0].full_certificate.starts_with("-----BEGIN CERTIFICATE-----"));
      CHECK(json::find(*pending->network, "sniOnly")->IsBool());
      auto const stale = wire.answer(input, cps::Approve{.validation_result_hash = "0123"});
      REQUIRE_FALSE(stale.has_value());
      CHECK(stale.error().reached == Reached::no);
      auto const again = wire.info(input);
      CHECK(std::get<cps::PendingDeployment>(again.value()).fingerprint == pending->fingerprint);
      answer = cps::Approve{.validation_result_hash = pending->validation_result_hash};
    }
    auto const given = wire.answer(input, answer);
    REQUIRE_MESSAGE(given.has_value(), given);
    // It is taken: the same again is refused, and proves that it was not done twice.
    auto const twice = wire.answer(input, answer);
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error().reached == Reached::no);
  }
  CHECK(asked == std::vector<std::string>{"preVerificationWarnings", "domainValidation", "postVerificationWarnings",
                                          "changeManagement"});
  cps::ChangeReader reader(*wire.session);
  auto const deployed = wire.loop.run(reader.deployments("", wire.ref.enrollment, "www"));
  REQUIRE_MESSAGE(deployed.has_value(), deployed);
  REQUIRE(deployed->production.has_value());
  REQUIRE(deployed->production->primary_certificate.has_value());
  CHECK(parse_timestamp(deployed->production->primary_certificate->expiry).has_value());
  auto const history = wire.loop.run(reader.change_history("", wire.ref.enrollment, "www"));
  REQUIRE_MESSAGE(history.has_value(), history);
  CHECK(history->size() == 1);
  auto const active = wire.loop.run(reader.active_certificates("", "1-1TJZH5"));
  REQUIRE_MESSAGE(active.has_value(), active);
  REQUIRE(active->size() == 1);
  CHECK((*active)[0].enrollment == wire.ref.enrollment);
  CHECK((*active)[0].common_name == "www.example.com");
}

TEST_CASE("wire: a third-party change shows its CSR, takes no foreign certificate, and has a schedule") {
  Wire wire({.csrs = sandbox::Csrs::both});
  wire.create(body("third-party", "third-party", R"("thirdParty":{"excludeSans":false},)"));
  auto const change = wire.next();
  REQUIRE(change.has_value());
  REQUIRE(change->inputs.size() == 1);
  REQUIRE(change->inputs[0].kind == InputKind::third_party_certificate);
  auto const info = wire.info(change->inputs[0]);
  REQUIRE_MESSAGE(info.has_value(), info);
  auto const& csrs = std::get<cps::Csrs>(*info).csrs;
  REQUIRE(csrs.size() == 2);
  CHECK(csrs[0].csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
  CHECK(csrs[0].key_algorithm != csrs[1].key_algorithm);
  auto const refused = wire.answer(change->inputs[0],
                                   cps::Upload{.certificates = {{.key_algorithm = "RSA", .certificate = csrs[0].csr}}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().reached == Reached::no);
  cps::ChangeWriter writer(*wire.session);
  cps::ScheduleRequest later{.ref = wire.ref, .not_before = parse_timestamp("2031-01-01T00:00:00Z").value()};
  auto const moved = wire.loop.run(writer.reschedule(std::move(later)));
  REQUIRE_MESSAGE(moved.has_value(), moved);
  auto const schedule = wire.loop.run(writer.schedule(wire.ref));
  REQUIRE_MESSAGE(schedule.has_value(), schedule);
  CHECK(schedule->not_before.starts_with("2031-01-01"));
  CHECK(schedule->not_after.empty());
}
