#pragma once
#include "base/json.hpp"
#include "cps/changes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// What CPS says of an input, and what answers it (cps-api.md §4.4, §4.6, §5.1 to §5.3). No sockets here. Times are
/// texts as CPS wrote them (RFC 3339, mostly); texts that CPS left out or gave as null are empty.
namespace cpsctl::cps {

/// warnings.v1, of both kinds of warnings.
struct WarningsText {
  std::string warnings = {};
};
BOOST_DESCRIBE_STRUCT(WarningsText, (), (warnings))

struct Challenge {
  std::string type = {};    ///< "http-01", "dns-01"
  std::string status = {};  ///< "pending", "valid"
  std::string error = {};
  std::string token = {};
  std::string full_path = {};           ///< http-01: a URL; dns-01: the TXT record's name with its trailing dot
  std::string redirect_full_path = {};  ///< http-01: where Akamai serves the body; empty for dns-01
  std::string response_body = {};       ///< what is to be found there: the file, or the TXT record's value
  bool operator==(Challenge const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Challenge, (), (type, status, error, token, full_path, redirect_full_path, response_body))

struct DomainValidation {
  std::string domain = {};
  std::string status = {};             ///< "Awaiting user", "Valid" …
  std::string validation_status = {};  ///< "VALIDATED", "IN_PROGRESS" …
  std::string error = {};
  std::string request_timestamp = {};
  std::string validated_timestamp = {};
  std::string expires = {};
  std::vector<Challenge> challenges = {};  ///< empty before CPS has asked the CA, and after validation
};
BOOST_DESCRIBE_STRUCT(DomainValidation, (),
                      (domain, status, validation_status, error, request_timestamp, validated_timestamp, expires,
                       challenges))

/// dv-challenges.v2.
struct Challenges {
  std::vector<DomainValidation> dv = {};
};
BOOST_DESCRIBE_STRUCT(Challenges, (), (dv))

struct Csr {
  std::string csr = {};            ///< PEM
  std::string key_algorithm = {};  ///< "RSA", "ECDSA"; empty: csr.v1 does not say
};
BOOST_DESCRIBE_STRUCT(Csr, (), (csr, key_algorithm))

/// csr.v2; at least one.
struct Csrs {
  std::vector<Csr> csrs = {};
};
BOOST_DESCRIBE_STRUCT(Csrs, (), (csrs))

struct PendingCertificate {
  std::string certificate_type = {};
  std::string full_certificate = {};  ///< PEM
  std::string key_algorithm = {};
  std::string signature_algorithm = {};
};
BOOST_DESCRIBE_STRUCT(PendingCertificate, (), (certificate_type, full_certificate, key_algorithm, signature_algorithm))

struct ValidationMessage {
  std::string message = {};
  std::string message_code = {};  ///< may be "no-code"
};
BOOST_DESCRIBE_STRUCT(ValidationMessage, (), (message, message_code))

/// change-management-info.v5: what would go live.
struct PendingDeployment {
  std::string acknowledgement_deadline = {};  ///< CPS deploys then without an approval; empty: never, or not known
  std::string validation_result_hash = {};    ///< of the validation result alone; never empty
  std::vector<ValidationMessage> errors = {};
  std::vector<ValidationMessage> warnings = {};
  std::vector<PendingCertificate> certificates = {};
  /// pendingNetworkConfiguration in its canonical form: no nulls, "true" and "false" as booleans, lists sorted.
  json::Ref network = {};
  /// "sha256:…" of the canonical pendingState, certificates and network settings: what a person has seen (facts-2026.md
  /// A24: two pending certificates may have the same hash).
  std::string fingerprint = {};
};
BOOST_DESCRIBE_STRUCT(PendingDeployment, (),
                      (acknowledgement_deadline, validation_result_hash, errors, warnings, certificates, network,
                       fingerprint))

/// By the input's kind.
using InputInfo = std::variant<WarningsText, Challenges, Csrs, PendingDeployment>;

/// Errors: protocol, naming the field.
Result<InputInfo> input_info_from(InputKind kind, std::string_view text);

/// The answers. Of warnings, and of challenges that are published:
struct Acknowledge {};
/// Of a pending deployment: goes to production. The hash is that of the information that was seen.
struct Approve {
  std::string validation_result_hash = {};
};
struct SignedCertificate {
  std::string key_algorithm = {};  ///< "RSA", "ECDSA"
  std::string certificate = {};    ///< PEM, the leaf alone
  std::string trust_chain = {};    ///< PEM, without the leaf; empty: none
};
/// Of CSRs: all algorithms that are to be served, at once.
struct Upload {
  std::vector<SignedCertificate> certificates = {};
};
using Answer = std::variant<Acknowledge, Approve, Upload>;

/// An answer as it is sent.
struct AnswerBody {
  std::string entity = {};  ///< of the media type: "acknowledgement"
  std::string version = {};
  std::string text = {};
};
/// Errors: internal, when the kind of input has no such answer.
Result<AnswerBody> answer_body(InputKind kind, Answer const& answer);

}  // namespace cpsctl::cps
