#include "cps/changes.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "cps/deployments.hpp"
#include "cps/history.hpp"
#include "cps/inputs.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using cps::InputKind;

namespace {

/// A change 8 of enrollment 7 with one input, by its paths and its type.
std::string change_with(std::string_view info, std::string_view update, std::string_view type = "x") {
  return fmt::format(R"({{"statusInfo":{{"state":"awaiting-input"}},"allowedInput":[{{"type":"{}","info":"{}",)"
                     R"("update":"{}","requiredToProceed":true}}]}})",
                     type, info, update);
}

constexpr char const* inputs = "/cps/v2/enrollments/7/changes/8/input/";

Result<cps::Change> read(std::string_view text) {
  return cps::change_from(text, {7}, {8});
}

/// The input's kind, or why there is none.
std::string kind_of(std::string_view update, std::string_view type) {
  auto const change =
      read(change_with(std::string(inputs) + "info/x", inputs + std::string("update/") + std::string(update), type));
  if (!change) return change.error().message;
  auto const kind = change->inputs.at(0).kind;
  return kind ? fields::word(*kind) : "unknown";
}

constexpr char const* pending = R"({"acknowledgementDeadline":null,"validationResultHash":"da39a3ee",
  "pendingState":{
    "pendingCertificates":[{"certificateType":"third-party","fullCertificate":"PEM","keyAlgorithm":"RSA",
      "ocspStapled":"false","ocspUris":null,"signatureAlgorithm":"SHA-256"}],
    "pendingNetworkConfiguration":{"dnsNameSettings":null,"mustHaveCiphers":"ak-akamai-2020q1","networkType":null,
      "ocspStapling":"not-set","preferredCiphers":"ak-akamai-2020q1","quicEnabled":"false","sniOnly":"true",
      "disallowedTlsVersions":["TLSv1","TLSv1_1"]}},
  "validationResult":{"errors":null,"warnings":[{"message":"[SAN name …]","messageCode":"no-code"}]}})";

cps::PendingDeployment deployment(std::string text) {
  return std::get<cps::PendingDeployment>(cps::input_info_from(InputKind::change_management, text).value());
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
  auto const at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("change: what CPS publishes is read whole, and what nobody knows is left alone") {
  auto const change = read(R"({"statusInfo":{"status":"wait-upload-third-party","state":"awaiting-input",
      "description":"Waiting for you","error":{"code":"E1","description":"bad","timestamp":"2026-11-01T00:00:00Z"},
      "deploymentSchedule":{"notBefore":"2026-12-01T00:00:00Z","notAfter":null},"new":[1]},
    "allowedInput":[{"type":"third-party-certificate","requiredToProceed":true,
      "info":"/cps/v2/enrollments/7/changes/8/input/info/third-party-csr",
      "update":"/cps/v2/enrollments/7/changes/8/input/update/third-party-cert-and-trust-chain"}],"more":{}})");
  REQUIRE(change.has_value());
  CHECK(change->enrollment.value == 7);
  CHECK(change->id.value == 8);
  CHECK(change->state == cps::ChangeState::awaiting_input);
  CHECK(change->status == "wait-upload-third-party");
  CHECK(change->description == "Waiting for you");
  REQUIRE(change->error.has_value());
  CHECK(change->error->code == "E1");
  CHECK(change->schedule.not_before == "2026-12-01T00:00:00Z");
  CHECK(change->schedule.not_after.empty());
  REQUIRE(change->inputs.size() == 1);
  CHECK(change->inputs[0] == cps::Input{.type = "third-party-certificate",
                                        .required = true,
                                        .kind = InputKind::third_party_certificate,
                                        .info = "third-party-csr",
                                        .update = "third-party-cert-and-trust-chain"});
}

