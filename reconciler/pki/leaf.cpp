#include "pki/leaf.hpp"

#include "base/text.hpp"
#include "pki/certificate.hpp"
#include "pki/names.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::pki {
namespace {

constexpr std::size_t most_names = 20;  // that a message lists

/// Collects what is found of one certificate.
class Check {
 public:
  explicit Check(Given const& given) : given_(given) {}

  void find(Level level, FindingCode code, std::string message, std::string_view next) {
    Finding finding = about(given_.certificate, given_.at(), level, code);
    finding.message = std::move(message);
    finding.next = next;
    findings_.push_back(std::move(finding));
  }
  Certificate const& certificate() const { return given_.certificate; }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  Given const& given_;
  std::vector<Finding> findings_ = {};
};

void check_names(Check& check, std::vector<std::string> const& wanted) {
  auto missing = uncovered(wanted, check.certificate().names);
  if (missing.empty()) return;
  std::size_t const more = missing.size() - std::min(missing.size(), most_names);
  missing.resize(missing.size() - more);
  for (std::string& name : missing) name = text::printable(name);
  check.find(Level::error, FindingCode::names_missing,
             fmt::format("does not cover {}{}", fmt::join(missing, ", "),
                         more > 0 ? fmt::format(" and {} more", more) : std::string()),
             "have it issued for all names of the enrollment, as subject alternative names");
}

/// Whether time has come for it, and not gone.
void check_dates(Check& check, WallTime now) {
  Certificate const& certificate = check.certificate();
  if (now < certificate.not_before)
    check.find(Level::error, FindingCode::not_yet_valid,
               fmt::format("is valid only from {} on", timestamp(certificate.not_before)), "upload it after that");
  if (now > certificate.not_after)
    check.find(Level::error, FindingCode::expired, fmt::format("expired at {}", timestamp(certificate.not_after)),
               "get its successor from the CA");
}

void check_end(Check& check, Requirements const& required) {
  WallTime const end = check.certificate().not_after;
  if (required.now > end || end - required.now > required.soon) return;
  check.find(Level::warning, FindingCode::expires_soon, fmt::format("expires soon, at {}", timestamp(end)),
             "ask the CA for one that lives longer");
}

void check_lifetime(Check& check) {
  Certificate const& certificate = check.certificate();
  auto const longest = longest_lifetime(certificate.not_before);
  auto const life = std::chrono::ceil<std::chrono::days>(lifetime(certificate));
  if (life <= longest) return;
  check.find(Level::warning, FindingCode::lifetime_too_long,
             fmt::format("is valid for {} days; browsers take {} at most from a public CA if it begins on {}",
                         life.count(), longest.count(), day_text(day_of(certificate.not_before))),
             "ask a public CA for a shorter one; of a private CA it may stay as it is");
}

void check_usage(Check& check) {
  Certificate const& certificate = check.certificate();
  if (certificate.is_ca)
    check.find(Level::error, FindingCode::ca_as_leaf, "is the certificate of a CA, not of a server",
               "have the CSR signed with the basic constraint CA:FALSE");
  if (has_server_auth(certificate)) return;
  constexpr std::size_t longest = 200;
  std::string const usages = fmt::format("{}", fmt::join(certificate.usages, ", "));
  check.find(Level::error, FindingCode::server_auth_missing,
             usages.empty()
                 ? "has no extended key usage, it needs serverAuth"
                 : fmt::format("is not for servers, its extended key usage is {}", text::excerpt(usages, longest)),
             "have it issued with the extended key usage serverAuth");
}

void check_signature(Check& check) {
  if (!has_weak_signature(check.certificate())) return;
  check.find(
      Level::warning, FindingCode::weak_signature,
      fmt::format("is signed over {}, which can be forged and browsers refuse", check.certificate().signature_hash),
      "have it issued with SHA-256");
}

}  // namespace

std::vector<Finding> check_leaf(Given const& leaf, Requirements const& required) {
  Check check(leaf);
  check_names(check, required.names);
  check_dates(check, required.now);
  check_end(check, required);
  check_lifetime(check);
  check_usage(check);
  check_signature(check);
  return check.take();
}

std::vector<Finding> check_issuer(Given const& issuer, WallTime not_after, WallTime now) {
  Check check(issuer);
  check_dates(check, now);
  WallTime const end = issuer.certificate.not_after;
  if (now <= end && end < not_after)
    check.find(Level::warning, FindingCode::issuer_expires_first,
               fmt::format("expires at {}, before the certificate that it vouches for", timestamp(end)),
               "ask the CA for its newer certificate");
  // Nobody checks what a root says of itself.
  if (!issuer.certificate.self_issued) check_signature(check);
  return check.take();
}

}  // namespace cpsctl::pki
