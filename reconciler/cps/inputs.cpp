#include "cps/inputs.hpp"

#include "base/text.hpp"
#include "cps/reading.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

// Two certificates have some 10 KB; to put a state into its canonical form takes a multiple of its size.
constexpr std::size_t largest_pending_deployment = std::size_t{1} << 20;

// The wire's shapes, where they differ from ours.
struct WireCsrs {
  std::vector<Csr> csrs = {};
  std::string csr = {};  ///< csr.v1
};
BOOST_DESCRIBE_STRUCT(WireCsrs, (), (csrs, csr))

struct WireValidation {
  std::vector<ValidationMessage> errors = {};
  std::vector<ValidationMessage> warnings = {};
};
BOOST_DESCRIBE_STRUCT(WireValidation, (), (errors, warnings))

struct WirePendingState {
  std::vector<PendingCertificate> pending_certificates = {};
  json::Ref pending_network_configuration = {};
};
BOOST_DESCRIBE_STRUCT(WirePendingState, (), (pending_certificates, pending_network_configuration))

struct WirePendingDeployment {
  std::string acknowledgement_deadline = {};
  std::string validation_result_hash = {};
  WireValidation validation_result = {};
  std::optional<WirePendingState> pending_state = {};
};
BOOST_DESCRIBE_STRUCT(WirePendingDeployment, (),
                      (acknowledgement_deadline, validation_result_hash, validation_result, pending_state))

/// CPS says a boolean as one, or as its word (cps-api.md §4.6), and promises no order of its lists: the same state has
/// one form.
void make_canonical(json::Value& value) {
  if (value.IsString()) {
    std::string_view const word = json::view(value);
    if (word == "true" || word == "false") value.SetBool(word == "true");
  } else if (value.IsObject()) {
    for (auto& member : value.GetObject()) make_canonical(member.value);
  } else if (value.IsArray()) {
    std::vector<std::pair<std::string, json::Value>> elements;
    for (json::Value& element : value.GetArray()) {
      make_canonical(element);
      std::string key = json::canonical(element);
      elements.emplace_back(std::move(key), std::move(element));
    }
    std::ranges::sort(elements, {}, &std::pair<std::string, json::Value>::first);
    for (std::size_t i = 0; i < elements.size(); ++i)
      value[static_cast<rapidjson::SizeType>(i)] = std::move(elements[i].second);
  }
}

Result<InputInfo> warnings_from(std::string_view text) {
  CPS_TRY(json::Document document, json::parse(text, "warnings"));
  json::Value const* const warnings = json::find(document, "warnings");
  // An empty text would pass as nothing to object to: only a text that is there is one.
  if (warnings == nullptr || !warnings->IsString()) return unreadable("warnings without a text");
  return WarningsText{.warnings = std::string(json::view(*warnings))};
}

Result<InputInfo> csrs_from(std::string_view text) {
  CPS_TRY(WireCsrs wire, read_text_as<WireCsrs>(text, "a CSR"));
  Csrs made{.csrs = std::move(wire.csrs)};
  if (made.csrs.empty() && !wire.csr.empty()) made.csrs.push_back({.csr = std::move(wire.csr)});
  for (Csr const& one : made.csrs)
    if (one.csr.empty()) return unreadable("a CSR that is empty");
  if (made.csrs.empty()) return unreadable("a request for the CSR without one");
  return made;
}

Result<InputInfo> challenges_from(std::string_view text) {
  CPS_TRY(json::Document document, json::parse(text, "challenges"));
  json::drop_nulls(document);
  if (json::find(document, "dv") == nullptr) return unreadable("challenges without a dv");
  CPS_TRY(Challenges made, read_as<Challenges>(document, "challenges"));
  return made;
}

