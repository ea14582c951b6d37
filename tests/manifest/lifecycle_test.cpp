#include "manifest/lifecycle.hpp"

#include "findings.hpp"
#include "manifest/saved.hpp"
#include "places.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

constexpr char const* digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The policy of an enrollment on a profile; both say what spec.lifecycle has, in flow style.
manifest::Lifecycle policy(std::string const& profile, std::string const& own) {
  std::string const text = fmt::format(
      "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: {{ name: base }}\nspec:\n  contractId: 1-1TJZH5\n"
      "  lifecycle: {}\n---\napiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: {{ name: www }}\nspec:\n"
      "  profiles: [base]\n  lifecycle: {}\n  enrollment: {{ csr: {{ cn: www.example.com }} }}\n",
      profile, own);
  auto const loaded = manifest::load_text(text, {.signers = {"corp-ca"}});
  std::vector<Finding> findings = loaded.findings;
  // The enrollment is not whole: only what is said of the lifecycle counts here.
  std::erase_if(findings, [](Finding const& one) { return !one.path.starts_with("spec.lifecycle"); });
  CHECK(manifest::lines(findings) == "");
  REQUIRE(loaded.desired.size() == 1);
  return loaded.desired[0].lifecycle;
}

json::Document file(std::string const& path) {
  std::ifstream in(path);
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  return json::parse(text, path).value();
}

}  // namespace

TEST_CASE("lifecycle: what is written is read into values") {
  auto const read = policy("{}", fmt::format("{{ promotion: {{ after: 90m }}, allowExpiry: true, hold: the fair, "
                                             "certificate: {{ signer: corp-ca, keyAlgorithms: [ECDSA, RSA] }}, "
                                             "acknowledge: [{{ warning: \"*\", class: low, reason: harmless, "
                                             "until: 2027-06-30 }}, {{ warning: UNEXPECTED_TRUST_CHAIN, text: \"{}\", "
                                             "reason: reviewed, until: 2027-01-31 }}] }}",
                                             digest));
  CHECK(read.promotion ==
        manifest::Promotion{.mode = manifest::PromotionMode::after, .after = std::chrono::minutes(90)});
  CHECK(read.allow_expiry);
  CHECK(read.hold == "the fair");
  CHECK(read.certificate == manifest::CertificateSource{.signer = "corp-ca", .key_algorithms = {"ECDSA", "RSA"}});
  REQUIRE(read.acknowledge.size() == 2);
  CHECK(read.acknowledge[0] == manifest::Acknowledgement{.warning = "*",
                                                         .reason = "harmless",
                                                         .until = parse_day("2027-06-30").value(),
                                                         .class_ = manifest::AnsweredClass::low});
  CHECK(read.acknowledge[1] == manifest::Acknowledgement{.warning = "UNEXPECTED_TRUST_CHAIN",
                                                         .reason = "reviewed",
                                                         .until = parse_day("2027-01-31").value(),
                                                         .text = digest});
}

TEST_CASE("lifecycle: a profile's part is merged deeply, its list of answers replaced") {
  std::string const base =
      "{ promotion: { after: 2h }, hold: later, certificate: { signer: corp-ca, keyAlgorithms: [RSA] }, "
      "acknowledge: [{ warning: UNSORTED_TRUST_CHAIN, reason: a, until: 2027-01-31 }] }";
  auto const inherited = policy(base, "{ adopt: always }");
  CHECK(inherited.adopt == manifest::Adopt::always);
  CHECK(inherited.hold == "later");
  CHECK(inherited.promotion.after == std::chrono::hours(2));
  CHECK(inherited.acknowledge.size() == 1);
  auto const over = policy(base,
                           "{ promotion: auto, hold: '', certificate: { signer: null, files: [a.pem] }, "
                           "acknowledge: [{ warning: DNS_UNKNOWN_HOST, reason: b, until: 2027-02-28 }] }");
  CHECK(over.promotion == manifest::Promotion{.mode = manifest::PromotionMode::auto_});
  CHECK(over.hold.empty());
  CHECK(over.certificate == manifest::CertificateSource{.key_algorithms = {"RSA"}, .files = {"a.pem"}});
  REQUIRE(over.acknowledge.size() == 1);
  CHECK(over.acknowledge[0].warning == "DNS_UNKNOWN_HOST");
}

