#pragma once
#include "apply/write.hpp"

namespace cpsctl::apply {

/// What answers an input of a pending change: POST …/changes/{change}/input/update/{segment}.
std::unique_ptr<Write> answer_of(plan::Input const& input, Services& services, Course& course);

}  // namespace cpsctl::apply
