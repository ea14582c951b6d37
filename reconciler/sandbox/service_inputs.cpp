#include "base/text.hpp"
#include "sandbox/approval.hpp"
#include "sandbox/challenges.hpp"
#include "sandbox/given.hpp"
#include "sandbox/motion.hpp"
#include "sandbox/service.hpp"
#include "sandbox/validation.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// What a change asks people for, and what they give it (cps-api.md §4.3, §4.4).
namespace cpsctl::sandbox {
namespace {

Entity const& info_entity(Input input) {
  switch (input) {
    case Input::pre_verification_warnings:
    case Input::post_verification_warnings: return warnings_entity;
    case Input::challenges: return challenges_entity;
    case Input::certificate: return csr_entity;
    case Input::approval: return approval_entity;
  }
  return warnings_entity;
}

/// CSRs can be read until the certificate is on its way (cps-api.md §5.2); everything else while it is waited for.
bool readable(Change const& change, Input input) {
  if (change.error) return false;
  if (step_of(change).input == input) return true;
  return input == Input::certificate && change.validation == "third-party" &&
         (change.status == "verify-third-party-cert" || change.status == "wait-review-third-party-cert");
}

std::string warnings_body(std::string const& text) {
  json::Document body(rapidjson::kObjectType);
  json::set(body, "warnings", json::string(text, body.GetAllocator()), body.GetAllocator());
  return json::compact(body);
}

std::string csr_body(Order const& order) {
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  for (KeyedCertificate const& one : order.keys) {
    json::Value entry(rapidjson::kObjectType);
    json::set(entry, "csr", json::string(one.csr, pool), pool);
    json::set(entry, "keyAlgorithm", json::string(one.algorithm, pool), pool);
    list.PushBack(std::move(entry), pool);
  }
  json::set(body, "csrs", std::move(list), pool);
  return json::compact(body);
}

Problem wrong_state(Change const& change, std::string detail) {
  return {.status = 409,
          .slug = "invalid-enrollment-state",
          .title = "Invalid enrollment state",
          .detail = fmt::format("The change {} is at {}: {}", change.id, change.status, detail)};
}

std::vector<std::string> subject_names(Order const& order) {
  std::vector<std::string> names;
  auto const subject = json::parse(order.subject, "a stored subject");
  json::Value const* const sans = subject ? json::find(*subject, "sans") : nullptr;
  if (sans != nullptr && sans->IsArray())
    for (auto const& name : sans->GetArray()) names.push_back(text::lower(json::text_or(&name, "")));
  return names;
}

/// What an upload is held against: the names of its order, and those that the network would lose.
Expectation expectation(Enrollment const& enrollment, Order const& order, WallTime now) {
  Expectation expected{.common_name = text::lower(enrollment.common_name), .names = subject_names(order), .now = now};
  Order const* const live = enrollment.production ? order_of(enrollment, enrollment.production->order) : nullptr;
  if (live != nullptr)
    for (std::string& name : subject_names(*live))
      if (std::ranges::find(expected.names, name) == expected.names.end()) expected.live.push_back(std::move(name));
  return expected;
}

}  // namespace

Response Service::input_info(Call& call, Enrollment const& enrollment, Change const& pending, Input input) {
  Change const change = pending;  // what is made below replaces what the store holds
  Entity const& entity = info_entity(input);
  auto const version = accepted_version(call.request.header("Accept"), entity, behaviour_.policy);
  if (!version) return not_acceptable(call, entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  if (!readable(change, input))
    return not_found(call, fmt::format("the change {} does not wait for {}", change.id, names_of(input).info));
  Enrollment made = enrollment;
  Result<> done;
  if (input == Input::certificate) done = make_csrs(made, change.id);
  if (input == Input::approval) done = make_certificates(made, {change.id});
  if (!done) return disk_trouble(call, done.error());
  std::string body;
  switch (input) {
    case Input::pre_verification_warnings: body = warnings_body(change.warned_before); break;
    case Input::post_verification_warnings: body = warnings_body(change.warned_after); break;
    case Input::challenges: body = challenges_body(made, change, behaviour_, call.now); break;
    case Input::certificate: body = csr_body(*order_of(made, change.id)); break;
    case Input::approval: body = approval_body(made, change, *version); break;
  }
  return carried_out(200, entity, *version, std::move(body));
}

/// What somebody gave: one of the two.
struct Service::Given {
  Acknowledgement acknowledgement = {};
  std::vector<Uploaded> certificates = {};
};

std::optional<Response> Service::read_given(Call& call, Input input, Given& given) {
  std::string_view const type = call.request.header("Content-Type");
  auto const is = [&](Entity const& entity) { return content_version(type, entity, behaviour_.policy).has_value(); };
  std::optional<Problem> problem;
  if (input == Input::certificate) {
    if (!is(upload_entity)) return not_supported(call, upload_entity);
    problem = read_upload(call.request.body, given.certificates);
  } else if (input == Input::approval && is(hashed_acknowledgement_entity)) {
    problem = read_acknowledgement(call.request.body, Hash::required, given.acknowledgement);
  } else {
    if (!is(acknowledgement_entity)) return not_supported(call, acknowledgement_entity);
    problem = read_acknowledgement(call.request.body, Hash::unknown, given.acknowledgement);
  }
  if (problem) return refuse(call, *problem);
  return std::nullopt;
}

Response Service::input_update(Call& call, Enrollment const& enrollment, Change const& change, Input input) {
  auto const version = accepted_version(call.request.header("Accept"), change_id_entity, behaviour_.policy);
  if (!version) return not_acceptable(call, change_id_entity);
  if (auto const problem = query_problem(call, {})) return refuse(call, *problem);
  Given given;
  if (auto refusal = read_given(call, input, given)) return std::move(*refusal);
  if (awaited(change) != input)
    return refuse(call, wrong_state(change, fmt::format("{} is not awaited", names_of(input).update)));
  std::string body = fmt::format(R"({{"change":"{}"}})", change_path(enrollment.id, change.id));
  std::int64_t const id = change.id;

  Result<> done;
  if (given.acknowledgement.answer == Answer::deny && behaviour_.denied == Denied::cancelled) {
    done = cancel(call, enrollment, id);
  } else {
    Enrollment next = enrollment;
    Change& taken = *std::ranges::find(next.changes, id, &Change::id);
    if (auto const problem = take(call, next, taken, input, given)) return refuse(call, *problem);
    bool const moves = !taken.error && !taken.reads_left && !taken.look_asked;
    done = moves ? leave_input(call, next, id) : put_back(std::move(next));
  }
  if (!done) return disk_trouble(call, done.error());
  return carried_out(200, change_id_entity, *version, std::move(body));
}

/// Enters what was given in the change; or says why it is not taken.
std::optional<Problem> Service::take(Call const& call, Enrollment& enrollment, Change& change, Input input,
                                     Given const& given) const {
  if (given.acknowledgement.answer == Answer::deny) {
    change.error = ChangeError{.code = "denied",
                               .description = fmt::format("{} was denied.", names_of(input).type),
                               .timestamp = timestamp(call.now)};
    return std::nullopt;
  }
  auto const& hash = given.acknowledgement.hash;
  if (hash && *hash != validation_hash(change) && behaviour_.stale_hash == StaleHash::refused)
    return wrong_state(change, "the hash is not that of its validation result");
  if (input == Input::certificate)
    if (auto problem = take_upload(call, enrollment, change, given)) return problem;
  // An acknowledgement proves nothing to a CA that looks: it makes it look now.
  if (is_looked_for(change, behaviour_))
    change.look_asked = true;
  else if (behaviour_.input_echo > 0)
    change.reads_left = behaviour_.input_echo;
  return std::nullopt;
}

std::optional<Problem> Service::take_upload(Call const& call, Enrollment& enrollment, Change& change,
                                            Given const& given) const {
  Order& order = *order_of(enrollment, change.id);
  Verdict const verdict = verify(given.certificates, order, expectation(enrollment, order, call.now));
  if (!verdict.refusal.empty())
    return Problem{
        .status = 400, .slug = "invalid-certificate", .title = "Invalid certificate", .detail = verdict.refusal};
  order.signer = Signer::customer;
  order.issued = timestamp(verdict.issued);
  order.expires = timestamp(verdict.expires);
  for (Uploaded const& one : given.certificates) {
    KeyedCertificate& ordered = *std::ranges::find(order.keys, one.algorithm, &KeyedCertificate::algorithm);
    ordered.certificate = one.certificate;
    ordered.trust_chain = one.trust_chain;
  }
  std::vector<std::string> warnings = verdict.warnings;
  for (std::string& text : warnings_when(Warning::When::after)) warnings.push_back(std::move(text));
  change.warned_after = fmt::format("{}", fmt::join(warnings, "\n"));
  return std::nullopt;
}

Result<> Service::leave_input(Call const& call, Enrollment& enrollment, std::int64_t change) {
  CPS_TRY(Fate const fate, leave_step(enrollment, change, behaviour_, call.now));
  (void)fate;  // a step with an input is never a path's last
  return put_back(std::move(enrollment));
}

Result<> Service::make_csrs(Enrollment& enrollment, std::int64_t change) {
  auto const document = json::parse(enrollment.document, "a stored enrollment");
  json::Value const* const exclude = document ? json::at(*document, "/thirdParty/excludeSans") : nullptr;
  Order& order = *order_of(enrollment, change);
  CPS_TRY(bool const made,
          make_requests(order, exclude != nullptr && exclude->IsTrue() ? Names::left_out : Names::included));
  return made ? store_.put(enrollment) : Result<>();
}

Result<> Service::make_certificates(Enrollment& enrollment, std::vector<std::int64_t> const& wanted) {
  bool made = false;
  for (std::int64_t const change : wanted) {
    Order* const order = order_of(enrollment, change);
    if (order == nullptr) continue;
    CPS_TRY(Authority const authority, store_.authority());
    CPS_TRY(bool const signed_now, sign(*order, authority));
    made = made || signed_now;
  }
  return made ? store_.put(enrollment) : Result<>();
}

std::vector<std::string> Service::warnings_when(Warning::When when) const {
  std::vector<std::string> texts;
  for (Warning const& warning : behaviour_.warnings)
    if (warning.when == when) texts.push_back(warning.text);
  return texts;
}

}  // namespace cpsctl::sandbox
