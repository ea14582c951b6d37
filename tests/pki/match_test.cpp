#include "pki/match.hpp"

#include "base/random.hpp"
#include "pki/authority.hpp"
#include "pki/certificate.hpp"
#include "pki/csr.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <boost/mp11.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;
using authority::Authority;
using authority::Key;
using authority::of_a_ca;
using authority::Template;
using authority::today;
using pki::KeyAlgorithm;
using pki::Source;
using std::chrono::days;
using std::chrono::hours;

namespace {

/// A change with two CSRs, and a CA with a root above. Made once: RSA keys take their time.
struct Ground {
  Key rsa = Key::rsa();
  Key ec = Key::ecdsa();
  Key former = Key::rsa();  ///< of a CSR of the past
  Authority root = Authority::root();
  Authority ca = root.intermediate();
  std::string csr_rsa = authority::csr(rsa, "www.example.com", "DNS:www.example.com");
  std::string csr_ec = authority::csr(ec, "www.example.com", "DNS:www.example.com");
};

Ground const& ground() {
  static Ground const made;
  return made;
}

pki::Question asked(std::vector<KeyAlgorithm> wanted) {
  return {.csrs = {{.algorithm = KeyAlgorithm::ECDSA, .csr = pki::read_csr(ground().csr_ec).value()},
                   {.algorithm = KeyAlgorithm::RSA, .csr = pki::read_csr(ground().csr_rsa).value()}},
          .wanted = std::move(wanted),
          .former = {},
          .required = {.names = {"www.example.com"}, .now = today}};
}

pki::Question with_former(pki::Fate fate) {
  auto question = asked({KeyAlgorithm::RSA});
  question.former.push_back(
      {.key_digest = pki::read_csr(authority::csr(ground().former, "www.example.com")).value().key.digest,
       .fate = fate});
  return question;
}

std::size_t blocks_in(std::string_view pem) {
  std::size_t count = 0;
  for (auto at = pem.find("BEGIN"); at != std::string_view::npos; at = pem.find("BEGIN", at + 1)) ++count;
  return count;
}

/// "ready RSA+2": a leaf with two issuers; "waits RSA(older) ECDSA"; "refused".
std::string outcome_text(pki::Match const& match) {
  if (auto const* ready = std::get_if<pki::Ready>(&match.outcome)) {
    std::string said = "ready";
    for (pki::Upload const& one : ready->uploads)
      said += fmt::format(" {}+{}", boost::describe::enum_to_string(one.algorithm, ""), blocks_in(one.trust_chain));
    return said;
  }
  if (auto const* waits = std::get_if<pki::Waits>(&match.outcome)) {
    std::string said = "waits";
    for (pki::Missing const& one : waits->missing)
      said += fmt::format(" {}{}", boost::describe::enum_to_string(one.algorithm, ""),
                          one.absence == pki::Absence::for_older_csr ? "(older)" : "");
    return said;
  }
  return "refused";
}

std::string finding_text(pki::Finding const& one) {
  return fmt::format("{} {}", boost::describe::enum_to_string(one.level, ""),
                     boost::describe::enum_to_string(one.code, ""));
}

std::vector<std::string> found(pki::Match const& match) {
  std::vector<std::string> all;
  for (pki::Finding const& one : match.findings) all.push_back(finding_text(one));
  return all;
}

struct Case {
  std::string title;
  pki::Question question;
  std::vector<Source> sources;
  std::string outcome;
  std::vector<std::string> found;
};

Source file(std::string text) {
  return {.name = "certs/www.pem", .text = std::move(text)};
}

/// A certificate for the RSA CSR with its chain.
Source whole(Template const& says) {
  Ground const& g = ground();
  return file(g.ca.issue(g.rsa, says) + g.ca.pem());
}

/// The last byte of a certificate is one of its signature.
std::string altered(std::string const& pem) {
  std::string der = authority::der(pem);
  der.back() = static_cast<char>(der.back() ^ 1);
  return authority::pem("CERTIFICATE", der);
}

Template changed(std::function<void(Template&)> const& change, Template says = {}) {
  change(says);
  return says;
}

std::vector<Case> cases_of_keys() {
  Ground const& g = ground();
  auto const rsa = asked({KeyAlgorithm::RSA});
  auto const both = asked({KeyAlgorithm::RSA, KeyAlgorithm::ECDSA});
  auto no_csr = both;
  no_csr.csrs.erase(no_csr.csrs.begin());
  std::string const chain = g.ca.pem() + g.root.pem();
  std::string const leaf = g.ca.issue(g.rsa);
  return {
      {"one is wanted, the other CSR is nobody's concern", rsa, {whole({})}, "ready RSA+1", {}},
      {"the root goes along where it was given", rsa, {file(g.ca.issue(g.rsa) + chain)}, "ready RSA+2", {}},
      {"both from one text", both, {file(g.ca.issue(g.rsa) + g.ca.issue(g.ec) + chain)}, "ready RSA+2 ECDSA+2", {}},
      {"a file each",
       both,
       {{"ec", g.ca.issue(g.ec)}, {"chain", chain}, {"rsa", g.ca.issue(g.rsa)}},
       "ready RSA+2 ECDSA+2",
       {}},
      {"alone and in front of its chain, as CAs hand it out",
       rsa,
       {{"cert", leaf}, {"fullchain", leaf + g.ca.pem()}},
       "ready RSA+1",
       {}},
      {"from a CSR", rsa, {file(g.ca.issue(g.csr_rsa) + g.ca.pem())}, "ready RSA+1", {}},
      {"nothing yet", both, {}, "waits RSA ECDSA", {"wait certificate_missing", "wait certificate_missing"}},
      {"one of two: none is uploaded", both, {whole({})}, "waits ECDSA", {"wait certificate_missing"}},
      {"one of two, and that one is wrong",
       both,
       {whole({.usages = "clientAuth"})},
       "refused",
       {"error server_auth_missing", "wait certificate_missing"}},
      {"no CSR for what is wanted", no_csr, {whole({})}, "refused", {"error csr_missing"}},
      {"nothing is wanted", asked({}), {}, "refused", {"error csr_missing"}},
      {"for a CSR that is not wanted",
       rsa,
       {file(g.ca.issue(g.rsa) + g.ca.issue(g.ec) + g.ca.pem())},
       "ready RSA+1",
       {"warning algorithm_not_wanted"}},
      {"for no CSR",
       rsa,
       {file(g.ca.issue(g.former) + g.ca.pem())},
       "refused",
       {"error key_matches_no_csr", "wait certificate_missing"}},
      {"for no CSR, and of another kind than what is missing",
       rsa,
       {file(g.ca.issue(Key::ed25519()) + g.ca.pem())},
       "waits RSA",
       {"wait certificate_missing", "warning key_matches_no_csr"}},
      {"for no CSR, beside the right one",
       rsa,
       {file(g.ca.issue(g.former) + whole({}).text)},
       "ready RSA+1",
       {"warning key_matches_no_csr"}},
      {"for an older CSR",
       with_former(pki::Fate::older),
       {file(g.ca.issue(g.former))},
       "waits RSA(older)",
       {"wait certificate_missing", "wait csr_older"}},
      {"for an older CSR, beside the right one",
       with_former(pki::Fate::older),
       {file(g.ca.issue(g.former) + whole({}).text)},
       "ready RSA+1",
       {"warning csr_older"}},
      {"for a CSR that a cancel made void",
       with_former(pki::Fate::voided),
       {file(g.ca.issue(g.former))},
       "refused",
       {"wait certificate_missing", "error csr_void"}},
      {"for a void CSR, beside the right one",
       with_former(pki::Fate::voided),
       {file(g.ca.issue(g.former) + whole({}).text)},
       "ready RSA+1",
       {"warning csr_void"}},
      {"two for the same CSR",
       rsa,
       {file(g.ca.issue(g.rsa, {.not_after = today + days(60)}) + whole({}).text)},
       "ready RSA+1",
       {"warning not_chosen"}},
      {"two for the same CSR, the longer one is wrong",
       rsa,
       {file(g.ca.issue(g.rsa, {.not_after = today + days(150), .usages = "clientAuth"}) + whole({}).text)},
       "ready RSA+1",
       {"warning not_chosen"}},
  };
}

std::vector<Case> cases_of_leaves() {
  Ground const& g = ground();
  auto const rsa = asked({KeyAlgorithm::RSA});
  auto more_names = rsa;
  more_names.required.names = {"www.example.com", "b.example.com", "a.example.com"};
  auto const leaf = [](std::function<void(Template&)> const& change) { return whole(changed(change)); };
  std::string const twice = g.ca.issue(g.rsa);
  return {
      {"names are missing", more_names, {whole({})}, "refused", {"error names_missing"}},
      {"a wildcard covers them", more_names, {whole({.names = "DNS:*.example.com"})}, "ready RSA+1", {}},
      {"a common name covers nothing", rsa, {whole({.names = ""})}, "refused", {"error names_missing"}},
      {"not valid yet",
       rsa,
       {leaf([](Template& t) { t.not_before = today + hours(1); })},
       "refused",
       {"error not_yet_valid"}},
      {"valid from now on", rsa, {leaf([](Template& t) { t.not_before = today; })}, "ready RSA+1", {}},
      {"expired", rsa, {leaf([](Template& t) { t.not_after = today - hours(1); })}, "refused", {"error expired"}},
      {"valid to this second",
       rsa,
       {leaf([](Template& t) { t.not_after = today; })},
       "ready RSA+1",
       {"warning expires_soon"}},
      {"expires soon",
       rsa,
       {leaf([](Template& t) { t.not_after = today + days(14); })},
       "ready RSA+1",
       {"warning expires_soon"}},
      {"expires a second later",
       rsa,
       {leaf([](Template& t) { t.not_after = today + days(14) + std::chrono::seconds(1); })},
       "ready RSA+1",
       {}},
      {"lives as long as it may",
       rsa,
       {leaf([](Template& t) { t.not_after = t.not_before + days(200) - std::chrono::seconds(1); })},
       "ready RSA+1",
       {}},
      {"lives a second longer",
       rsa,
       {leaf([](Template& t) { t.not_after = t.not_before + days(200); })},
       "ready RSA+1",
       {"warning lifetime_too_long"}},
      {"for clients", rsa, {whole({.usages = "clientAuth"})}, "refused", {"error server_auth_missing"}},
      {"for whatever", rsa, {whole({.usages = ""})}, "refused", {"error server_auth_missing"}},
      {"a CA's",
       rsa,
       {whole({.constraints = "critical,CA:TRUE", .key_usage = "critical,keyCertSign,digitalSignature"})},
       "refused",
       {"error ca_as_leaf"}},
      {"signed over SHA-1", rsa, {whole({.hash = "SHA1"})}, "ready RSA+1", {"warning weak_signature"}},
      {"repeated in its chain", rsa, {file(twice + g.ca.pem() + twice)}, "ready RSA+1", {"warning leaf_repeated"}},
      {"all that is wrong is said",
       more_names,
       {leaf([](Template& t) {
         t.not_before = today + hours(1);
         t.usages = "emailProtection";
         t.hash = "SHA1";
       })},
       "refused",
       {"error names_missing", "error not_yet_valid", "error server_auth_missing", "warning weak_signature"}},
  };
}

std::vector<Case> cases_of_chains() {
  Ground const& g = ground();
  auto const rsa = asked({KeyAlgorithm::RSA});
  auto const issued = [&](Authority const& by) { return file(by.issue(g.rsa) + by.pem()); };
  auto const below_root = [&](std::function<void(Template&)> const& change) {
    return g.root.intermediate(changed(change, of_a_ca("Test Issuing CA")));
  };
  Authority const deep = g.ca.intermediate(of_a_ca("Test Deep CA"));
  Key const ca_key = g.ca.key();
  Template const ending = changed([](Template& t) { t.not_after = today + days(90); }, of_a_ca("Test Issuing CA"));
  Template const ended = changed([](Template& t) { t.not_after = today - days(1); }, of_a_ca("Test Issuing CA"));
  Authority const narrow = Authority::root(
      changed([](Template& t) { t.constraints = "critical,CA:TRUE,pathlen:0"; }, of_a_ca("Test Narrow Root")));
  Authority const below_narrow = narrow.intermediate();
  Authority const below_below = below_narrow.intermediate(of_a_ca("Test Deep CA"));
  Template const coming = changed(
      [](Template& t) {
        t.not_before = today + days(1);
        t.not_after += days(365);
      },
      of_a_ca("Test Issuing CA"));
  Authority const other_root = Authority::root(of_a_ca("Test Other Root"));
  Authority const crossed = other_root.intermediate(
      changed([](Template& t) { t.not_after += days(365); }, of_a_ca("Test Root")), g.root.key());
  Authority const old_root = Authority::root(authority::of_old("Test Old Root"));
  Authority const below_old = old_root.intermediate();
  Authority const of_both = g.root.intermediate(ending);
  std::string const chain = g.ca.pem() + g.root.pem();
  return {
      {"in the wrong order",
       rsa,
       {file(g.root.pem() + g.ca.pem() + g.ca.issue(g.rsa))},
       "ready RSA+2",
       {"warning order_repaired"}},
      {"only its issuers in the wrong order",
       rsa,
       {{"leaf", g.ca.issue(g.rsa)}, {"chain", g.root.pem() + g.ca.pem()}},
       "ready RSA+2",
       {"warning order_repaired"}},
      {"three issuers", rsa, {file(deep.issue(g.rsa) + deep.pem() + chain)}, "ready RSA+3", {}},
      {"a root that issues by itself", rsa, {file(g.root.issue(g.rsa) + g.root.pem())}, "ready RSA+1", {}},
      {"the issuer is not there", rsa, {file(g.ca.issue(g.rsa))}, "refused", {"error chain_incomplete"}},
      {"only the root is there", rsa, {file(g.ca.issue(g.rsa) + g.root.pem())}, "refused", {"error chain_incomplete"}},
      {"another key of the same CA is there",
       rsa,
       {file(g.ca.issue(g.rsa) + g.root.intermediate().pem())},
       "refused",
       {"error chain_incomplete"}},
      {"an altered leaf", rsa, {file(altered(g.ca.issue(g.rsa)) + chain)}, "refused", {"error bad_signature"}},
      {"an altered issuer",
       rsa,
       {file(g.ca.issue(g.rsa) + altered(g.ca.pem()) + g.root.pem())},
       "refused",
       {"error bad_signature"}},
      {"an altered root",
       rsa,
       {file(g.ca.issue(g.rsa) + g.ca.pem() + altered(g.root.pem()))},
       "refused",
       {"error bad_signature"}},
      {"an issuer that is no CA",
       rsa,
       {issued(below_root([](Template& t) { t.constraints = "critical,CA:FALSE"; }))},
       "refused",
       {"error chain_invalid"}},
      {"an issuer whose key is not for that",
       rsa,
       {issued(below_root([](Template& t) { t.key_usage = "critical,digitalSignature"; }))},
       "refused",
       {"error chain_invalid"}},
      {"an issuer for other names",
       rsa,
       {issued(below_root([](Template& t) { t.name_constraints = "critical,permitted;DNS:example.org"; }))},
       "refused",
       {"error chain_invalid"}},
      {"an issuer for mail",
       rsa,
       {issued(below_root([](Template& t) { t.usages = "emailProtection"; }))},
       "refused",
       {"error chain_invalid"}},
      {"a longer path than its root allows",
       rsa,
       {file(below_below.issue(g.rsa) + below_below.pem() + below_narrow.pem() + narrow.pem())},
       "refused",
       {"error chain_invalid"}},
      {"an issuer that has expired", rsa, {issued(g.root.intermediate(ended))}, "refused", {"error expired"}},
      {"an issuer of tomorrow",
       rsa,
       {issued(below_root([](Template& t) { t.not_before = today + days(1); }))},
       "refused",
       {"error not_yet_valid"}},
      {"an issuer that expires before",
       rsa,
       {issued(g.root.intermediate(ending))},
       "ready RSA+1",
       {"warning issuer_expires_first"}},
      {"of two certificates of its issuer the one that is valid",
       rsa,
       {file(g.ca.issue(g.rsa) + g.root.intermediate(ended, ca_key).pem() + g.ca.pem())},
       "ready RSA+1",
       {"warning unrelated"}},
      {"of two certificates of its issuer the one that is valid, though the other lasts longer",
       rsa,
       {file(g.ca.issue(g.rsa) + g.root.intermediate(coming, ca_key).pem() + g.ca.pem())},
       "ready RSA+1",
       {"warning unrelated"}},
      {"a root rather than what another root says of it",
       rsa,
       {file(g.ca.issue(g.rsa) + g.ca.pem() + crossed.pem() + g.root.pem() + other_root.pem())},
       "ready RSA+2",
       {"warning unrelated"}},
      {"what another root says of it, where that is all there is",
       rsa,
       {file(g.ca.issue(g.rsa) + g.ca.pem() + crossed.pem() + other_root.pem())},
       "ready RSA+3",
       {}},
      {"a root of version 1",
       rsa,
       {file(below_old.issue(g.rsa) + below_old.pem() + old_root.pem())},
       "ready RSA+2",
       {}},
      {"an issuer of both that expires before: said once",
       asked({KeyAlgorithm::RSA, KeyAlgorithm::ECDSA}),
       {file(of_both.issue(g.rsa) + of_both.issue(g.ec) + of_both.pem())},
       "ready RSA+1 ECDSA+1",
       {"warning issuer_expires_first"}},
      {"an issuer that expires before one of both",
       asked({KeyAlgorithm::RSA, KeyAlgorithm::ECDSA}),
       {file(of_both.issue(g.rsa, {.not_after = today + days(60)}) + of_both.issue(g.ec) + of_both.pem())},
       "ready RSA+1 ECDSA+1",
       {"warning issuer_expires_first"}},
      {"of two certificates of its issuer the one that lasts",
       rsa,
       {file(g.ca.issue(g.rsa) + g.root.intermediate(ending, ca_key).pem() + g.ca.pem())},
       "ready RSA+1",
       {"warning unrelated"}},
      {"an issuer signed over SHA-1",
       rsa,
       {issued(below_root([](Template& t) { t.hash = "SHA1"; }))},
       "ready RSA+1",
       {"warning weak_signature"}},
      {"a root signed over SHA-1",
       rsa,
       {issued(Authority::root(changed([](Template& t) { t.hash = "SHA1"; }, of_a_ca("Test Old Root"))))},
       "ready RSA+1",
       {}},
      {"CAs that nobody needs",
       rsa,
       {file(whole({}).text + narrow.pem() + below_narrow.pem())},
       "ready RSA+1",
       {"warning unrelated"}},
  };
}

std::vector<Case> cases_of_texts() {
  auto const rsa = asked({KeyAlgorithm::RSA});
  auto const beside = [&](std::string text) { return std::vector<Source>{whole({}), {"other.pem", std::move(text)}}; };
  return {
      {"a private key beside it", rsa, beside(Key::ecdsa().pem()), "refused", {"error private_key"}},
      {"PKCS#7 beside it", rsa, beside(authority::pem("PKCS7", "abc")), "refused", {"error wrong_form"}},
      {"rubbish beside it", rsa, beside(authority::pem("CERTIFICATE", "abc")), "refused", {"error unreadable"}},
      {"too much beside it", rsa, beside(std::string(pki::longest_text + 1, ' ')), "refused", {"error too_large"}},
      {"nothing beside it", rsa, beside(""), "refused", {"error no_certificate"}},
      {"something else beside it",
       rsa,
       beside(ground().ca.pem() + authority::pem("DH PARAMETERS", "abc")),
       "ready RSA+1",
       {"warning other_block"}},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (auto const& some : {cases_of_keys(), cases_of_leaves(), cases_of_chains(), cases_of_texts()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

void holds(std::vector<Case> const& cases) {
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const match = pki::match(c.question, c.sources);
    CHECK(outcome_text(match) == c.outcome);
    auto expected = c.found;
    auto said = found(match);
    std::ranges::sort(expected);
    std::ranges::sort(said);
    CHECK(fmt::format("{}", fmt::join(said, ", ")) == fmt::format("{}", fmt::join(expected, ", ")));
  }
}

}  // namespace

TEST_CASE("match: which certificate is for which CSR") {
  holds(cases_of_keys());
}

TEST_CASE("match: what a leaf has to be") {
  holds(cases_of_leaves());
}

TEST_CASE("match: chains are found, put in order and verified") {
  holds(cases_of_chains());
}

TEST_CASE("match: what is wrong with a text stops the upload") {
  holds(cases_of_texts());
}

TEST_CASE("match: every kind of finding is met, and says where, what and what next") {
  std::set<std::string> met;
  for (Case const& c : all_cases()) {
    CAPTURE(c.title);
    for (pki::Finding const& one : pki::match(c.question, c.sources).findings) {
      CAPTURE(one.message);
      met.insert(boost::describe::enum_to_string(one.code, ""));
      CHECK(!one.message.empty());
      CHECK(!one.message.ends_with('.'));
      CHECK(!one.next.empty());
      CHECK(one.at.file.empty() ==
            (one.code == pki::FindingCode::csr_missing || one.code == pki::FindingCode::certificate_missing));
      CHECK(one.subject.empty() == one.serial.empty());
    }
  }
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<pki::FindingCode>>([&](auto code) {
    CAPTURE(code.name);
    CHECK(met.contains(code.name));
  });
}

TEST_CASE("match: what is uploaded, to the byte") {
  Ground const& g = ground();
  std::string const rsa = g.ca.issue(g.rsa, {.not_after = today + days(90)});
  std::string const ec = g.ca.issue(g.ec);
  auto const question = asked({KeyAlgorithm::ECDSA, KeyAlgorithm::RSA});
  auto const match = pki::match(question, std::vector<Source>{file(ec + rsa + g.ca.pem() + g.root.pem())});
  CHECK(match.findings.empty());
  auto const* const ready = std::get_if<pki::Ready>(&match.outcome);
  REQUIRE(ready != nullptr);
  REQUIRE(ready->uploads.size() == 2);
  CHECK(ready->uploads[0].algorithm == KeyAlgorithm::RSA);
  CHECK(ready->uploads[0].certificate == rsa);
  CHECK(ready->uploads[0].trust_chain == g.ca.pem() + g.root.pem());
  CHECK(ready->uploads[0].not_after == today + days(90));
  CHECK(ready->uploads[1].algorithm == KeyAlgorithm::ECDSA);
  CHECK(ready->uploads[1].certificate == ec);
  CHECK(ready->uploads[1].trust_chain == g.ca.pem() + g.root.pem());
  CHECK(ready->earliest_expiry == today + days(90));
  CHECK(ready->digest == pki::upload_digest(ready->uploads));
}

TEST_CASE("match: the digest tells uploads apart by every byte") {
  std::vector<pki::Upload> const one{{.algorithm = KeyAlgorithm::RSA, .certificate = "ab", .trust_chain = "c"}};
  auto const digest = pki::upload_digest(one);
  CHECK(digest.starts_with("sha256:"));
  CHECK(digest == pki::upload_digest(std::vector<pki::Upload>(one)));
  auto const differs = [&](std::function<void(pki::Upload&)> const& change) {
    auto other = one;
    change(other.front());
    return pki::upload_digest(other) != digest;
  };
  CHECK(differs([](pki::Upload& it) { it.algorithm = KeyAlgorithm::ECDSA; }));
  CHECK(differs([](pki::Upload& it) { it.certificate = "aB"; }));
  CHECK(differs([](pki::Upload& it) { it.trust_chain = ""; }));
  CHECK(differs([](pki::Upload& it) {
    it.certificate = "a";
    it.trust_chain = "bc";
  }));
  CHECK(pki::upload_digest({}) != digest);
}

TEST_CASE("match: findings name the certificate that is meant and its place") {
  Ground const& g = ground();
  std::string const leaf = g.ca.issue(g.rsa, {.usages = "clientAuth"});
  auto const match =
      pki::match(asked({KeyAlgorithm::RSA}), std::vector<Source>{file("# from the CA\n" + g.ca.pem() + leaf)});
  auto const about = std::ranges::find(match.findings, pki::FindingCode::server_auth_missing, &pki::Finding::code);
  REQUIRE(about != match.findings.end());
  CHECK(about->at.file == "certs/www.pem");
  CHECK(about->at.line == 2 + std::ranges::count(g.ca.pem(), '\n'));
  CHECK(about->subject == "CN=www.example.com,O=Example Corp");
  CHECK(about->serial == pki::read_certificate(leaf)->serial);
  CHECK(about->message == "is not for servers, its extended key usage is clientAuth");
}

TEST_CASE("match: errors come first, then by place") {
  Ground const& g = ground();
  std::string const wrong = g.ca.issue(g.rsa, {.usages = "", .hash = "SHA1"});
  auto const match = pki::match(asked({KeyAlgorithm::ECDSA, KeyAlgorithm::RSA}),
                                std::vector<Source>{{"z", "words"}, {"b", g.ca.pem() + wrong}, {"a", "words"}});
  std::vector<std::string> said;
  for (pki::Finding const& one : match.findings) said.push_back(finding_text(one) + " " + one.at.file);
  CHECK(said == std::vector<std::string>{"error no_certificate a", "error server_auth_missing b",
                                         "error no_certificate z", "wait certificate_missing ",
                                         "warning order_repaired b", "warning weak_signature b"});
}

TEST_CASE("match: all names that are missing are listed, of very many the first ones") {
  auto question = asked({KeyAlgorithm::RSA});
  for (int i = 10; i < 32; ++i) question.required.names.push_back(fmt::format("n{}.example.com", i));
  auto const match = pki::match(question, std::vector<Source>{whole({})});
  REQUIRE(match.findings.size() == 1);
  CHECK(match.findings.front().message.starts_with("does not cover n10.example.com, n11.example.com, "));
  CHECK(match.findings.front().message.ends_with(", n29.example.com and 2 more"));
}

TEST_CASE("match: order, repetition and sources do not matter") {
  Ground const& g = ground();
  Authority const deep = g.ca.intermediate(of_a_ca("Test Deep CA"));
  std::vector<std::vector<std::string>> const piles{
      {deep.issue(g.rsa), deep.issue(g.rsa, {.not_after = today + days(60)}), g.ca.issue(g.ec), deep.pem(), g.ca.pem(),
       g.root.pem(), g.root.intermediate(of_a_ca("Test Issuing CA"), g.ca.key()).pem(), g.ca.issue(g.former)},
      {g.ca.issue(g.rsa), g.ca.pem(), g.ca.issue(g.former)},
      {g.ca.issue(g.rsa, {.usages = ""}), g.ca.issue(g.ec), altered(g.ca.pem()), g.root.pem()},
  };
  auto const question = asked({KeyAlgorithm::RSA, KeyAlgorithm::ECDSA});
  // Those that speak of order, repetition and sources.
  std::set<std::string> const of_the_form{"warning order_repaired", "warning leaf_repeated", "warning unrelated"};
  auto const essence = [&](pki::Match const& match) {
    std::set<std::string> all;
    for (pki::Finding const& one : match.findings)
      if (!of_the_form.contains(finding_text(one))) all.insert(finding_text(one) + one.serial + one.message);
    return all;
  };
  SeededRandom random(7);
  for (auto const& pile : piles) {
    auto const first = pki::match(question, std::vector<Source>{file(fmt::format("{}", fmt::join(pile, "")))});
    for (int i = 0; i < 100; ++i) {
      CAPTURE(i);
      auto shuffled = pile;
      for (std::size_t n = random.next() % 4; n > 0; --n) shuffled.push_back(pile[random.next() % pile.size()]);
      for (std::size_t at = shuffled.size() - 1; at > 0; --at)
        std::swap(shuffled[at], shuffled[random.next() % (at + 1)]);
      std::vector<Source> sources;
      for (std::string const& pem : shuffled) {
        if (sources.empty() || random.next() % 3 == 0)
          sources.push_back({.name = fmt::format("f{}", sources.size()), .text = {}});
        sources.back().text += pem;
      }
      auto const again = pki::match(question, sources);
      CHECK(again.outcome == first.outcome);
      CHECK(essence(again) == essence(first));
    }
  }
}

TEST_CASE("match: of issuers that are alike but for their keys a few are tried") {
  Ground const& g = ground();
  auto const alike = [](int year) {
    Template says = of_a_ca("Test Twin");
    says.key_identifier = {};  // which would tell at once who has signed
    says.not_after = std::chrono::sys_days(std::chrono::year(year) / 1 / 1);
    return Authority::root(says);
  };
  std::string twins;
  for (int i = 0; i < 100; ++i) twins += alike(2040).pem();
  auto const tried = [&](Authority const& by) {
    return found(pki::match(asked({KeyAlgorithm::RSA}), std::vector<Source>{file(by.issue(g.rsa) + twins + by.pem())}));
  };
  CHECK(tried(alike(2050)) == std::vector<std::string>{"warning unrelated"});
  CHECK(tried(alike(2030)) == std::vector<std::string>{"error bad_signature"});
}
