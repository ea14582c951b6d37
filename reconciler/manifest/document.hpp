#pragma once
#include "base/finding.hpp"
#include "base/json.hpp"
#include "manifest/tree.hpp"
#include "schema/schema.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// A document with typed values and the place of each.
namespace cpsctl::manifest {

/// JSON pointer -> where the value, and its key, are. Values of a merged document keep the place where they were
/// written, in whichever file that is.
struct Marks {
  std::map<std::string, Mark, std::less<>> values = {};
  std::map<std::string, Mark, std::less<>> keys = {};

  /// The place of a value, or of its key; of the nearest one around it when it has no place itself.
  Mark nearest(std::string_view pointer, bool key) const;
};

struct Document {
  json::Document value = {};
  Marks marks = {};
  std::set<std::string, std::less<>> refused = {};  ///< pointers whose value has had its finding
  std::set<std::string> variables = {};             ///< names that ${env:NAME} used
};

/// How a reference to the environment begins, also inside quotes.
constexpr std::string_view environment_opening = "${env:";

/// What ${env:NAME} may use.
struct Environment {
  std::set<std::string> const& allowed;
  std::function<std::optional<std::string>(std::string const&)> const& get;
  std::function<bool(std::string_view)> is_secret = {};  ///< values that must go nowhere
};

constexpr std::size_t list_limit = 1'000;  ///< elements of one list; CPS takes a hundred names

/// The field of `around` (at `pointer`'s parent) that is at `pointer`; nullptr: no schema knows it.
using FieldAt = std::function<schema::Field const*(std::string const& pointer, schema::Field const* around)>;

/// Turns a tree into typed values. `choose` may replace the field at a pointer (spec.enrollment has a schema of its
/// own).
Document typed_document(Tree const& tree, schema::Field const& root, FieldAt const& choose,
                        Environment const& environment, Findings& findings);

/// Lays the root member of `over` on that of `base`, which is there: maps deeply, everything else replaced.
void overlay(Document& base, Document const& over, std::string const& member);

/// Turns the checker's problems into findings. CPS003 goes to the nearest place of `own`.
void report_problems(std::vector<schema::Problem> const& problems, Document const& document, Marks const& own,
                     std::string const& lacking, Findings& findings);

}  // namespace cpsctl::manifest
