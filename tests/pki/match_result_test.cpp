#include "base/random.hpp"
#include "pki/authority.hpp"
#include "pki/certificate.hpp"
#include "pki/match.hpp"
#include "pki/waiting.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;
using authority::altered;
using authority::Authority;
using authority::of_a_ca;
using authority::Template;
using authority::today;
using pki::KeyAlgorithm;
using pki::Source;
using std::chrono::days;
using namespace waiting;

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
