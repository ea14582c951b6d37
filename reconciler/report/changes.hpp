#pragma once
#include "cps/history.hpp"
#include "lifecycle/decide.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// A pending change at CPS, for people and for pipelines.
namespace cpsctl::report {

/// A warning that the policy does not answer.
struct WarningRow {
  std::string id = {};  ///< empty: it begins like nothing that is known
  lifecycle::WarningClass class_ = lifecycle::WarningClass::high;
  std::string text = {};    ///< CPS's
  std::string digest = {};  ///< "sha256:…": what `text:` of an answer has to be
};
BOOST_DESCRIBE_STRUCT(WarningRow, (), (id, class_, text, digest))

/// What CPS's history says of a change that goes on.
struct HistoryRow {
  std::string action = {};  ///< CPS's words: "Renew Certificate"
  std::string by = {};      ///< who asked for it
  std::string at = {};      ///< when: RFC 3339
  std::string order = {};   ///< the CA's id of its order; empty: there is none, or none yet
};
BOOST_DESCRIBE_STRUCT(HistoryRow, (), (action, by, at, order))

struct ChangeRow {
  std::int64_t id = 0;
  std::string type = {};  ///< CPS's word: "new-certificate"
  lifecycle::Owner owner = lifecycle::Owner::other;
  std::string state = {};  ///< CPS's words, for people
  std::string status = {};
  std::optional<lifecycle::Who> who = {};  ///< who must act; nothing: nobody
  std::string what = {};                   ///< what it waits for, or what became of it: one clause
  std::string begun = {};                  ///< when our write began it, as the journal says: RFC 3339
  std::string since = {};                  ///< since when it is like this, as far as that is known: RFC 3339
  std::vector<std::string> names = {};     ///< host names that are to be validated, all of them
  std::vector<WarningRow> warnings = {};
  std::vector<std::string> because = {};  ///< why the policy does not answer it
  std::vector<std::string> next = {};     ///< commands, or what else to do
  std::string yaml = {};                  ///< what to write under spec.lifecycle instead
  std::vector<std::string> notes = {};
  std::string error = {};                  ///< why it, or what it waits for, could not be read; empty: it could
  std::optional<HistoryRow> history = {};  ///< nothing: it was not read, or does not tell which change is which
};
BOOST_DESCRIBE_STRUCT(ChangeRow, (),
                      (id, type, owner, state, status, who, what, begun, since, names, warnings, because, next, yaml,
                       notes, error, history))

ChangeRow change_row(lifecycle::Seen const& seen, lifecycle::Owner owner, lifecycle::Next const& next);

HistoryRow history_row(cps::HistoryChange const& change);

/// "the certificate for its CSR · you to act": what is due, on one line.
std::string due_words(ChangeRow const& row);

/// "change 10002 (renewal), another party's: CPS works on it", then a line for each thing to know, the first at the
/// margin, the others indented.
std::vector<std::string> change_lines(ChangeRow const& row);

}  // namespace cpsctl::report
