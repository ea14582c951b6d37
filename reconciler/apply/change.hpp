#pragma once
#include "apply/write.hpp"

#include <cstdint>
#include <vector>

namespace cpsctl::apply {

/// A write on what exists.
class Change : public Write {
 public:
  using Write::Write;

  bool on_list() const override { return !course_.reads; }
  http::Task<Result<Basis>> look() override;
  http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) override;

 protected:
  state::Record intent(std::vector<std::int64_t> pending) const;
  /// The state holds it: a plan will look at it again.
  bool is_managed() const;

  static constexpr int most_readings = 3;
  int readings_ = 0;
};

/// The ids alone, as journal and results hold them.
std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes);

}  // namespace cpsctl::apply
