#include "base/text.hpp"
#include "pki/authority.hpp"
#include "pki/certificate.hpp"
#include "pki/csr.hpp"
#include "pki/names.hpp"
#include "pki/pile.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>

using namespace cpsctl;
using authority::Authority;
using authority::Key;
using authority::Template;
using std::chrono::days;

namespace {

std::string spelled(std::vector<pki::AlternativeName> const& names) {
  std::string said;
  for (auto const& name : names)
    said += fmt::format("{}{}={}", said.empty() ? "" : " ", boost::describe::enum_to_string(name.kind, ""), name.value);
  return said;
}

/// "private_key error", with the line: what is found in a text.
std::vector<std::string> found_in(std::string const& text) {
  std::vector<std::string> found;
  for (pki::Finding const& one : pki::read_pile(std::vector<pki::Source>{{"file.pem", text}}).findings)
    found.push_back(fmt::format("{} {}:{}", boost::describe::enum_to_string(one.code, ""), one.at.file, one.at.line));
  return found;
}

std::size_t certificates_in(std::string const& text) {
  return pki::read_pile(std::vector<pki::Source>{{"file.pem", text}}).certificates.size();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("a CSR: subject, names, key, and its own signature") {
  Key const key = Key::ecdsa();
  auto const read = pki::read_csr(authority::csr(
      key, "www.Example.com", "DNS:WWW.example.com,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.com"));
  REQUIRE(read);
  CHECK(read->subject == "CN=www.Example.com,O=Example Corp");
  CHECK(read->common_name == "www.Example.com");
  CHECK(spelled(read->names) ==
        "dns=www.example.com dns=*.example.org ip=192.0.2.1 ip=2001:db8::1 email=a@example.com");
  CHECK(read->key.algorithm == pki::KeyAlgorithm::ECDSA);
  CHECK(read->key.text == "ECDSA P-256");
  CHECK(read->key.curve == "P-256");
  CHECK(read->key.bits == 256);
}

TEST_CASE("a CSR without names, for RSA") {
  auto const read = pki::read_csr(authority::csr(Key::rsa(), "www.example.com"));
  REQUIRE(read);
  CHECK(read->names.empty());
  CHECK(read->key.algorithm == pki::KeyAlgorithm::RSA);
  CHECK(read->key.text == "RSA 2048");
  CHECK(read->key.curve.empty());
}

TEST_CASE("a CSR and a certificate of the same key have the same digest, two keys have two") {
  Key const key = Key::rsa();
  Authority const root = Authority::root();
  auto const csr = pki::read_csr(authority::csr(key, "www.example.com"));
  auto const own = pki::read_certificate(root.issue(authority::csr(key, "www.example.com")));
  auto const other = pki::read_certificate(root.issue(Key::ecdsa()));
  REQUIRE((csr && own && other));
  CHECK(csr->key.digest.size() == 64);
  CHECK(own->key == csr->key);
  CHECK(other->key.digest != csr->key.digest);
}

TEST_CASE("what is no CSR is an error that says so") {
  Key const key = Key::ecdsa();
  std::string const good = authority::csr(key, "www.example.com", "DNS:www.example.com");
  std::string forged = authority::der(good);
  forged.at(forged.find("www")) = 'x';  // in the subject: the signature is another's now
  struct Case {
    char const* title;
    std::string text;
    char const* says;
  };
  std::vector<Case> const cases{
      {"nothing", "", "there is not exactly one block CERTIFICATE REQUEST"},
      {"two", good + good, "there is not exactly one block CERTIFICATE REQUEST"},
      {"a certificate", Authority::root().pem(), "there is not exactly one block CERTIFICATE REQUEST"},
      {"other bytes", authority::pem("CERTIFICATE REQUEST", "abc"), "the block CERTIFICATE REQUEST holds no CSR"},
      {"bytes behind it", authority::pem("CERTIFICATE REQUEST", authority::der(good) + "abc"),
       "the block CERTIFICATE REQUEST holds no CSR"},
      {"altered", authority::pem("CERTIFICATE REQUEST", forged), "the CSR is not signed by its own key"},
      {"a private key", key.pem(), "the CSR holds a private key"},
      {"names that are none", authority::csr(key, "www.example.com", "DER:04:01:00"),
       "the names of the CSR cannot be read"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const read = pki::read_csr(c.text);
      REQUIRE(!read);
      CHECK(read.error().code == Errc::protocol);
      CHECK(read.error().message == c.says);
      CHECK(!read.error().next.empty());
    }
  }
}

TEST_CASE("a certificate: what it says") {
  Authority const root = Authority::root();
  std::string const pem = root.issue(Key::ecdsa(), {.common_name = "www.example.com",
                                                    .names = "DNS:www.example.com,DNS:Other.Example.com",
                                                    .usages = "serverAuth,clientAuth,1.2.3.4",
                                                    .serial = 0xa01});
  auto const read = pki::read_certificate(pem);
  REQUIRE(read);
  CHECK(read->subject == "CN=www.example.com,O=Example Corp");
  CHECK(read->issuer == "CN=Test Root,O=Example Corp");
  CHECK(read->common_name == "www.example.com");
  CHECK(spelled(read->names) == "dns=www.example.com dns=other.example.com");
  CHECK(timestamp(read->not_before) == "2026-11-01T00:00:00Z");
  CHECK(timestamp(read->not_after) == "2027-03-31T00:00:00Z");
  CHECK(read->usages == std::vector<std::string>{"serverAuth", "clientAuth", "1.2.3.4"});
  CHECK(!read->is_ca);
  CHECK(!read->self_issued);
  CHECK(read->signature_algorithm == "ecdsa-with-SHA256");
  CHECK(read->signature_hash == "SHA256");
  CHECK(read->fingerprint == text::sha256_hex(authority::der(pem)));
  CHECK(read->serial == "a01");
}

TEST_CASE("a certificate of a CA is one, and a root is its own issuer") {
  Authority const root = Authority::root();
  auto const top = pki::read_certificate(root.pem());
  auto const below = pki::read_certificate(root.intermediate().pem());
  REQUIRE((top && below));
  CHECK((top->is_ca && below->is_ca));
  CHECK(top->self_issued);
  CHECK(!below->self_issued);
  auto const old = pki::read_certificate(Authority::root(authority::of_old("Test Old Root")).pem());
  REQUIRE(old);
  CHECK(old->is_ca);
}

TEST_CASE("keys that CPS does not know are told apart all the same") {
  auto const read = pki::read_certificate(Authority::root().issue(Key::ed25519()));
  REQUIRE(read);
  CHECK(!read->key.algorithm);
  CHECK(read->key.text == "ED25519");
  CHECK(read->key.digest.size() == 64);
}

TEST_CASE("a name of others cannot rewrite a terminal, nor end early") {
  Template says{.common_name = "a\x1b[31m\nb"};
  auto const read = pki::read_certificate(Authority::root().issue(Key::ecdsa(), says));
  REQUIRE(read);
  CHECK(text::printable(read->subject) == read->subject);
  CHECK(text::printable(read->common_name) == read->common_name);

  // With "xn--" in front a name goes through IDNA, which takes the text of C: up to the first NUL.
  std::string der = authority::der(Authority::root().issue(Key::ecdsa(), {.names = "DNS:xn--bcher-kva.exampleXevil"}));
  der.at(der.find("exampleXevil") + 7) = '\0';
  auto const cut = pki::certificate_from(der);
  REQUIRE(cut);
  CHECK(spelled(cut->names) == "dns=xn--bcher-kva.example\\x00evil");
  CHECK(pki::uncovered(std::vector<std::string>{"bücher.example"}, cut->names).size() == 1);
}

TEST_CASE("a certificate goes out in one form, whatever form it came in") {
  std::string const pem = Authority::root().issue(Key::ecdsa());
  std::string const one_line = [&] {
    std::string body = replaced(pem, "\n", "");
    return replaced(replaced(body, "CERTIFICATE-----M", "CERTIFICATE-----\nM"), "-----END", "\n-----END");
  }();
  struct Case {
    char const* title;
    std::string text;
  };
  std::vector<Case> const cases{
      {"as it is", pem},
      {"line ends of Windows", replaced(pem, "\n", "\r\n")},
      {"indented, as in YAML", "    " + replaced(pem, "\n", "\n    ")},
      {"text in front and behind", "subject=CN = www\nBag Attributes\n" + pem + "\n\x01 rubbish -- \xff"},
      {"a byte order mark", "\xEF\xBB\xBF" + pem},
      {"without a line end", pem.substr(0, pem.size() - 1)},
      {"one long line", one_line},
      {"the label of old", replaced(pem, " CERTIFICATE-", " X509 CERTIFICATE-")},
      {"twice, joined without a line end", pem.substr(0, pem.size() - 1) + pem},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const pile = pki::read_pile(std::vector<pki::Source>{{"file.pem", c.text}});
      CHECK(pile.findings.empty());
      REQUIRE(pile.certificates.size() == 1);
      CHECK(pki::to_pem(pile.certificates.front().certificate) == pem);
    }
  }
}

TEST_CASE("what cannot be read is said, with its place, and the rest is read") {
  std::string const good = Authority::root().pem();
  std::string const key = Key::ecdsa().pem();
  std::string const bytes = authority::der(good);
  std::string const head = "-----BEGIN CERTIFICATE-----\n";
  REQUIRE(bytes.substr(0, 2) == "\x30\x82");
  auto const bad = [](Template const& says) { return Authority::root().issue(Key::ecdsa(), says); };
  struct Case {
    char const* title;
    std::string text;
    std::vector<std::string> found;
    std::size_t certificates;
  };
  std::vector<Case> const cases{
      {"nothing", "", {"no_certificate file.pem:0"}, 0},
      {"words", "to be done\n", {"no_certificate file.pem:0"}, 0},
      {"a private key", good + key, {fmt::format("private_key file.pem:{}", 1 + std::ranges::count(good, '\n'))}, 1},
      {"a key of any label", authority::pem("ENCRYPTED PRIVATE KEY", "abc") + good, {"private_key file.pem:1"}, 1},
      {"a key without an end",
       good + "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
       {fmt::format("private_key file.pem:{}", 1 + std::ranges::count(good, '\n'))},
       1},
      {"a key whose label has no end", "-----BEGIN EC PRIVATE KEY\nMIIE\n" + good, {"private_key file.pem:1"}, 1},
      {"a key of SSH", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nabc\n", {"private_key file.pem:0"}, 0},
      {"a key of PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\n", {"private_key file.pem:0"}, 0},
      {"a key under another label", authority::pem("CERTIFICATE", Key::ecdsa().der()), {"private_key file.pem:1"}, 0},
      {"a key as bytes", Key::ecdsa().der(), {"private_key file.pem:0"}, 0},
      {"words about a private key", "this file has no private key\n" + good, {}, 1},
      {"OpenSSL's own form", authority::pem("TRUSTED CERTIFICATE", bytes), {"wrong_form file.pem:1"}, 0},
      {"PKCS#7", authority::pem("PKCS7", "abc") + good, {"wrong_form file.pem:1"}, 1},
      {"a certificate as bytes", bytes, {"wrong_form file.pem:0"}, 0},
      {"PKCS#12 as bytes", authority::pkcs12(Key::ecdsa()), {"wrong_form file.pem:0"}, 0},
      {"PKCS#7 as bytes", authority::pkcs7(good), {"wrong_form file.pem:0"}, 0},
      {"other bytes", "\x30\x03\x02\x01\x05", {"no_certificate file.pem:0"}, 0},
      {"UTF-16", std::string("\xFF\xFE-\0-\0", 6), {"wrong_form file.pem:0"}, 0},
      {"no base64", head + "äöü\n-----END CERTIFICATE-----\n" + good, {"unreadable file.pem:1"}, 1},
      {"a character too few", head + "TUlJ\nTUl\n-----END CERTIFICATE-----\n", {"unreadable file.pem:1"}, 0},
      {"nothing inside", head + "-----END CERTIFICATE-----\n", {"unreadable file.pem:1"}, 0},
      {"nothing but the end of base64", head + "====\n-----END CERTIFICATE-----\n", {"unreadable file.pem:1"}, 0},
      {"a label without end", authority::pem(std::string(70, 'X'), "abc") + good, {"unreadable file.pem:1"}, 1},
      {"lengths written as DER forbids",
       authority::pem("CERTIFICATE", "\x30\x83" + std::string(1, '\0') + bytes.substr(2)),
       {"unreadable file.pem:1"},
       0},
      {"names that are none", bad({.names = "DER:04:01:00"}), {"unreadable file.pem:1"}, 0},
      {"usages that are none", bad({.usages = "DER:04:01:00"}), {"unreadable file.pem:1"}, 0},
      {"constraints that are none", bad({.constraints = "DER:04:01:00"}), {"unreadable file.pem:1"}, 0},
      {"no end", head + "TUlJ\n", {"unreadable file.pem:1"}, 0},
      {"no end, then another", head + "TUlJ\n" + good, {"unreadable file.pem:1"}, 1},
      {"another end", head + "TUlJ\n-----END PKCS7-----\n" + good, {"unreadable file.pem:1"}, 1},
      {"a begin without an end of line", "-----BEGIN CERTIFICATE\nTUlJ\n" + good, {"unreadable file.pem:1"}, 1},
      {"no certificate inside", authority::pem("CERTIFICATE", "abc") + good, {"unreadable file.pem:1"}, 1},
      {"bytes behind it", authority::pem("CERTIFICATE", bytes + "abc"), {"unreadable file.pem:1"}, 0},
      {"a CSR", authority::csr(Key::ecdsa(), "a"), {"other_block file.pem:1", "no_certificate file.pem:0"}, 0},
      {"a list of what was revoked", authority::pem("X509 CRL", "abc") + good, {"other_block file.pem:1"}, 1},
      {"too much text", good + std::string(pki::longest_text, ' '), {"too_large file.pem:0"}, 0},
      {"too large a block",
       authority::pem("CERTIFICATE", std::string(pki::longest_block * 2, 'x')) + good,
       {"too_large file.pem:1"},
       1},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(found_in(c.text) == c.found);
      CHECK(certificates_in(c.text) == c.certificates);
    }
  }
}

TEST_CASE("what is said of a text repeats no byte of a key") {
  std::string const key = Key::ecdsa().pem();
  std::string const body = key.substr(key.find('\n') + 1, 40);
  for (std::string const& text :
       {key, replaced(key, "PRIVATE KEY", "CERTIFICATE"), replaced(key, "PRIVATE KEY", "THING"), key.substr(0, 80)}) {
    for (pki::Finding const& one : pki::read_pile(std::vector<pki::Source>{{"k", text}}).findings) {
      CHECK(one.message.find(body.substr(0, 10)) == std::string::npos);
      CHECK(one.next.find(body.substr(0, 10)) == std::string::npos);
    }
  }
}

TEST_CASE("a certificate that was given twice stands where it stands first, by the names of its sources") {
  std::string const pem = Authority::root().pem();
  auto const pile = pki::read_pile(std::vector<pki::Source>{{"b", pem}, {"a", "\n" + pem + pem}});
  REQUIRE(pile.certificates.size() == 1);
  CHECK(pile.certificates.front().places.size() == 3);
  CHECK(pile.certificates.front().at() == Mark{.file = "a", .line = 2, .column = 1});
}

TEST_CASE("a text made of faults is given up, and so is a pile without end") {
  std::string faults;
  for (int i = 0; i < 1000; ++i) faults += "-----BEGIN X-----\n-----END X-----\n";
  auto const found = found_in(faults);
  CHECK(found.size() == 51);
  CHECK(std::ranges::count(found, "too_large file.pem:101") == 1);

  Authority const root = Authority::root();
  Key const key = Key::ecdsa();
  std::string many;
  for (std::size_t i = 0; i < pki::most_certificates + 2; ++i) many += root.issue(key);
  CHECK(certificates_in(many) == pki::most_certificates);
  CHECK(found_in(many) == std::vector<std::string>{"too_large file.pem:0"});
}

TEST_CASE("the errors of OpenSSL that others may look for stay as they were") {
  ERR_clear_error();
  CHECK(!pki::read_certificate(authority::pem("CERTIFICATE", "abc")));
  CHECK(ERR_peek_error() == 0);
  ERR_raise(ERR_LIB_SSL, 100);
  CHECK(!pki::read_csr(authority::pem("CERTIFICATE REQUEST", "abc")));
  CHECK(ERR_GET_REASON(ERR_peek_last_error()) == 100);
  ERR_clear_error();
}

TEST_CASE("names: a wildcard covers one label") {
  struct Case {
    char const* title;
    std::vector<std::string> wanted;
    std::vector<std::string> given;
    std::vector<std::string> left;
  };
  std::vector<Case> const cases{
      {"the same", {"www.example.com"}, {"www.example.com"}, {}},
      {"in another spelling", {"WWW.Example.com.", "bücher.example"}, {"www.example.com", "xn--bcher-kva.example"}, {}},
      {"nothing is given", {"b.example", "a.example", "b.example"}, {}, {"a.example", "b.example"}},
      {"one label", {"a.example.com"}, {"*.example.com"}, {}},
      {"two labels", {"a.b.example.com"}, {"*.example.com"}, {"a.b.example.com"}},
      {"no label", {"example.com"}, {"*.example.com"}, {"example.com"}},
      {"the wildcard itself", {"*.example.com"}, {"*.example.com"}, {}},
      {"a wildcard wants a wildcard", {"*.example.com"}, {"www.example.com"}, {"*.example.com"}},
      {"a wider wildcard covers no other", {"*.b.example.com"}, {"*.example.com"}, {"*.b.example.com"}},
      {"a label that only ends so", {"evilexample.com"}, {"*.example.com"}, {"evilexample.com"}},
      {"an empty label", {".example.com"}, {"*.example.com"}, {".example.com"}},
      {"half a label", {"wwx.example.com"}, {"ww*.example.com"}, {"wwx.example.com"}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::vector<pki::AlternativeName> names{{.kind = pki::NameKind::email, .value = "b.example"}};
      for (std::string const& name : c.given) names.push_back({.kind = pki::NameKind::dns, .value = name});
      CHECK(pki::uncovered(c.wanted, names) == c.left);
    }
  }
}

TEST_CASE("lifetimes: the rule is that of the day on which a certificate begins") {
  struct Case {
    char const* begin;
    int longest;
  };
  std::vector<Case> const cases{{"2025-12-01T00:00:00Z", 398}, {"2026-03-14T23:59:59Z", 398},
                                {"2026-03-15T00:00:00Z", 200}, {"2027-03-14T23:59:59Z", 200},
                                {"2027-03-15T00:00:00Z", 100}, {"2029-03-14T23:59:59Z", 100},
                                {"2029-03-15T00:00:00Z", 47},  {"2040-01-01T00:00:00Z", 47}};
  for (Case const& c : cases) {
    CAPTURE(c.begin);
    CHECK(pki::longest_lifetime(parse_timestamp(c.begin).value()) == days(c.longest));
  }
}
