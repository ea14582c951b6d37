#include "apply/spacing.hpp"

#include <algorithm>

namespace cpsctl::apply {

void Spacing::conflict(plan::Scope const& scope, WallTime at) {
  Contract& contract = contracts_[scope];
  contract.one_at_a_time = true;
  // What CPS took before it refused this one came earlier still.
  contract.next = std::max(contract.next, at + apart_);
}

bool Spacing::holds(plan::Scope const& scope, WallTime now) const {
  auto const contract = contracts_.find(scope);
  if (contract == contracts_.end() || !contract->second.one_at_a_time) return false;
  return contract->second.in_flight > 0 || now < contract->second.next;
}

void Spacing::begin(plan::Scope const& scope) {
  ++contracts_[scope].in_flight;
}

void Spacing::end(plan::Scope const& scope, WallTime now, bool counts) {
  Contract& contract = contracts_[scope];
  --contract.in_flight;
  if (counts) contract.next = std::max(contract.next, now + apart_);
}

Spacing::Place Spacing::join(plan::Scope const& scope, WallTime now) {
  Contract& contract = contracts_[scope];
  // One that is under way will count once it is over.
  WallTime const next = contract.in_flight > 0 ? std::max(contract.next, now + apart_) : contract.next;
  int const before = contract.in_line++;
  return {.in_line = contract.in_line, .next = next, .expected = next + before * apart_};
}

void Spacing::clear_lines() {
  for (auto& [scope, contract] : contracts_) contract.in_line = 0;
}

}  // namespace cpsctl::apply
