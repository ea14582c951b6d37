// The operations on changes against the embedded CPS, over TLS: what one sends and the other reads is the same.
#include "base/fields.hpp"
#include "cps/change_api.hpp"
#include "cps/wire.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::test;
using namespace std::chrono_literals;
using cps::InputKind;

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
