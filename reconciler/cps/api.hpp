#pragma once
#include "cps/session.hpp"
#include "cps/types.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// CPS's operations. What only reads and what writes are different types: `plan` never holds a Writer.
namespace cpsctl::cps {

/// "application/vnd.akamai.cps.enrollment.v11+json"
std::string media_type(std::string_view entity, std::string_view version);

/// GET operations. `api_schema` is the version word of the enrollment entities ("v11").
class Reader {
 public:
  explicit Reader(Session& session) : session_(session) {}
  /// CPS v2, GET /enrollments?contractId=: 200 {"enrollments":[…]}, not paged; read element by element as it arrives.
  /// Errors: as Session::send; protocol when it is not such a list or exceeds max_list_bytes.
  http::Task<Result<Listing>> list(std::string account_key, std::string contract, std::string api_schema);
  /// CPS v2, GET /enrollments/{id}: 200 or 404 (Errc::not_found).
  http::Task<Result<Live>> get(std::string account_key, EnrollmentId id, std::string api_schema, std::string subject);
  Session const& session() const { return session_; }

 protected:
  Session& session_;
};

/// Everything of POST /enrollments.
struct CreateRequest {
  std::string subject = {};  ///< the enrollment's name, for logs and errors
  std::string account_key = {};
  std::string contract = {};
  std::string api_schema = {};
  std::string body = {};  ///< the Enrollment, as JSON text
  std::optional<Day> deploy_not_before = {};
  std::optional<Day> deploy_not_after = {};
  bool allow_duplicate_cn = false;
  std::function<http::Task<Result<>>()> before_send = {};  ///< as Call::before_send
};

struct UpdateRequest {
  std::string subject = {};
  std::string account_key = {};
  EnrollmentId id = {};
  std::string api_schema = {};
  std::string body = {};
  std::optional<Day> deploy_not_before = {};
  std::optional<Day> deploy_not_after = {};
  bool allow_cancel_pending_changes = false;
  bool override_renewal_window = false;  ///< renewal-date-check-override
  std::function<http::Task<Result<>>()> before_send = {};
};

struct DeleteRequest {
  std::string subject = {};
  std::string account_key = {};
  EnrollmentId id = {};
  bool allow_cancel_pending_changes = false;
  std::function<http::Task<Result<>>()> before_send = {};
};

/// Gives up one pending change, and no other.
struct CancelRequest {
  std::string subject = {};
  std::string account_key = {};
  EnrollmentId id = {};
  ChangeId change = {};
  std::function<http::Task<Result<>>()> before_send = {};
};

class Writer : public Reader {
 public:
  using Reader::Reader;
  using Reader::session;
  Session& session() { return session_; }
  /// CPS v2, POST /enrollments: 202 (200 is taken too) with enrollment-status.v1. Sent once; only a 429 is repeated.
  /// A 2xx whose body cannot be read is an Error with reached = unknown.
  http::Task<Result<EnrollmentStatus>> create(CreateRequest request);
  /// CPS v2, PUT /enrollments/{id}: 200 stored, 202 a change was started.
  http::Task<Result<EnrollmentStatus>> update(UpdateRequest request);
  /// CPS v2, DELETE /enrollments/{id}: 200 removed at once (no changes then), 202 a removal was started; 404 when it is
  /// gone already (Errc::not_found).
  http::Task<Result<EnrollmentStatus>> remove(DeleteRequest request);
  /// CPS v2, DELETE /enrollments/{id}/changes/{change}: 200; 404 when it is not pending any more (Errc::not_found), 409
  /// when it cannot be cancelled (Errc::conflict). An enrollment that was never deployed goes with its only change.
  http::Task<Result<>> cancel(CancelRequest request);
};

}  // namespace cpsctl::cps
