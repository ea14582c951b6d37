#pragma once
#include "base/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// What every program is told, whatever it is asked to do. Pure.
namespace cpsctl::hooks {

struct EnrollmentFacts {
  std::string name = {};  ///< of the manifest
  std::int64_t id = 0;
  std::string contract_id = {};
  std::string common_name = {};
  std::vector<std::string> dns_names = {};  ///< all of the certificate, the common name too
  std::string validation_type = {};
  std::map<std::string, std::string> labels = {};
};
BOOST_DESCRIBE_STRUCT(EnrollmentFacts, (), (name, id, contract_id, common_name, dns_names, validation_type, labels))

/// CPS's.
struct ChangeFacts {
  std::int64_t id = 0;
  std::string type = {};  ///< "new-certificate", "renewal"
};
BOOST_DESCRIBE_STRUCT(ChangeFacts, (), (id, type))

struct Subject {
  std::string realm = {};
  std::optional<std::string> reference = {};  ///< of the last answer to this request
  EnrollmentFacts enrollment = {};
  ChangeFacts change = {};
};
BOOST_DESCRIBE_STRUCT(Subject, (), (realm, reference, enrollment, change))

/// What names a request on every machine, with or without state: the same work, the same id. `keys`: digests of what is
/// to be signed or published; their order says nothing.
std::string request_id(std::string_view operation, Subject const& subject, std::vector<std::string> keys);

/// The members of every request; an operation adds its own.
json::Document request_document(std::string_view operation, std::string_view id, json::Ref const& config,
                                Subject const& subject);

}  // namespace cpsctl::hooks
