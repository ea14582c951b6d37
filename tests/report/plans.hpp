#pragma once
#include "plan/view.hpp"
#include "report/result.hpp"

#include <random>
#include <string>
#include <vector>

namespace cpsctl::report::testing {

json::Ref value(std::string const& text);

/// One item of each kind that a plan may hold.
plan::PlanView every_row();

/// What came of a plan like it.
std::vector<ResultRow> every_outcome();

/// Texts that try to be markup, to be cut in the middle, or to be no text at all; the same for the same seed.
class Hostile {
 public:
  explicit Hostile(unsigned seed) : random_(seed) {}
  std::string text();  ///< bytes that are not UTF-8 among them
  std::string utf8();  ///< as a plan has it: what is none never gets that far
  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  std::mt19937 random_;
};

/// A plan of hostile texts.
plan::PlanView hostile_plan(unsigned seed, std::size_t items);

}  // namespace cpsctl::report::testing
