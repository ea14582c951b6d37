#include "cps/history.hpp"

#include "cps/reading.hpp"

#include <utility>

namespace cpsctl::cps {
namespace {

struct WireHistory {
  std::vector<HistoryChange> changes = {};
};
BOOST_DESCRIBE_STRUCT(WireHistory, (), (changes))

}  // namespace

Result<std::vector<HistoryChange>> change_history_from(std::string_view text) {
  CPS_TRY(WireHistory wire, read_list<WireHistory>(text, "changes", "a history of changes"));
  return std::move(wire.changes);
}

}  // namespace cpsctl::cps
