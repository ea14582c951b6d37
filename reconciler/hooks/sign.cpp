#include "hooks/sign.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "pki/csr.hpp"

#include <fmt/format.h>

namespace cpsctl::hooks {
namespace {

constexpr std::string_view operation = "sign";
constexpr rapidjson::SizeType most_certificates = 16;  // one for each algorithm, and room for one file per certificate

Failed bad(std::string const& signer, std::string_view what) {
  return {.cause = Cause::answer,
          .reason = fmt::format("the signer {} failed: {}", signer, what),
          .next = "let it answer as cpsctl help hooks says"};
}

/// Adds the text of a member, under a name for messages. False: it is no text, or too long.
bool take(json::Value const& certificate, char const* member, std::string name, std::vector<pki::Source>& sources) {
  json::Value const* const text = json::find(certificate, member);
  if (json::absent(text)) return true;
  if (!text->IsString() || text->GetStringLength() > pki::longest_text) return false;
  sources.push_back({.name = std::move(name), .text = std::string(json::view(*text))});
  return true;
}

}  // namespace

Result<std::string> sign_request_id(SignRequest const& request) {
  std::vector<std::string> keys;
  for (CsrToSign const& one : request.csrs) {
    CPS_TRY(pki::Csr const csr, pki::read_csr(one.csr));
    keys.push_back(csr.key.digest);
  }
  return request_id(operation, request.subject, std::move(keys));
}

Result<Request> sign_request(Hook const& hook, SignRequest const& request) {
  CPS_TRY(std::string id, sign_request_id(request));
  json::Document document = request_document(operation, id, hook.program.config, request.subject);
  json::Pool& pool = document.GetAllocator();
  std::optional<std::string> const previous =
      request.previous_not_after ? std::optional(timestamp(*request.previous_not_after)) : std::nullopt;
  json::set(document, "csrs", fields::to_json(request.csrs, pool), pool);
  json::set(document, "days", fields::to_json(request.days, pool), pool);
  json::set(document, "previousNotAfter", fields::to_json(previous, pool), pool);
  return Request{.id = std::move(id),
                 .text = json::compact(document) + "\n",
                 .repeats = Repeats::must,
                 .about = request.subject.enrollment.name};
}

SignOutcome signed_by(std::string const& signer, Outcome const& outcome) {
  if (auto const* const later = std::get_if<Later>(&outcome)) return *later;
  if (auto const* const failed = std::get_if<Failed>(&outcome)) return *failed;
  json::Value const* const list = json::find(std::get<Done>(outcome).document.get(), "certificates");
  if (json::absent(list) || !list->IsArray()) return bad(signer, "its answer has no list of certificates");
  if (list->Size() > most_certificates)
    return bad(signer, fmt::format("its answer has more than {} certificates", most_certificates));
  Signed made;
  for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
    json::Value const& one = (*list)[i];
    std::string const name = fmt::format("answer of {}, certificates[{}]", signer, i);
    if (!one.IsObject() || json::absent(json::find(one, "certificate")))
      return bad(signer, fmt::format("certificates[{}] in its answer has no certificate", i));
    if (!take(one, "certificate", name + ".certificate", made.sources) ||
        !take(one, "trustChain", name + ".trustChain", made.sources))
      return bad(signer, fmt::format("certificates[{}] in its answer is not made of texts", i));
  }
  if (made.sources.empty()) return bad(signer, "its answer has no certificate");
  return made;
}

http::Task<SignOutcome> sign(Runner& runner, Hook hook, SignRequest request) {
  auto asked = sign_request(hook, request);
  if (!asked)
    co_return Failed{.cause = Cause::request,
                     .reason = fmt::format("the signer {} was not asked: {}", hook.name, describe(asked.error())),
                     .next = asked.error().next};
  std::string const signer = hook.name;
  Outcome const outcome = co_await runner.run(std::move(hook), std::move(*asked));
  co_return signed_by(signer, outcome);
}

}  // namespace cpsctl::hooks
