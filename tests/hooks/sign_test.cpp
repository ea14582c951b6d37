#include "hooks/sign.hpp"

#include "hooks/bench.hpp"
#include "hooks/signing.hpp"
#include "pki/authority.hpp"
#include "pki/certificate.hpp"

#include <doctest/doctest.h>

/// CSRs through real signers, what they give through the checks that everything passes before it is uploaded.
using namespace bench;

namespace {

/// The example of deploy/, in a project of its own.
manifest::Program example(Project const& project, char const* config) {
  return program_of_deploy(project, "openssl-ca.sh", config);
}

}  // namespace

TEST_CASE("sign: the example CA signs what CPS would take, and the same request the same way again") {
  Project const project;
  Keys const keys;
  hooks::Hook const signer =
      project.find(example(project, R"({"folder":".ca","organisation":"Example Corp"})")).value();
  hooks::SignRequest request = request_for(keys);
  request.days = 30;
  hooks::Signed const first = signed_by(project, signer, request);
  CHECK(first.sources[0].name == "answer of ca, certificates[0].certificate");

  std::vector<pki::Upload> const uploads = uploads_of(request, first);
  REQUIRE(uploads.size() == 2);
  pki::Certificate const leaf = pki::read_certificate(uploads[0].certificate).value();
  CHECK(pki::has_server_auth(leaf));
  CHECK(pki::lifetime(leaf) < std::chrono::days(31));
  CHECK(leaf.issuer.find("Example Corp") != std::string::npos);

  std::swap(request.csrs[0], request.csrs[1]);
  hooks::Signed const again = signed_by(project, signer, request);
  REQUIRE(again.sources.size() == first.sources.size());
  for (std::size_t i = 0; i < first.sources.size(); ++i) CHECK(again.sources[i].text == first.sources[i].text);

  request.subject.change.id = 10003;
  hooks::Signed const renewed = signed_by(project, signer, request);
  CHECK(renewed.sources[1].text == first.sources[1].text);  // the same CA
  CHECK(renewed.sources[0].text != first.sources[0].text);
}

