#include "report/condition.hpp"

#include <algorithm>

namespace cpsctl::report {

std::string words(Condition condition) {
  std::string text = boost::describe::enum_to_string(condition, "");
  std::ranges::replace(text, '_', ' ');
  return text;
}

bool is_quiet(Condition condition) {
  switch (condition) {
    case Condition::in_sync:
    case Condition::in_progress:
    case Condition::managed:
    case Condition::unmanaged: return true;
    case Condition::waits_for_input:
    case Condition::differs:
    case Condition::missing:
    case Condition::to_be_recorded:
    case Condition::blocked:
    case Condition::waiting:
    case Condition::orphan:
    case Condition::gone:
    case Condition::to_be_deleted:
    case Condition::being_deleted: break;
  }
  return false;
}

}  // namespace cpsctl::report
