#include "cps/reading.hpp"

namespace cpsctl::cps {

void drop_nulls(json::Value& value) {
  if (value.IsArray())
    for (json::Value& element : value.GetArray()) drop_nulls(element);
  if (!value.IsObject()) return;
  for (auto member = value.MemberBegin(); member != value.MemberEnd();) {
    if (member->value.IsNull()) {
      member = value.RemoveMember(member);  // puts the last one there: no order matters, and many take no time
      continue;
    }
    drop_nulls(member->value);
    ++member;
  }
}

Error unreadable(std::string problem) {
  return Error{.code = Errc::protocol,
               .message = "CPS answered " + std::move(problem),
               .next = "run again; if it stays, report it to Akamai's support",
               .reached = Reached::yes};
}

}  // namespace cpsctl::cps
