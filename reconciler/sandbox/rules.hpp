#pragma once
#include "base/json.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/problems.hpp"
#include "schema/schema.hpp"

#include <optional>
#include <string>
#include <vector>

/// What CPS refuses about a document, and what an edit costs (cps-api.md §3.6, §3.8, §6.2). Pure.
namespace cpsctl::sandbox {

enum class Write : bool { create, update };

/// The schema's complaints about a request body, as one problem naming all of them; nothing when there are none.
std::optional<Problem> schema_problem(json::Value const& body, schema::Field const& root);

/// The first combination rule that the body breaks.
std::optional<Problem> rule_problem(json::Value const& body, Write write);

/// Server-owned members of the body, as dotted paths: strict servers refuse them on POST.
std::vector<std::string> read_only_members(json::Value const& body, schema::Field const& root);

/// How a stored document differs from the one that replaces it; both normalised.
struct Edit {
  std::vector<std::string> fields = {};              ///< dotted paths of what differs
  std::vector<std::string> immutable = {};           ///< those that cannot be edited
  schema::Effect effect = schema::Effect::metadata;  ///< the strongest of all
  bool names = false;                                ///< csr.sans is among them
};

/// `doubtful` says what edits cost that nobody documents.
Edit edit_between(json::Value const& before, json::Value const& after, schema::Field const& root,
                  DoubtfulEdits doubtful = DoubtfulEdits::as_schema);

}  // namespace cpsctl::sandbox
