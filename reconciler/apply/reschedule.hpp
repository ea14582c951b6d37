#pragma once
#include "apply/write.hpp"

namespace cpsctl::apply {

/// What gives a pending change other dates: PUT …/changes/{change}/deployment-schedule.
std::unique_ptr<Write> reschedule_of(plan::Schedule const& schedule, Services& services, Course& course);

}  // namespace cpsctl::apply