TEST_CASE("sign: the example CA is told its folder by the environment, too, and refuses what it does not understand") {
  Project project;
  Keys const keys;
  hooks::Hook const signer = project.find(example(project, "{}")).value();
  CHECK(reason(sign(project, signer, request_for(keys)))
            .ends_with("it said last: no folder for the CA: set config.folder, "
                       "or grant CA_FOLDER"));
  project.granted = {{"CA_FOLDER", (project / "elsewhere").string()}};
  CHECK(signed_by(project, signer, request_for(keys)).sources.size() == 4);
  CHECK(fs::exists(project / "elsewhere/ca.pem"));
  CHECK(project.text("elsewhere/.gitignore") == "*\n");
  CHECK((fs::status(project / "elsewhere/ca.key").permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
        fs::perms::none);
  hooks::SignRequest odd = request_for(keys);
  odd.subject.change.id = 1;
  odd.subject.enrollment.dns_names = {"www.example.com,IP:10.0.0.1"};
  CHECK(reason(sign(project, signer, odd)).ends_with("it said last: a host name is not one"));
  odd = request_for(keys);
  odd.subject.change.id = 1;
  odd.csrs[0].key_algorithm = "../ECDSA";
  CHECK(reason(sign(project, signer, odd)).ends_with("it said last: ../ECDSA keys are not signed here"));
}

TEST_CASE("sign: a CA where a person approves is asked again, with what it answered") {
  Project const project;
  Keys const keys;
  project.script("sign.sh",
                 "cat >request.json\n"
                 "id=$(jq -r .request request.json)\n"
                 "case $(jq -r .reference request.json) in\n"
                 "null) jq -n --arg id $id '{request: $id, reference: \"ticket-1\", retryAfter: \"30m\"}'; exit 75 ;;\n"
                 "ticket-1) jq -n --arg id $id '{request: $id, reference: \"ticket-2\"}'; exit 75 ;;\n"
                 "ticket-2) jq -n --arg id $id '{request: $id, certificates: [{certificate: \"approved\"}]}' ;;\n"
                 "esac");
  hooks::Hook const signer = project.find({"./sign.sh"}).value();
  hooks::SignRequest request = request_for(keys);
  hooks::SignOutcome const first = sign(project, signer, request);
  REQUIRE(std::holds_alternative<hooks::Later>(first));
  CHECK(std::get<hooks::Later>(first).reference == "ticket-1");
  CHECK(std::get<hooks::Later>(first).retry_after == std::chrono::minutes(30));
  request.subject.reference = std::get<hooks::Later>(first).reference;
  hooks::SignOutcome const second = sign(project, signer, request);
  REQUIRE(std::holds_alternative<hooks::Later>(second));
  CHECK_FALSE(std::get<hooks::Later>(second).retry_after);
  request.subject.reference = std::get<hooks::Later>(second).reference;
  CHECK(signed_by(project, signer, request).sources[0].text == "approved");
}

TEST_CASE("sign: what a signer is told") {
  Project const project;
  Keys const keys;
  project.script("sign.sh", "cat >request.json; exit 75");
  manifest::Program program{.exec = {"./sign.sh"},
                            .config = json::share(json::parse(R"({"profile":"server"})", "config").value())};
  hooks::SignRequest request = request_for(keys);
  request.csrs[0].csr = "RSA CSR";
  request.csrs.pop_back();
  hooks::Hook const signer = project.find(program).value();
  CHECK(reason(sign(project, signer, request)).starts_with("the signer ca was not asked: "));
  request = request_for(keys);
  request.csrs.erase(request.csrs.begin());
  request.previous_not_after = authority::today;
  hooks::SignOutcome const outcome = sign(project, signer, request);
  CHECK(std::holds_alternative<hooks::Later>(outcome));
  json::Document told = json::parse(project.text("request.json"), "the request").value();
  CHECK(json::text_or(json::find(told, "request"), "") == hooks::sign_request_id(request).value());
  CHECK(json::text_or(json::at(told, "/csrs/0/csr"), "") == request.csrs[0].csr);
  json::remove(told, "request");
  json::remove(*json::at(told, "/csrs/0"), "csr");
  CHECK(
      json::compact(told) ==
      R"({"format_version":"1.0","operation":"sign","config":{"profile":"server"},"realm":"sandbox","reference":null,)"
      R"("enrollment":{"name":"www","id":10001,"contractId":"1-1TJZH5","commonName":"www.example.com",)"
      R"("dnsNames":["www.example.com","*.shop.example.com"],"validationType":"third-party","labels":{"team":"web"}},)"
      R"("change":{"id":10002,"type":"new-certificate"},"csrs":[{"keyAlgorithm":"ECDSA"}],"days":null,)"
      R"("previousNotAfter":"2026-12-01T00:00:00Z"})");
}

TEST_CASE("sign: the id of a request is that of its work, whatever else is known") {
  Keys const keys;
  hooks::SignRequest const request = request_for(keys);
  auto const id = [](hooks::SignRequest const& one) { return hooks::sign_request_id(one).value(); };
  std::string const usual = id(request);
  CHECK(usual.size() == 64);
  hooks::SignRequest same = request;
  std::swap(same.csrs[0], same.csrs[1]);
  same.subject.reference = "ticket-1";
  same.subject.enrollment.name = "renamed";
  same.subject.enrollment.labels.clear();
  same.days = 30;
  same.csrs[0].csr = authority::csr(keys.ecdsa, "other.example.com");  // the key is the same
  CHECK(id(same) == usual);
  for (auto const& change : std::vector<void (*)(hooks::SignRequest&)>{
           [](auto& one) { one.subject.realm = "akamai"; }, [](auto& one) { one.subject.enrollment.id = 1; },
           [](auto& one) { one.subject.change.id = 1; }, [](auto& one) { one.csrs.pop_back(); },
           [](auto& one) { one.csrs[0].csr = authority::csr(authority::Key::ecdsa(), "www.example.com"); }}) {
    hooks::SignRequest other = request;
    change(other);
    CHECK(id(other) != usual);
  }
}

TEST_CASE("sign: an answer is certificates, or says why it is none") {
  struct Case {
    char const *title, *members, *expect;
  };
  std::string const many = [] {
    std::string list = R"("certificates":[)";
    for (int i = 0; i < 17; ++i) list += std::string(i > 0 ? "," : "") + R"({"certificate":"x"})";
    return list + "]";
  }();
  Case const cases[] = {
      {"no list", R"("x":1)", "its answer has no list of certificates"},
      {"null", R"("certificates":null)", "its answer has no list of certificates"},
      {"no list at all", R"("certificates":{"certificate":"x"})", "its answer has no list of certificates"},
      {"an empty list", R"("certificates":[])", "its answer has no certificate"},
      {"texts", R"("certificates":["x"])", "certificates[0] in its answer has no certificate"},
      {"a chain alone", R"("certificates":[{"trustChain":"x"}])", "certificates[0] in its answer has no certificate"},
      {"a number", R"("certificates":[{"certificate":"x"},{"certificate":1}])",
       "certificates[1] in its answer is not made of texts"},
      {"a chain that is a list", R"("certificates":[{"certificate":"x","trustChain":[]}])",
       "certificates[0] in its answer is not made of texts"},
      {"too many", many.c_str(), "its answer has more than 16 certificates"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const outcome =
        hooks::read_answer(0, fmt::format(R"({{"request":"r",{}}})", c.members), "r", hooks::Repeats::must);
    CHECK(reason(hooks::signed_by("ca", outcome)) == std::string("the signer ca failed: ") + c.expect);
  }
  auto const fine = hooks::read_answer(
      0,
      R"({"request":"r","certificates":[{"certificate":"leaf","trustChain":null,"note":1},{"certificate":"b","trustChain":"c"}]})",
      "r", hooks::Repeats::must);
  std::string texts;
  hooks::SignOutcome const made = hooks::signed_by("ca", fine);
  for (pki::Source const& source : std::get<hooks::Signed>(made).sources)
    texts += source.name + "=" + source.text + "\n";
  CHECK(texts ==
        "answer of ca, certificates[0].certificate=leaf\nanswer of ca, certificates[1].certificate=b\n"
        "answer of ca, certificates[1].trustChain=c\n");
}
