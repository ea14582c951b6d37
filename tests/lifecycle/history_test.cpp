// What CPS's history tells of the changes of an enrollment.
#include "lifecycle/history.hpp"

#include "lifecycle/certificates.hpp"
#include "pki/authority.hpp"
#include "pki/csr.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;

namespace {

cps::HistoryChange entry(char const* status, std::string csr = {}, std::string certificate = {}) {
  cps::HistoryChange made{.status = status};
  if (!csr.empty() || !certificate.empty())
    made.primary_certificate =
        cps::HistoryCertificate{.certificate = std::move(certificate), .csr = std::move(csr), .key_algorithm = "ECDSA"};
  return made;
}

std::vector<cps::PendingChange> pending(std::vector<std::int64_t> const& ids) {
  std::vector<cps::PendingChange> all;
  for (std::int64_t const id : ids) all.push_back({.id = {id}});
  return all;
}

std::string csr_of(authority::Key const& key) {
  return authority::csr(key, "www.example.com", "DNS:www.example.com");
}

std::string digest_of(std::string const& csr) {
  return pki::read_csr(csr).value().key.digest;
}

}  // namespace

TEST_CASE("history: the CSRs of changes that have ended, by what became of them; of one that goes on nothing") {
  authority::Key const keys[] = {authority::Key::ecdsa(), authority::Key::ecdsa(), authority::Key::ecdsa()};
  auto const root = authority::Authority::root();
  std::vector<cps::HistoryChange> history{
      entry("incomplete", csr_of(keys[0])),        entry("cancelled", csr_of(keys[1])),
      entry("completed", "", root.issue(keys[2])), entry("cancelled"),
      entry("something new", csr_of(keys[0])),     entry("completed", "no CSR")};
  auto const former = lifecycle::former_csrs(history);
  REQUIRE(former.size() == 2);
  CHECK(former[0].fate == pki::Fate::voided);
  CHECK(former[0].key_digest == digest_of(csr_of(keys[1])));
  CHECK(former[1].fate == pki::Fate::older);
  CHECK(former[1].key_digest == digest_of(csr_of(keys[2])));
  cps::HistoryChange both = entry("cancelled", csr_of(keys[0]));
  both.multi_stacked_certificates.push_back({.csr = csr_of(keys[1])});
  CHECK(lifecycle::former_csrs({both}).size() == 2);
}

TEST_CASE("history: open entries, newest first, are the pending changes, newest last; unless their numbers differ") {
  std::vector<cps::HistoryChange> history{entry("incomplete"), entry("completed"), entry("incomplete")};
  history[0].action = "newest";
  history[2].action = "oldest";
  REQUIRE(lifecycle::entry_of(history, pending({5, 6}), {5}) != nullptr);
  CHECK(lifecycle::entry_of(history, pending({5, 6}), {5})->action == "oldest");
  CHECK(lifecycle::entry_of(history, pending({5, 6}), {6})->action == "newest");
  CHECK(lifecycle::entry_of(history, pending({5, 6}), {7}) == nullptr);
  CHECK(lifecycle::entry_of(history, pending({6}), {6}) == nullptr);
  CHECK(lifecycle::entry_of({}, pending({6}), {6}) == nullptr);
}

TEST_CASE("history: a certificate for a CSR of the past is told apart: older, void, or nobody's") {
  authority::Key const now = authority::Key::ecdsa();
  authority::Key const past = authority::Key::ecdsa();
  auto const root = authority::Authority::root();
  struct Case {
    char const* title;
    std::vector<cps::HistoryChange> history;
    char const* because;
    bool unknown;
  };
  Case const cases[] = {{"nobody's", {entry("completed", csr_of(now))}, "belongs to no CSR of this change", true},
                        {"older", {entry("completed", csr_of(past))}, "is for the CSR of an earlier change", false},
                        {"void",
                         {entry("cancelled", csr_of(past))},
                         "is for a CSR that a cancel made void; it can never be used",
                         false}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      lifecycle::Order const order{.csrs = {{.csr = csr_of(now), .key_algorithm = "ECDSA"}},
                                   .algorithms = {"ECDSA"},
                                   .names = {"www.example.com"},
                                   .now = authority::today,
                                   .former = lifecycle::former_csrs(c.history)};
      std::vector<pki::Source> const sources{{.name = "old.pem", .text = root.issue(past) + root.pem()}};
      lifecycle::Offer const offer = lifecycle::offer_of(order, sources);
      CHECK_FALSE(offer.upload.has_value());
      CHECK(offer.unknown_key == c.unknown);
      std::string const because = fmt::format("{}", fmt::join(offer.because, "; "));
      INFO(because);
      CHECK(because.find(c.because) != std::string::npos);
    }
  }
}
