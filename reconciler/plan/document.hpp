#pragma once
#include "plan/plan.hpp"

#include <string>
#include <string_view>

/// The plan document: what `plan -o json` prints, and what `apply` takes again (schemas/plan.v1.schema.json).
namespace cpsctl::plan {

/// {"format_version": "1.0", "kind": "Plan", …, "digest"}. Members may be added within the major version.
json::Document document(Plan const& plan);

/// SHA-256 over the canonical form of the document without its digest and its request counts.
std::string digest(Plan const& plan);

/// A saved plan. Errors: manifest, when it is no plan, was changed after it was made, or comes from a newer cpsctl.
Result<Plan> read_document(std::string_view text, std::string const& what);

}  // namespace cpsctl::plan
