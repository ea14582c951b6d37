#pragma once
#include "lifecycle/next.hpp"

/// When a pending change is read again. Pure.
namespace cpsctl::lifecycle {

/// Seconds at first, then minutes, an hour at most: a quarter of the time for which it has looked like this. An hour at
/// once where a person is due, and where a CA has not answered within a quarter of an hour: then people are at work
/// there, too, while a CA that asks nobody is done in minutes.
Duration look_after(Who who, Duration so_far);

}  // namespace cpsctl::lifecycle