TEST_CASE("change: each state is told from each other, and a new one keeps its word") {
  struct Case {
    char const* text;
    std::optional<cps::ChangeState> state;
  };
  using enum cps::ChangeState;
  for (Case const& c :
       {Case{"new", new_}, Case{"running", running}, Case{"awaiting-input", awaiting_input},
        Case{"suspended", suspended}, Case{"error", cps::ChangeState::error}, Case{"cancelled", cancelled},
        Case{"completed", completed}, Case{"new_", {}}, Case{"AWAITING-INPUT", {}}, Case{"paused", {}}}) {
    CAPTURE(c.text);
    auto const change =
        read(fmt::format(R"({{"statusInfo":{{"state":"{}","error":null}},"allowedInput":null}})", c.text));
    REQUIRE(change.has_value());
    CHECK(change->state == c.state);
    CHECK(change->state_text == c.text);
    CHECK_FALSE(change->error.has_value());
    CHECK(change->inputs.empty());
  }
}

TEST_CASE("change: an input is known by where its answer goes, and only else by its type") {
  CHECK(kind_of("pre-verification-warnings-ack", "?") == "preVerificationWarnings");
  CHECK(kind_of("lets-encrypt-challenges-completed", "?") == "domainValidation");
  CHECK(kind_of("third-party-cert-and-trust-chain", "?") == "thirdPartyCertificate");
  CHECK(kind_of("post-verification-warnings-ack", "?") == "postVerificationWarnings");
  CHECK(kind_of("change-management-ack", "?") == "changeManagement");
  CHECK(kind_of("x", "pre-verification-warnings-acknowledgement") == "preVerificationWarnings");
  CHECK(kind_of("x", "pre-verification-warnings-ack") == "preVerificationWarnings");
  CHECK(kind_of("x", "third-party-csr") == "thirdPartyCertificate");
  CHECK(kind_of("x", "change-management") == "changeManagement");
  CHECK(kind_of("post-verification-warnings-ack", "change-management") == "postVerificationWarnings");
  CHECK(kind_of("x", "y") == "unknown");
}

TEST_CASE("change: a path that leads anywhere else is not followed, and the change is not read") {
  auto const path = [](std::string_view side, std::string_view segment) {
    return std::string(inputs) + std::string(side) + "/" + std::string(segment);
  };
  std::string const info = path("info", "third-party-csr");
  std::string const update = path("update", "change-management-ack");
  CHECK(read(change_with(info, update)).has_value());
  std::vector<std::string> elsewhere{"", "/", "third-party-csr", "/cps/v2/enrollments/7/changes/8", "/papi/v1/x"};
  for (std::string_view const side : {"info", "update"}) {
    for (char const* begin : {"https://example.com", "//example.com", "/..", " "})
      elsewhere.push_back(begin + path(side, "x"));
    for (char const* segment : {"", "x/y", "..", ".", "../../../9/input/info/x", "%2e%2e", "x?accountSwitchKey=1-2:3",
                                "x#y", R"(x\\y)", R"(x\r\nHost: example.com)", R"(x\u0000)", "é", "x "})
      elsewhere.push_back(path(side, segment));
    for (char const* other : {"7/changes/9", "70/changes/8", "07/changes/8", "7/changes/8/changes/8", "+7/changes/8"})
      elsewhere.push_back(fmt::format("/cps/v2/enrollments/{}/input/{}/x", other, side));
    elsewhere.push_back(path(side, std::string(200, 'x')));
  }
  auto const refused = [](std::string const& text) {
    auto const change = read(text);
    REQUIRE_FALSE(change.has_value());
    CHECK(change.error().code == Errc::protocol);
    CHECK(change.error().message == text::printable(change.error().message));
  };
  for (std::string const& other : elsewhere) {
    CAPTURE(other);
    refused(change_with(other, update));
    refused(change_with(info, other));
  }
  refused(change_with(update, info));
}