TEST_CASE("lifecycle: a policy without the newer members is written as it always was") {
  CHECK(fields::to_text(manifest::Lifecycle{}) ==
        R"({"adopt":"ifIdentical","onPendingChange":"refuse","deletion":"orphan","allowDuplicateCn":false})");
}

TEST_CASE("lifecycle: what a state or a plan keeps of a policy is the same policy") {
  manifest::Lifecycle policy{.acknowledge = {{.warning = "*",
                                              .reason = "r",
                                              .until = parse_day("2027-01-31").value(),
                                              .class_ = manifest::AnsweredClass::low},
                                             {.warning = "CSR_EXPIRED",
                                              .reason = "r",
                                              .until = parse_day("2027-01-31").value(),
                                              .text = digest}},
                             .promotion = {.mode = manifest::PromotionMode::after, .after = std::chrono::hours(2)},
                             .allow_expiry = true,
                             .hold = "h",
                             .certificate = {.files = {"a.pem"}}};
  CHECK(fields::to_text(policy).ends_with(
      R"("promotion":{"after":"2h"},"allowExpiry":true,"hold":"h","certificate":{"files":["a.pem"]}})"));
  manifest::Lifecycle read;
  CHECK(fields::from_json(fields::document(policy), read));
  CHECK(read == policy);
  // It is a manifest's spec.lifecycle as well: a saved plan is held against the same schema.
  CHECK(manifest::lifecycle_from(&static_cast<json::Value const&>(fields::document(policy))) == policy);
  for (auto const mode : {manifest::PromotionMode::manual, manifest::PromotionMode::auto_}) {
    policy.promotion = {.mode = mode};
    read = {};
    CHECK(fields::from_json(fields::document(policy), read));
    CHECK(read.promotion.mode == mode);
  }
  manifest::Promotion promotion;
  for (char const* text : {R"("after")", "{}", R"({"after":7})", "7", R"("soon")"})
    CHECK_FALSE(fields::from_json(json::parse(text, "a promotion").value(), promotion));
}

TEST_CASE("lifecycle: the schema knows the warnings that the program knows, and which of them need no text") {
  json::Document const warnings = file(places::source("schemas/warnings.json"));
  std::vector<std::string> all{"*"}, low{"*"};
  for (json::Value const& one : warnings.GetArray()) {
    all.emplace_back(json::view(*json::find(one, "id")));
    if (json::view(*json::find(one, "class")) == "low") low.push_back(all.back());
  }
  REQUIRE(all.size() == 115);
  schema::Field const* const field = schema::named("manifest").value()->at("/spec/lifecycle/acknowledge/0/warning");
  REQUIRE(field != nullptr);
  CHECK(field->enumeration == all);
  std::vector<std::string> without;
  for (json::Value const& id : json::find(field->annotations.get(), "x-without-text")->GetArray())
    without.emplace_back(json::view(id));
  CHECK(without == low);
}

