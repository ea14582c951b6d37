#pragma once
#include "lifecycle/next.hpp"

/// When a pending change is read again. Pure.
namespace cpsctl::lifecycle {

/// Seconds at first, then minutes, an hour at most: a quarter of the time for which it has looked like this. An hour at
/// once where a person or a CA is due: they do not answer within minutes.
Duration look_after(Who who, Duration so_far);

}  // namespace cpsctl::lifecycle
