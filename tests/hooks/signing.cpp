#include "hooks/signing.hpp"

#include "pki/csr.hpp"
#include "places.hpp"

#include <doctest/doctest.h>

namespace bench {

hooks::SignRequest request_for(Keys const& keys) {
  return {.subject = {.realm = "sandbox",
                      .enrollment = {.name = "www",
                                     .id = 10001,
                                     .contract_id = "1-1TJZH5",
                                     .common_name = "www.example.com",
                                     .dns_names = {"www.example.com", "*.shop.example.com"},
                                     .validation_type = "third-party",
                                     .labels = {{"team", "web"}}},
                      .change = {.id = 10002, .type = "new-certificate"}},
          .csrs = {{.key_algorithm = "RSA", .csr = authority::csr(keys.rsa, "www.example.com", names)},
                   {.key_algorithm = "ECDSA", .csr = authority::csr(keys.ecdsa, "www.example.com", names)}}};
}

hooks::SignOutcome sign(Project const& project, hooks::Hook const& signer, hooks::SignRequest request) {
  http::Loop loop;
  hooks::Runner runner(loop, system_clock(), system_files(), project.surroundings(), project.options);
  return loop.run(hooks::sign(runner, signer, std::move(request)));
}

hooks::Signed signed_by(Project const& project, hooks::Hook const& signer, hooks::SignRequest request) {
  hooks::SignOutcome outcome = sign(project, signer, std::move(request));
  if (auto const* const failed = std::get_if<hooks::Failed>(&outcome)) FAIL(failed->reason);
  REQUIRE(std::holds_alternative<hooks::Signed>(outcome));
  return std::get<hooks::Signed>(outcome);
}

std::string reason(hooks::SignOutcome const& outcome) {
  REQUIRE(std::holds_alternative<hooks::Failed>(outcome));
  return std::get<hooks::Failed>(outcome).reason;
}

std::vector<pki::Upload> uploads_of(hooks::SignRequest const& request, hooks::Signed const& given) {
  pki::Question question{.wanted = {pki::KeyAlgorithm::RSA, pki::KeyAlgorithm::ECDSA}};
  question.csrs.push_back({.algorithm = pki::KeyAlgorithm::RSA, .csr = pki::read_csr(request.csrs[0].csr).value()});
  question.csrs.push_back({.algorithm = pki::KeyAlgorithm::ECDSA, .csr = pki::read_csr(request.csrs[1].csr).value()});
  question.required.names = request.subject.enrollment.dns_names;
  question.required.now = system_clock().wall();
  pki::Match match = pki::match(question, given.sources);
  for (pki::Finding const& finding : match.findings) {
    CAPTURE(finding.message);
    CHECK(finding.level == pki::Level::warning);
  }
  REQUIRE(std::holds_alternative<pki::Ready>(match.outcome));
  return std::get<pki::Ready>(std::move(match.outcome)).uploads;
}

manifest::Program program_of_deploy(Project const& project, std::string const& file, std::string const& config) {
  fs::copy_file(places::source("deploy/hooks/" + file), project / file);
  return {.exec = {"./" + file}, .config = json::share(json::parse(config, "config").value())};
}

}  // namespace bench
