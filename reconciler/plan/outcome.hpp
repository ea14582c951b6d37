#pragma once
#include <boost/describe.hpp>

namespace cpsctl::plan {

/// What became of one item of a plan. stale: the enrollment is no longer what was planned on; waiting: nothing to do
/// for anybody but CPS and a later run; due: a person has to act; under_way: CPS is at it already, nothing was sent.
BOOST_DEFINE_ENUM_CLASS(Outcome, done, failed, doubt, stale, blocked, waiting, due, under_way, skipped)

}  // namespace cpsctl::plan
