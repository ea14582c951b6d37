#pragma once
#include "plan/view.hpp"

#include <string>
#include <string_view>

/// The plan document: what `plan -o json` prints, and what `apply` takes again (schemas/plan.v1.schema.json).
namespace cpsctl::plan {

/// {"format_version": "1.2", "kind": "Plan", …, "digest"}. Members may be added within the major version.
json::Document document(PlanView const& plan);

/// SHA-256 over what a person approves (design.md §9): the document without its digest, request counts and serial, and
/// without what is only observed: pending changes, notes, and items on which nothing is done.
std::string digest(PlanView const& plan);
/// The same of a document as it is. In format 1.0 serial, notes and all items were part of it.
std::string digest(json::Value const& document);

/// A saved plan. Errors: manifest, when it is not a plan, was changed after it was made, or comes from a newer cpsctl.
Result<PlanView> read_document(std::string_view text, std::string const& what);

}  // namespace cpsctl::plan
