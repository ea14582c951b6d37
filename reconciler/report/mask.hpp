#pragma once
#include "base/json.hpp"
#include "plan/view.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::report {

/// Hides people's data in reports that are passed around: what any enrollment schema marks with x-sensitive, and what
/// none of them knows. One mask serves one plan item.
class Mask {
 public:
  explicit Mask(plan::ItemView const& item);

  /// The value at a pointer into the enrollment, as it may be shown; `value` itself when nothing in it is sensitive.
  json::Ref value(std::string_view pointer, json::Ref const& value) const;
  /// An element of the set at `pointer`, as it may be shown.
  std::string element(std::string_view pointer, std::string_view text) const;
  /// Free text (a reason, an answer of CPS) in which the item's sensitive values are hidden.
  std::string text(std::string_view text) const;

 private:
  std::vector<std::string> hidden_;  ///< the item's sensitive texts, longest first
};

/// The masks of a plan's items, by name.
class ItemMasks {
 public:
  explicit ItemMasks(plan::PlanView const& plan);
  /// As Mask::text() of the item; `text` as it is when the plan has no such item.
  std::string text(std::string const& name, std::string_view text) const;

 private:
  std::map<std::string_view, plan::ItemView const*> items_;
};

/// "a…@example.com" for an e-mail address, "•••" for anything else.
std::string masked(std::string_view text);

}  // namespace cpsctl::report