TEST_CASE("saved: a policy that no manifest may have is refused") {
  struct Case {
    char const* title;
    manifest::Lifecycle policy;
    char const* field;
  };
  Day const day = parse_day("2027-01-31").value();
  manifest::Acknowledgement const fine{.warning = "UNSORTED_TRUST_CHAIN", .reason = "r", .until = day};
  auto const with = [&](auto const& change) {
    manifest::Acknowledgement one = fine;
    change(one);
    return manifest::Lifecycle{.acknowledge = {one}};
  };
  Case const cases[] = {
      {"an unknown warning", with([](auto& one) { one.warning = "ALL"; }), "acknowledge[0].warning"},
      {"a warning of the class high without a text", with([](auto& one) { one.warning = "CSR_EXPIRED"; }),
       "acknowledge[0].warning"},
      {"all of them", with([](auto& one) { one.warning = "*"; }), "acknowledge[0].warning"},
      {"no reason", with([](auto& one) { one.reason = ""; }), "acknowledge[0].reason"},
      {"a text that is no digest", with([](auto& one) { one.text = "any"; }), "acknowledge[0].text"},
      {"a file outside", {.certificate = {.files = {"../a.pem"}}}, "certificate.files[0]"},
      {"a key that nobody uses",
       {.certificate = {.signer = "a", .key_algorithms = {"DSA"}}},
       "certificate.keyAlgorithms[0]"},
      {"a signer with files", {.certificate = {.signer = "a", .files = {"a.pem"}}}, "certificate.files"},
  };
  manifest::Desired one{.name = "www",
                        .contract = "1-1TJZH5",
                        .enrollment = json::share(json::parse(R"({"csr":{}})", "enrollment").value())};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      one.lifecycle = c.policy;
      auto const checked = manifest::check_saved(one);
      REQUIRE_FALSE(checked.has_value());
      CHECK_MESSAGE(checked.error().message.find(c.field) != std::string::npos, checked.error().message);
    }
  }
  one.lifecycle = {.acknowledge = {fine}};
  auto const checked = manifest::check_saved(one);
  CHECK(checked.error().message.find("lifecycle") == std::string::npos);  // it is the enrollment that is not whole
}

TEST_CASE("lifecycle: what the page shows loads without a finding") {
  std::ifstream in(places::source("manifests/README.md"));
  std::string page{std::istreambuf_iterator<char>(in), {}};
  auto const begin = page.find("```yaml\n", page.find("## Standing answers"));
  REQUIRE(begin != std::string::npos);
  auto const from = begin + std::string_view("```yaml\n").size();
  std::string const shown = page.substr(from, page.find("```", from) - from);
  auto const loaded = manifest::load_text(
      shown +
          "---\napiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: { name: www }\n"
          "spec: { profiles: [own-ca-answers], contractId: 1-1TJZH5, enrollment: { ra: third-party } }\n",
      {.signers = {"corp-ca"}});
  REQUIRE(loaded.desired.size() == 1);
  CHECK(loaded.desired[0].lifecycle.acknowledge.size() == 3);
  CHECK(manifest::lifecycle_problems(loaded.desired[0].lifecycle).empty());
  for (Finding const& finding : loaded.findings) CHECK(finding.path.find("lifecycle") == std::string::npos);
}

TEST_CASE("lifecycle: a signer is one that the project file has") {
  struct Case {
    char const *title, *signer;
    std::vector<std::string> known;
    char const* project;
    std::string expect;
  };
  std::string const place = "-:8:28: error CPS056 spec.lifecycle.certificate.signer: there is no signer ";
  Case const cases[] = {
      {"it has it", "corp-ca", {"corp-ca", "other"}, "p/cpsctl.yaml", ""},
      {"a slip",
       "corp-cb",
       {"corp-ca"},
       "p/cpsctl.yaml",
       place + "\"corp-cb\" in the project file; did you mean \"corp-ca\"?\n"},
      {"another one",
       "vault",
       {"corp-ca"},
       "p/cpsctl.yaml",
       place + "\"vault\" in the project file; name it under spec.signers of p/cpsctl.yaml\n"},
      {"no project file",
       "vault",
       {},
       "",
       place + "\"vault\" in the project file; name it under spec.signers of a cpsctl.yaml\n"},
      {"none is named", "null", {}, "", ""},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const loaded = manifest::load_text(
        fmt::format("apiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: {{ name: www }}\nspec:\n"
                    "  contractId: 1-1TJZH5\n  enrollment: {{ csr: {{ cn: www.example.com }} }}\n"
                    "  lifecycle:\n    certificate: {{ signer: {} }}\n",
                    c.signer),
        {.project_file = c.project, .signers = c.known});
    std::vector<Finding> findings = loaded.findings;
    std::erase_if(findings, [](Finding const& one) { return !one.path.starts_with("spec.lifecycle"); });
    CHECK(manifest::lines(findings) == c.expect);
  }
}
