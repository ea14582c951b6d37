#include "cli/signing.hpp"

#include "cli/hooks.hpp"
#include "hooks/sign.hpp"
#include "plan/advance.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

/// How long a signer that does not say is left in peace.
constexpr Duration usual_pause = std::chrono::minutes(15);

Error failed(std::string const& signer, std::string reason, std::string next) {
  return Error{.code = Errc::refused,
               .message = fmt::format("the signer {} has failed: {}", signer, std::move(reason)),
               .next = std::move(next)};
}

}  // namespace

Result<std::map<std::string, std::string>> signers_of(Settings const& settings, World& world) {
  std::map<std::string, std::string> signers;
  if (settings.project.signers.empty()) return signers;
  CPS_TRY(hooks::Surroundings const around, hook_surroundings(settings, world));
  for (auto const& [name, program] : settings.project.signers) {
    CPS_TRY(auto const approved, hooks::approved_of(hooks::Kind::signer, program, around.places, world.files));
    signers.emplace(name, approved.fingerprint());
  }
  return signers;
}

Result<std::unique_ptr<Signing>> Signing::of(Settings const& settings, Connection& connection, World& world) {
  CPS_TRY(hooks::Surroundings around, hook_surroundings(settings, world));
  return std::unique_ptr<Signing>(new Signing(settings, connection, world, std::move(around)));
}

Signing::Signing(Settings const& settings, Connection& connection, World& world, hooks::Surroundings around)
    : settings_(settings),
      connection_(connection),
      world_(world),
      places_(around.places),
      runner_(*connection.loop, world.clock, world.files, std::move(around), {.deadline = settings.deadline}) {}

http::Task<apply::Certified> Signing::certify(plan::Item const& item, lifecycle::Uploads const& wanted,
                                              apply::PutOff before) {
  std::string const name = wanted.source.signer;
  auto const program = settings_.project.signers.find(name);
  if (program == settings_.project.signers.end()) {
    co_return failed(name, "the project file has no such signer", "add it under spec.signers of the project file");
  }
  auto hook = hooks::find_hook(hooks::Kind::signer, name, program->second, places_, world_.files);
  if (!hook) co_return hook.error();
  bool const as_approved = item.signer.empty() || hook->approved.fingerprint() == item.signer;
  if (!as_approved) {
    co_return Error{.code = Errc::stale,
                    .message = fmt::format("the signer {} is not the program that the plan showed", name),
                    .next = plan::look_again};
  }
  auto const schema = schema::enrollment(item.live.api_schema);
  if (!schema) co_return schema.error();
  manifest::Lifecycle const lifecycle = item.desired ? item.desired->lifecycle : manifest::Lifecycle();
  lifecycle::Order order = plan::order_of(wanted.csrs, item.live, **schema, lifecycle, {});
  hooks::SignRequest request{
      .subject = {.realm = connection_.realm,
                  .enrollment = {.name = item.name,
                                 .id = item.id,
                                 .contract_id = item.contract,
                                 .common_name = item.common_name,
                                 .dns_names = order.names,
                                 .validation_type = item.validation_type},
                  .change = {.id = item.live.pending.empty() ? 0 : plan::advance_of(item)->change.id.value,
                             .type = plan::advance_of(item)->change.type}}};
  if (item.desired) request.subject.enrollment.labels = item.desired->labels;
  for (std::size_t i = 0; i < wanted.csrs.size(); ++i) {
    cps::Csr const& csr = wanted.csrs[i];
    std::string const algorithm =
        csr.key_algorithm.empty() && i < order.algorithms.size() ? order.algorithms[i] : csr.key_algorithm;
    request.csrs.push_back({.key_algorithm = algorithm, .csr = csr.csr});
  }
  auto const id = hooks::sign_request_id(request);
  if (!id) co_return id.error();
  if (before.request == *id && !before.reference.empty()) request.subject.reference = before.reference;
  hooks::SignOutcome const outcome = co_await hooks::sign(runner_, std::move(*hook), request);
  if (auto const* const bad = std::get_if<hooks::Failed>(&outcome)) {
    Error error = failed(name, bad->reason, bad->next);
    if (bad->cause == hooks::Cause::stopped) error.code = Errc::cancelled;
    co_return error;
  }
  if (auto const* const later = std::get_if<hooks::Later>(&outcome)) {
    co_return apply::PutOff{.request = *id,
                            .reference = later->reference,
                            .again = world_.clock.wall() + later->retry_after.value_or(usual_pause)};
  }
  order.now = world_.clock.wall();  // what was signed just now is valid by now
  lifecycle::Offer offer = lifecycle::offer_of(order, std::get<hooks::Signed>(outcome).sources);
  if (offer.upload) co_return std::move(*offer.upload);
  co_return failed(name, fmt::format("{}", fmt::join(offer.because, "; ")),
                   fmt::format("{}", fmt::join(offer.next, "; ")));
}

}  // namespace cpsctl::cli
