#pragma once
#include "cps/api.hpp"
#include "cps/changes.hpp"
#include "cps/deployments.hpp"
#include "cps/history.hpp"
#include "cps/inputs.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// CPS's operations on changes, and on what they have deployed. As in api.hpp, what reads and what writes are different
/// types.
namespace cpsctl::cps {

struct ChangeRef {
  std::string subject = {};  ///< the enrollment's name, for logs and errors
  std::string account_key = {};
  EnrollmentId enrollment = {};
  ChangeId change = {};
};

/// GET operations. Errors of all: as Session::send; protocol when the answer is not what was asked for.
class ChangeReader {
 public:
  explicit ChangeReader(Session& session) : session_(session) {}
  /// CPS v2, GET /enrollments/{id}/changes/{change}: 200, change.v2; 404 once it has ended (Errc::not_found).
  http::Task<Result<Change>> change(ChangeRef ref);
  /// CPS v2, GET …/input/info/{segment}: 200, by the input's kind; a server that does not serve csr.v2 is asked for
  /// csr.v1. 404 although the change shows the input (Errc::not_found): read the change again (facts-2026.md A2).
  http::Task<Result<InputInfo>> info(ChangeRef ref, Input input);
  /// CPS v2, GET …/deployment-schedule: 200.
  http::Task<Result<Schedule>> schedule(ChangeRef ref);
  /// CPS v2, GET /enrollments/{id}/deployments: 200, deployments.v8, else v7.
  http::Task<Result<Deployments>> deployments(std::string account_key, EnrollmentId id, std::string subject);
  /// CPS v2, GET /enrollments/{id}/history/changes: 200, change-history.v5; newest first.
  http::Task<Result<std::vector<HistoryChange>>> change_history(std::string account_key, EnrollmentId id,
                                                                std::string subject);
  /// CPS v2, GET /active-certificates?contractId=: 200, active-certificates.v2; has a request limit of its own.
  http::Task<Result<std::vector<ActiveCertificates>>> active_certificates(std::string account_key,
                                                                          std::string contract);

 protected:
  Session& session_;
};

/// Answers one input of a change.
struct AnswerRequest {
  ChangeRef ref = {};
  Input input = {};
  Answer answer = {};
  std::function<http::Task<Result<>>()> before_send = {};  ///< as Call::before_send
};

/// When a change may be deployed; nothing: no such bound. Only bounds that are wanted are sent, and
/// null for one that the change has and is to lose.
struct ScheduleRequest {
  ChangeRef ref = {};
  Schedule had = {};  ///< as CPS shows it
  std::optional<WallTime> not_before = {};
  std::optional<WallTime> not_after = {};
  std::function<http::Task<Result<>>()> before_send = {};
};

class ChangeWriter : public ChangeReader {
 public:
  using ChangeReader::ChangeReader;
  /// CPS v2, POST …/input/update/{segment}: 200, 202 or 204, with change-id.v1 or nothing. It is sent once; only a 429
  /// is repeated. 404 and 409 (Errc::not_found, Errc::conflict): read the change again, the input may be gone. An
  /// answer that names another change is an Error with reached = unknown. Errors: also internal, unsent, when the
  /// answer does not fit the input.
  http::Task<Result<>> answer(AnswerRequest request);
  /// CPS v2, PUT …/deployment-schedule: 200 with change-id.v1. Sent once; only a 429 is repeated.
  http::Task<Result<>> reschedule(ScheduleRequest request);
};

}  // namespace cpsctl::cps
