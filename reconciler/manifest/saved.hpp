#pragma once
#include "manifest/types.hpp"

namespace cpsctl::manifest {

/// A wish that comes from a file which is not a manifest (a saved plan) is held against what manifests are held
/// against: names, labels, the schemas, the rules, which also find its refusals again. Errors: manifest, with the
/// enrollment, the field and what to write.
Result<> check_saved(Desired& desired);

}  // namespace cpsctl::manifest
