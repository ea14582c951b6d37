// From signed certificates to an upload, and from those on staging to what differs.
#include "lifecycle/certificates.hpp"

#include "pki/authority.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;

namespace {

/// A change with two CSRs, and a CA. Made once: RSA keys take their time.
struct Ground {
  authority::Key rsa = authority::Key::rsa();
  authority::Key ec = authority::Key::ecdsa();
  authority::Authority root = authority::Authority::root();
  authority::Authority ca = root.intermediate();
  std::string csr_rsa = authority::csr(rsa, "www.example.com", "DNS:www.example.com");
  std::string csr_ec = authority::csr(ec, "www.example.com", "DNS:www.example.com");
};

Ground const& ground() {
  static Ground const made;
  return made;
}

Order order(std::vector<std::string> algorithms = {"RSA"}) {
  return {
      .csrs = {{.csr = ground().csr_rsa, .key_algorithm = "RSA"}, {.csr = ground().csr_ec, .key_algorithm = "ECDSA"}},
      .algorithms = std::move(algorithms),
      .names = {"www.example.com"},
      .now = authority::today};
}

Offer offer(Order const& order, std::vector<std::string> const& texts) {
  std::vector<pki::Source> sources;
  for (std::size_t i = 0; i < texts.size(); ++i)
    sources.push_back({.name = fmt::format("{}.pem", i), .text = texts[i]});
  return offer_of(order, sources);
}

std::string because(Offer const& offer) {
  CHECK_FALSE(offer.upload.has_value());
  return fmt::format("{}", fmt::join(offer.because, "; "));
}

bool has(std::string const& text, std::string const& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("certificates: what answers a CSR is found by its key, with its chain, in any order") {
  std::string const leaf = ground().ca.issue(ground().rsa);
  for (auto const& texts :
       {std::vector{leaf + ground().ca.pem()}, {ground().ca.pem(), leaf}, {ground().ca.pem() + leaf + leaf}}) {
    Offer const found = offer(order(), texts);
    REQUIRE(found.upload);
    REQUIRE(found.upload->certificates.size() == 1);
    cps::SignedCertificate const& one = found.upload->certificates.front();
    CHECK(one.key_algorithm == "RSA");
    CHECK(one.certificate == leaf);
    CHECK(one.trust_chain == ground().ca.pem());
    CHECK(found.digest.starts_with("sha256:"));
    CHECK(found.expires == authority::Template().not_after);
    CHECK(found.because.empty());
  }
}

TEST_CASE("certificates: all that are wanted, or none; the earliest end counts") {
  authority::Template soon;
  soon.not_after = authority::today + std::chrono::days(9);
  std::string const rsa = ground().ca.issue(ground().rsa) + ground().ca.pem();
  std::string const ec = ground().ca.issue(ground().ec, soon);
  CHECK(because(offer(order({"RSA", "ECDSA"}), {rsa})) == "there is no certificate for the ECDSA CSR yet");
  Offer const both = offer(order({"RSA", "ECDSA"}), {rsa, ec});
  REQUIRE(both.upload);
  CHECK(both.upload->certificates.size() == 2);
  CHECK(both.expires == soon.not_after);
}

TEST_CASE("certificates: what cannot be used is told with its place, and nothing of a key") {
  authority::Template expired;
  expired.not_after = authority::today - std::chrono::days(1);
  authority::Template other;
  other.names = "DNS:other.example.com";
  std::string const key = authority::Key::ecdsa().pem();
  struct Case {
    char const* title;
    std::vector<std::string> texts;
    char const* says;
  };
  Case const cases[] = {
      {"nothing", {}, "there is no certificate for the RSA CSR yet"},
      {"no PEM", {"hello"}, "0.pem"},
      {"another key's", {ground().ca.issue(authority::Key::ecdsa()) + ground().ca.pem()}, "RSA CSR"},
      {"it has ended", {ground().ca.issue(ground().rsa, expired) + ground().ca.pem()}, "0.pem"},
      {"a name is missing", {ground().ca.issue(ground().rsa, other) + ground().ca.pem()}, "www.example.com"},
      {"a private key", {ground().ca.issue(ground().rsa) + ground().ca.pem() + key}, "private key"}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    std::string const why = because(offer(order(), c.texts));
    CAPTURE(why);
    CHECK(has(why, c.says));
    CHECK_FALSE(has(why, key.substr(key.find('\n') + 1, 20)));
  }
}

TEST_CASE("certificates: a CSR of CPS that cannot be read stops all, and says so") {
  Order broken = order();
  broken.csrs.front().csr = "hello";
  CHECK(because(offer(broken, {ground().ca.issue(ground().rsa) + ground().ca.pem()}))
            .starts_with("CPS's CSR cannot be used: "));
}

TEST_CASE("certificates: a CSR that does not say its algorithm has that of its key") {
  Order plain = order();
  plain.csrs = {{.csr = ground().csr_rsa}};
  CHECK(offer(plain, {ground().ca.issue(ground().rsa) + ground().ca.pem()}).upload.has_value());
}

TEST_CASE("certificates: a warning stops nothing, and is told") {
  authority::Template longer;
  longer.not_before = authority::today;
  longer.not_after = authority::today + std::chrono::days(800);
  Offer const found = offer(order(), {ground().ca.issue(ground().rsa, longer) + ground().ca.pem()});
  CHECK(found.upload.has_value());
  CHECK_FALSE(found.notes.empty());
}

TEST_CASE("certificates: what is on staging is compared by its names and by the settings that are wanted") {
  auto const parsed = [](char const* text) { return json::share(json::parse(text, "settings").value()); };
  json::Ref const wanted = parsed(R"({"sniOnly":true})");
  struct Case {
    char const* title;
    std::string certificate;
    char const* network;
    std::vector<std::string> names;
    bool same;
  };
  std::string const usual = ground().ca.issue(ground().rsa);
  Case const cases[] = {{"as wanted", usual, R"({"sniOnly":true,"quicEnabled":true})", {"www.example.com"}, true},
                        {"a name more", usual, R"({"sniOnly":true})", {"www.example.com", "a.example.com"}, false},
                        {"a name less", usual, R"({"sniOnly":true})", {}, false},
                        {"a setting", usual, R"({"sniOnly":false})", {"www.example.com"}, false},
                        {"no certificate", "hello", R"({"sniOnly":true})", {"www.example.com"}, false}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    cps::PendingDeployment const pending{.certificates = {{.full_certificate = c.certificate, .key_algorithm = "RSA"}},
                                         .network = parsed(c.network)};
    CHECK(differences(pending, c.names, *wanted).empty() == c.same);
  }
}
