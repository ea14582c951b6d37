#include "cps/reading.hpp"

namespace cpsctl::cps {

Error unreadable(std::string problem) {
  return Error{.code = Errc::protocol,
               .message = "CPS answered " + std::move(problem),
               .next = "run again; if it stays, report it to Akamai's support",
               .reached = Reached::yes};
}

}  // namespace cpsctl::cps
