#include "hooks/request.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::hooks {
namespace {

/// In the order of its members, as a list of JSON: no two of them give the same text.
struct Identity {
  std::string operation = {};
  std::string realm = {};
  std::int64_t enrollment = 0;
  std::int64_t change = 0;
  std::vector<std::string> keys = {};
};
BOOST_DESCRIBE_STRUCT(Identity, (), (operation, realm, enrollment, change, keys))

}  // namespace

std::string request_id(std::string_view operation, Subject const& subject, std::vector<std::string> keys) {
  std::ranges::sort(keys);
  Identity const identity{.operation = std::string(operation),
                          .realm = subject.realm,
                          .enrollment = subject.enrollment.id,
                          .change = subject.change.id,
                          .keys = std::move(keys)};
  return text::sha256_hex(fields::to_text(identity));
}

json::Document request_document(std::string_view operation, std::string_view id, json::Ref const& config,
                                Subject const& subject) {
  json::Document document(rapidjson::kObjectType);
  json::Pool& pool = document.GetAllocator();
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "operation", json::string(operation, pool), pool);
  json::set(document, "request", json::string(id, pool), pool);
  json::Value settings(rapidjson::kObjectType);
  if (config) settings.CopyFrom(*config, pool);
  json::set(document, "config", std::move(settings), pool);
  json::Value members = fields::to_json(subject, pool);
  for (auto& member : members.GetObject()) document.AddMember(member.name, member.value, pool);
  return document;
}

}  // namespace cpsctl::hooks
