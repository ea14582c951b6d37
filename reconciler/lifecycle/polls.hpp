#pragma once
#include "lifecycle/next.hpp"

#include <vector>

/// When a pending change is read again. Pure.
namespace cpsctl::lifecycle {

/// Seconds at first, then minutes, an hour at most: a quarter of the time for which it has looked like this. An hour at
/// once where a person is due, and where a CA has not answered within a quarter of an hour: then people are at work
/// there, too, while a CA that asks nobody is done in minutes.
Duration look_after(Who who, Duration so_far);

/// What CPS allows an account.
struct Budget {
  int requests = 0;
  Duration per = {};
};

/// How many times as long as usual the intervals of an account's pending changes have to be, so that looking at all of
/// them takes a quarter of the budget at most: 1 or more.
double stretch(std::vector<Duration> const& intervals, Budget const& budget);

}  // namespace cpsctl::lifecycle
