#include "lifecycle/shown.hpp"

#include "base/text.hpp"
#include "lifecycle/pending.hpp"
#include "lifecycle/warnings.hpp"
#include "pki/certificate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::lifecycle {
namespace {

constexpr std::size_t longest = 4000;  // bytes of one text: a warning may quote a chain

std::string line(Warning const& warning) {
  std::string const name = warning.known() ? warning.id : std::string("unknown to cpsctl");
  return fmt::format("warning {} ({}): {}; text: {}", name, boost::describe::enum_to_string(warning.level, ""),
                     text::excerpt(warning.text, longest), warning.digest);
}

std::string line(cps::PendingCertificate const& pending) {
  auto const certificate = pki::read_certificate(pending.full_certificate);
  std::string const kind = text::excerpt(pending.key_algorithm, 20);
  if (!certificate) return fmt::format("certificate {}: {}", kind, certificate.error().message);
  std::vector<std::string> names;
  for (pki::AlternativeName const& name : certificate->names) names.push_back(name.value);
  return fmt::format("certificate {}: {}, by {}, {} to {}, names {}", kind, certificate->subject, certificate->issuer,
                     day_text(day_of(certificate->not_before)), day_text(day_of(certificate->not_after)),
                     fmt::join(names, ", "));
}

struct Lines {
  std::vector<std::string> operator()(cps::WarningsText const& text) const {
    std::vector<std::string> lines;
    for (Warning const& one : read_warnings(text.warnings)) lines.push_back(line(one));
    return lines;
  }
  std::vector<std::string> operator()(cps::PendingDeployment const& pending) const {
    std::vector<std::string> lines;
    for (cps::PendingCertificate const& one : pending.certificates) lines.push_back(line(one));
    if (pending.network && pending.network->IsObject() && !pending.network->ObjectEmpty())
      lines.push_back("network settings: " + text::excerpt(json::compact(*pending.network), longest));
    for (cps::ValidationMessage const& one : pending.errors)
      lines.push_back("validation error: " + text::excerpt(one.message, longest));
    for (Warning const& one : validation_warnings(pending)) lines.push_back(line(one));
    return lines;
  }
  std::vector<std::string> operator()(cps::Challenges const& challenges) const {
    std::vector<std::string> lines;
    for (cps::DomainValidation const& one : challenges.dv)
      lines.push_back(
          fmt::format("name {}: {}", text::excerpt(one.domain, 255),
                      text::excerpt(one.validation_status.empty() ? one.status : one.validation_status, 60)));
    return lines;
  }
  std::vector<std::string> operator()(cps::Csrs const& csrs) const {
    std::vector<std::string> lines;
    for (cps::Csr const& one : csrs.csrs)
      lines.push_back(fmt::format("a CSR waits: {}",
                                  one.key_algorithm.empty() ? "of one key" : text::excerpt(one.key_algorithm, 20)));
    return lines;
  }
};

}  // namespace

std::vector<std::string> shown(cps::InputInfo const& info) {
  return std::visit(Lines(), info);
}

}  // namespace cpsctl::lifecycle