TEST_CASE("change: what has another shape is an error that names the field") {
  struct Case {
    char const* text;
    char const* field;
  };
  for (Case const& c : {
           Case{"", "change 8"},
           Case{"[]", "change 8 with something else"},
           Case{"{}", "statusInfo.state"},
           Case{R"({"statusInfo":7})", "statusInfo"},
           Case{R"({"statusInfo":{"state":7}})", "statusInfo.state"},
           Case{R"({"statusInfo":{"state":"new","error":"bad"}})", "statusInfo.error"},
           Case{R"({"statusInfo":{"state":"new","error":{"code":7}}})", "statusInfo.error.code"},
           Case{R"({"statusInfo":{"state":"new"},"allowedInput":{}})", "allowedInput"},
           Case{R"({"statusInfo":{"state":"new"},"allowedInput":[{},7]})", "allowedInput[1]"},
           Case{R"({"statusInfo":{"state":"new"},"allowedInput":[{"requiredToProceed":"true"}]})",
                "allowedInput[0].requiredToProceed"},
           Case{R"({"statusInfo":{"state":"new"},"allowedInput":[{"type":"x"}]})", "info path"},
       }) {
    CAPTURE(c.text);
    auto const change = read(c.text);
    REQUIRE_FALSE(change.has_value());
    CHECK(change.error().code == Errc::protocol);
    CHECK_MESSAGE(change.error().message.find(c.field) != std::string::npos, change.error().message);
  }
}

TEST_CASE("inputs: warnings are a text, and one that is missing is not an empty one") {
  auto const warnings = cps::input_info_from(InputKind::post_verification_warnings, R"({"warnings":"a\nb"})");
  REQUIRE(warnings.has_value());
  CHECK(std::get<cps::WarningsText>(*warnings).warnings == "a\nb");
  for (char const* text : {"", "{}", R"({"warnings":null})", R"({"warnings":["a"]})"})
    CHECK_FALSE(cps::input_info_from(InputKind::pre_verification_warnings, text).has_value());
}

TEST_CASE("inputs: challenges may lack anything, but not be something else") {
  auto const read_challenges = [](std::string_view text) {
    return cps::input_info_from(InputKind::domain_validation, text);
  };
  auto const early = read_challenges(R"({"dv":[{"domain":"a.example.com","status":"Preparing","error":null,
      "validationStatus":null,"challenges":[]},{"domain":"b.example.com","status":"Awaiting user",
      "requestTimestamp":"2021-09-05T15:55:49Z","challenges":[{"type":"dns-01","status":"pending","error":null,
      "fullPath":"_acme-challenge.b.example.com.","redirectFullPath":"","responseBody":"TXT","token":"t",
      "validationRecords":[]}]}]})");
  REQUIRE(early.has_value());
  auto const& dv = std::get<cps::Challenges>(*early).dv;
  REQUIRE(dv.size() == 2);
  CHECK(dv[0].validation_status.empty());
  REQUIRE(dv[1].challenges.size() == 1);
  CHECK(dv[1].challenges[0].full_path == "_acme-challenge.b.example.com.");
  CHECK(dv[1].request_timestamp == "2021-09-05T15:55:49Z");
  for (char const* text : {"{}", R"({"dv":7})", R"({"dv":[{"challenges":[{"type":7}]}]})"})
    CHECK_FALSE(read_challenges(text).has_value());
}

TEST_CASE("inputs: CSRs in both versions, and none is an error") {
  auto const csrs = [](std::string_view text) {
    return cps::input_info_from(InputKind::third_party_certificate, text);
  };
  auto const both = csrs(R"({"csrs":[{"csr":"A","keyAlgorithm":"RSA"},{"csr":"B","keyAlgorithm":"ECDSA"}]})");
  REQUIRE(both.has_value());
  CHECK(std::get<cps::Csrs>(*both).csrs.at(1).key_algorithm == "ECDSA");
  auto const old = csrs(R"({"csr":"A"})");
  REQUIRE(old.has_value());
  CHECK(std::get<cps::Csrs>(*old).csrs.at(0).csr == "A");
  CHECK(std::get<cps::Csrs>(*old).csrs.at(0).key_algorithm.empty());
  for (char const* text :
       {"{}", R"({"csrs":[]})", R"({"csrs":[{"keyAlgorithm":"RSA"}]})", R"({"csr":""})", R"({"csr":7})"})
    CHECK_FALSE(csrs(text).has_value());
}

