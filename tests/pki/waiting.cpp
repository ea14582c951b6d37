#include "pki/waiting.hpp"

#include "pki/csr.hpp"

#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

using namespace cpsctl;
using pki::KeyAlgorithm;

namespace waiting {
namespace {

std::size_t blocks_in(std::string_view pem) {
  std::size_t count = 0;
  for (auto at = pem.find("BEGIN"); at != std::string_view::npos; at = pem.find("BEGIN", at + 1)) ++count;
  return count;
}

}  // namespace

Ground const& ground() {
  static Ground const made;
  return made;
}

pki::Question asked(std::vector<KeyAlgorithm> wanted) {
  return {.csrs = {{.algorithm = KeyAlgorithm::ECDSA, .csr = pki::read_csr(ground().csr_ec).value()},
                   {.algorithm = KeyAlgorithm::RSA, .csr = pki::read_csr(ground().csr_rsa).value()}},
          .wanted = std::move(wanted),
          .former = {},
          .required = {.names = {"www.example.com"}, .now = authority::today}};
}

pki::Question with_former(pki::Fate fate) {
  auto question = asked({KeyAlgorithm::RSA});
  question.former.push_back(
      {.key_digest = pki::read_csr(authority::csr(ground().former, "www.example.com")).value().key.digest,
       .fate = fate});
  return question;
}

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

pki::Source file(std::string text) {
  return {.name = "certs/www.pem", .text = std::move(text)};
}

pki::Source whole(authority::Template const& says) {
  Ground const& g = ground();
  return file(g.ca.issue(g.rsa, says) + g.ca.pem());
}

}  // namespace waiting
