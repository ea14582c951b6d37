#pragma once
#include "lifecycle/decide.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// A pending change at CPS, for people and for pipelines.
namespace cpsctl::report {

struct ChangeRow {
  std::int64_t id = 0;
  std::string type = {};  ///< CPS's word: "new-certificate"
  lifecycle::Owner owner = lifecycle::Owner::other;
  std::string state = {};  ///< CPS's words, for people
  std::string status = {};
  std::optional<lifecycle::Who> who = {};  ///< who must act; nothing: nobody
  std::string what = {};                   ///< what it waits for, or what became of it: one clause
  std::vector<std::string> because = {};   ///< why the policy does not answer it
  std::vector<std::string> next = {};      ///< commands, or what else to do
  std::string yaml = {};                   ///< what to write under spec.lifecycle instead
  std::vector<std::string> notes = {};
};
BOOST_DESCRIBE_STRUCT(ChangeRow, (), (id, type, owner, state, status, who, what, because, next, yaml, notes))

ChangeRow change_row(lifecycle::Seen const& seen, lifecycle::Owner owner, lifecycle::Next const& next);

/// "change 10002 (renewal), another party's: CPS works on it", then a line for each thing to know, the first at the
/// margin, the others indented.
std::vector<std::string> change_lines(ChangeRow const& row);

}  // namespace cpsctl::report