TEST_CASE("inputs: a pending deployment is the same however its booleans, nulls and lists are written") {
  auto const seen = deployment(pending);
  CHECK(seen.validation_result_hash == "da39a3ee");
  CHECK(seen.acknowledgement_deadline.empty());
  CHECK(seen.errors.empty());
  REQUIRE(seen.warnings.size() == 1);
  CHECK(seen.warnings[0].message_code == "no-code");
  REQUIRE(seen.certificates.size() == 1);
  CHECK(seen.certificates[0].full_certificate == "PEM");
  CHECK(json::find(*seen.network, "sniOnly")->GetBool());
  CHECK_FALSE(json::find(*seen.network, "quicEnabled")->GetBool());
  CHECK(json::find(*seen.network, "networkType") == nullptr);
  CHECK(seen.fingerprint.size() == 7 + 64);
  CHECK(deployment(with(pending, R"("sniOnly":"true")", R"("sniOnly":true)")).fingerprint == seen.fingerprint);
  CHECK(deployment(with(pending, R"("networkType":null,)", "")).fingerprint == seen.fingerprint);
  CHECK(deployment(with(pending, R"("TLSv1","TLSv1_1")", R"("TLSv1_1","TLSv1")")).fingerprint == seen.fingerprint);
  // What is not pendingState is the hash's business; what is, is not.
  CHECK(deployment(with(pending, R"("errors":null)", R"("errors":[])")).fingerprint == seen.fingerprint);
  CHECK(deployment(with(pending, R"("PEM")", R"("MEP")")).fingerprint != seen.fingerprint);
  CHECK(deployment(with(pending, R"("TLSv1",)", "")).fingerprint != seen.fingerprint);
  CHECK(deployment(with(pending, R"("sniOnly":"true")", R"("sniOnly":"false")")).fingerprint != seen.fingerprint);
}

TEST_CASE("inputs: a pending deployment without what an approval needs is an error") {
  for (std::string const& text :
       {std::string("{}"), with(pending, "da39a3ee", ""), with(pending, R"("da39a3ee")", "null"),
        with(pending, "pendingState", "pending"), with(pending, R"("warnings":[)", R"("warnings":7,"other":[)"),
        with(pending, R"("errors":null)", R"("errors":"none")"),
        with(pending, R"("fullCertificate":"PEM")", R"("fullCertificate":["PEM"])"),
        R"({"validationResultHash":"x","pendingState":{"pendingNetworkConfiguration":7}})" + std::string(),
        with(pending, "PEM", std::string(std::size_t{1} << 20, 'x'))}) {
    auto const info = cps::input_info_from(InputKind::change_management, text);
    REQUIRE_FALSE(info.has_value());
    CHECK(info.error().code == Errc::protocol);
  }
}

TEST_CASE("answers: each kind of input has its own, and an approval always carries the hash") {
  auto const body = [](InputKind kind, cps::Answer const& answer) -> std::string {
    auto const made = cps::answer_body(kind, answer);
    return made ? fmt::format("{}.{} {}", made->entity, made->version, made->text) : made.error().message;
  };
  for (InputKind const kind :
       {InputKind::pre_verification_warnings, InputKind::domain_validation, InputKind::post_verification_warnings})
    CHECK(body(kind, cps::Acknowledge()) == R"(acknowledgement.v1 {"acknowledgement":"acknowledge"})");
  CHECK(body(InputKind::change_management, cps::Approve{.validation_result_hash = "da39"}) ==
        R"(acknowledgement-with-hash.v1 {"acknowledgement":"acknowledge","hash":"da39"})");
  CHECK(body(InputKind::third_party_certificate,
             cps::Upload{.certificates = {{.key_algorithm = "RSA", .certificate = "A\n", .trust_chain = "B"},
                                          {.key_algorithm = "ECDSA", .certificate = "C"}}}) ==
        R"(certificate-and-trust-chain.v2 {"certificatesAndTrustChains":[)"
        R"({"keyAlgorithm":"RSA","certificate":"A\n","trustChain":"B"},{"keyAlgorithm":"ECDSA","certificate":"C"}]})");
  std::vector<std::pair<InputKind, cps::Answer>> const wrong{
      {InputKind::change_management, cps::Acknowledge()},
      {InputKind::change_management, cps::Approve()},
      {InputKind::third_party_certificate, cps::Acknowledge()},
      {InputKind::third_party_certificate, cps::Upload()},
      {InputKind::pre_verification_warnings, cps::Approve{.validation_result_hash = "da39"}},
      {InputKind::domain_validation, cps::Upload{.certificates = {{.certificate = "A"}}}}};
  for (auto const& [kind, answer] : wrong) {
    CAPTURE(fields::word(kind));
    auto const made = cps::answer_body(kind, answer);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == Errc::internal);
  }
}

