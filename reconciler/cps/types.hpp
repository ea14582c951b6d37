#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// CPS's wire types as the rest of the program sees them. No sockets here.
namespace cpsctl::cps {

struct EnrollmentId {
  std::int64_t value = 0;
  auto operator<=>(EnrollmentId const&) const = default;
};

struct ChangeId {
  std::int64_t value = 0;
  auto operator<=>(ChangeId const&) const = default;
};

/// An element of pendingChanges: an object since v10, a path string before. The last one is the newest.
struct PendingChange {
  ChangeId id = {};
  std::string type = {};  ///< new-certificate, modify-san, renewal …; empty when CPS does not say
};

/// An enrollment as CPS returned it.
struct Live {
  EnrollmentId id = {};
  json::Ref document = {};
  std::vector<PendingChange> pending = {};
  std::string api_schema = {};  ///< the version that it was read in, and that a write over it has to be in
  WallTime begun = {};          ///< of one that was asked for by its id: when the request was sent
};

/// One contract's enrollments.
struct Listing {
  std::string account_key = {};
  std::string contract = {};
  std::string api_schema = {};
  std::vector<Live> enrollments = {};
  WallTime begun = {};                    ///< when the request was sent
  std::optional<WallTime> answered = {};  ///< the answer's Date: CPS's own time
};

/// Reads id (integer or string, else from location; they must not disagree) and pendingChanges. Errors: protocol,
/// naming the field.
Result<Live> live_from(json::Ref document);

/// An id is an integer on the wire, a text in the published schema: both are taken.
std::optional<std::int64_t> id_of(json::Value const& value);

/// Last path segment as a number: "/cps/v2/enrollments/10002" and "/cps-api/enrollments/10002" -> 10002.
std::optional<std::int64_t> id_from_path(std::string_view path);

/// The answer to create, update and delete.
struct EnrollmentStatus {
  EnrollmentId enrollment = {};
  std::vector<ChangeId> changes = {};
  bool started = false;  ///< 202: a change carries it out; else it is done
};

/// What a body of an error says; every part may be empty. Never fails, whatever the bytes are.
struct Problem {
  int status = 0;
  std::string slug = {};  ///< last path segment of `type`
  std::string title = {};
  std::string detail = {};
  std::string instance = {};  ///< what CPS's support asks for
  std::string text = {};      ///< the start of a body that is not a problem document, printable
};

}  // namespace cpsctl::cps
