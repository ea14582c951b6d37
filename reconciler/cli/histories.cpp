#include "cli/histories.hpp"

#include "cli/side_by_side.hpp"
#include "cps/change_api.hpp"

#include <utility>

namespace cpsctl::cli {
namespace {

http::Task<Result<>> read_history(cps::ChangeReader& reader, History& one) {
  auto changes = co_await reader.change_history(one.account, one.enrollment, one.name);
  if (!changes) co_return changes.error();
  one.changes = std::move(*changes);
  co_return Result<>();
}

}  // namespace

Result<std::vector<History>> read_histories(std::vector<History> all, Connection& connection) {
  cps::ChangeReader reader(*connection.session);
  ReadOne<History> const read = [&reader](History& one) { return read_history(reader, one); };
  return SideBySide<History>(std::move(all), read, connection).run();
}

std::string unread_history(Error const& failure) {
  return "CPS's history of its changes could not be read: " + describe(failure);
}

}  // namespace cpsctl::cli
