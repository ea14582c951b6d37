#include "pki/finding.hpp"

#include "pki/types.hpp"

#include <algorithm>
#include <tuple>

namespace cpsctl::pki {

Finding about(Certificate const& certificate, Mark at, Level level, FindingCode code) {
  return {
      .level = level, .code = code, .at = std::move(at), .subject = certificate.subject, .serial = certificate.serial};
}

void sort_findings(std::vector<Finding>& findings) {
  auto const place = [](Finding const& one) { return std::tie(one.level, one.at, one.code, one.serial, one.message); };
  std::ranges::sort(findings, [&](Finding const& a, Finding const& b) { return place(a) < place(b); });
}

}  // namespace cpsctl::pki