TEST_CASE("deployments: both networks, none, and what is something else") {
  auto const both = cps::deployments_from(R"({"production":{"ocspStapled":true,"networkConfiguration":{"sniOnly":true},
      "primaryCertificate":{"certificate":"A","expiry":"2027-02-05T13:21:21Z","keyAlgorithm":"ECDSA","trustChain":null},
      "multiStackedCertificates":[{"certificate":"B","expiry":"2027-02-04T13:21:21Z"}]},"staging":null})");
  REQUIRE(both.has_value());
  REQUIRE(both->production.has_value());
  CHECK(both->production->primary_certificate->expiry == "2027-02-05T13:21:21Z");
  CHECK(both->production->multi_stacked_certificates.at(0).certificate == "B");
  CHECK_FALSE(both->staging.has_value());
  CHECK(cps::deployments_from("{}").has_value());
  auto const odd = cps::deployments_from(R"({"production":{"primaryCertificate":{"expiry":7}}})");
  REQUIRE_FALSE(odd.has_value());
  CHECK(odd.error().message.find("production.primaryCertificate.expiry") != std::string::npos);
}

TEST_CASE("histories and active certificates: a list that is missing is not an empty one") {
  auto const history = cps::change_history_from(R"({"changes":[{"action":"renew","status":"incomplete","createdOn":"x",
      "lastUpdated":null,"primaryCertificate":null,"primaryCertificateOrderDetails":null},{"action":"new-certificate",
      "primaryCertificate":{"csr":"A"},"primaryCertificateOrderDetails":{"orderId":"abcde12345"}}]})");
  REQUIRE(history.has_value());
  REQUIRE(history->size() == 2);
  CHECK_FALSE((*history)[0].primary_certificate.has_value());
  CHECK((*history)[1].primary_certificate->csr == "A");
  CHECK_FALSE((*history)[0].primary_certificate_order_details.has_value());
  CHECK((*history)[1].primary_certificate_order_details->order_id == "abcde12345");
  CHECK_FALSE(cps::change_history_from("{}").has_value());
  auto const active = cps::active_certificates_from(R"({"enrollments":[{"id":7,"csr":{"cn":"a.example.com"},
      "productionSlots":[12],"production":{"primaryCertificate":{"expiry":"2027-02-05T13:21:21Z"}}},
      {"location":"/cps/v2/enrollments/9","csr":{"cn":"b.example.com"}}]})");
  REQUIRE(active.has_value());
  REQUIRE(active->size() == 2);
  CHECK((*active)[0].enrollment.value == 7);
  CHECK((*active)[0].production_slots == std::vector<std::int64_t>{12});
  CHECK((*active)[0].deployed.production->primary_certificate->expiry == "2027-02-05T13:21:21Z");
  CHECK((*active)[1].enrollment.value == 9);
  CHECK_FALSE(cps::active_certificates_from("{}").has_value());
  CHECK_FALSE(cps::active_certificates_from(R"({"enrollments":[{"csr":{"cn":"a"}}]})").has_value());
}
