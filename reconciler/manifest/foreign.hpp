#pragma once
#include "manifest/tree.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Documents of others that people bring along: what they are, and the next step.
namespace cpsctl::manifest {

struct Foreign {
  std::string what = {};  ///< "this is …"
  std::string next = {};
  int line = 1;  ///< in its file, where a text was looked at
};

/// A document without our apiVersion: an enrollment as CPS's API, its tools or Terraform have it, alone or in a list.
std::optional<Foreign> foreign_document(Tree const& tree);

/// A text that is not YAML: Terraform's own language.
std::optional<Foreign> foreign_text(std::string_view text);

}  // namespace cpsctl::manifest