Result<InputInfo> pending_deployment_from(std::string_view text) {
  constexpr char const* what = "change management information";
  if (text.size() > largest_pending_deployment) return unreadable(fmt::format("{} that is far too large", what));
  CPS_TRY(json::Document document, json::parse(text, what));
  json::drop_nulls(document);
  if (json::Value* const state = json::find(document, "pendingState")) make_canonical(*state);
  CPS_TRY(WirePendingDeployment wire, read_as<WirePendingDeployment>(document, what));
  if (!wire.pending_state) return unreadable(fmt::format("{} without a pendingState", what));
  if (wire.validation_result_hash.empty()) return unreadable(fmt::format("{} without a validationResultHash", what));
  json::Ref const& network = wire.pending_state->pending_network_configuration;
  if (network && !network->IsObject())
    return unreadable(fmt::format("{} with an unusable pendingState.pendingNetworkConfiguration", what));
  return PendingDeployment{
      .acknowledgement_deadline = std::move(wire.acknowledgement_deadline),
      .validation_result_hash = std::move(wire.validation_result_hash),
      .errors = std::move(wire.validation_result.errors),
      .warnings = std::move(wire.validation_result.warnings),
      .certificates = std::move(wire.pending_state->pending_certificates),
      .network = network,
      .fingerprint = "sha256:" + text::sha256_hex(json::canonical(*json::find(document, "pendingState")))};
}

json::Value certificate_json(SignedCertificate const& certificate, json::Pool& pool) {
  json::Value made(rapidjson::kObjectType);
  json::set(made, "keyAlgorithm", json::string(certificate.key_algorithm, pool), pool);
  json::set(made, "certificate", json::string(certificate.certificate, pool), pool);
  if (!certificate.trust_chain.empty())
    json::set(made, "trustChain", json::string(certificate.trust_chain, pool), pool);
  return made;
}

std::string upload_text(Upload const& upload) {
  json::Document body(rapidjson::kObjectType);
  json::Value all(rapidjson::kArrayType);
  for (SignedCertificate const& one : upload.certificates)
    all.PushBack(certificate_json(one, body.GetAllocator()), body.GetAllocator());
  json::set(body, "certificatesAndTrustChains", std::move(all), body.GetAllocator());
  return json::compact(body);
}

std::string acknowledgement_text(std::string_view hash) {
  json::Document body(rapidjson::kObjectType);
  json::Pool& pool = body.GetAllocator();
  json::set(body, "acknowledgement", json::string("acknowledge", pool), pool);
  if (!hash.empty()) json::set(body, "hash", json::string(hash, pool), pool);
  return json::compact(body);
}

}  // namespace

Result<InputInfo> input_info_from(InputKind kind, std::string_view text) {
  switch (kind) {
    case InputKind::pre_verification_warnings:
    case InputKind::post_verification_warnings: return warnings_from(text);
    case InputKind::domain_validation: return challenges_from(text);
    case InputKind::third_party_certificate: return csrs_from(text);
    case InputKind::change_management: return pending_deployment_from(text);
  }
  return Error{.message = "no such kind of input"};
}

Result<AnswerBody> answer_body(InputKind kind, Answer const& answer) {
  bool const certificate = kind == InputKind::third_party_certificate;
  bool const approval = kind == InputKind::change_management;
  if (auto const* const upload = std::get_if<Upload>(&answer);
      upload != nullptr && certificate && !upload->certificates.empty())
    return AnswerBody{.entity = "certificate-and-trust-chain", .version = "v2", .text = upload_text(*upload)};
  // Never without its hash: that would approve whatever is there by then.
  if (auto const* const approve = std::get_if<Approve>(&answer);
      approve != nullptr && approval && !approve->validation_result_hash.empty())
    return AnswerBody{.entity = "acknowledgement-with-hash",
                      .version = "v1",
                      .text = acknowledgement_text(approve->validation_result_hash)};
  if (std::holds_alternative<Acknowledge>(answer) && !certificate && !approval)
    return AnswerBody{.entity = "acknowledgement", .version = "v1", .text = acknowledgement_text("")};
  return Error{.code = Errc::internal,
               .message = fmt::format("an answer that does not fit the input {}", fields::word(kind))};
}

}  // namespace cpsctl::cps
