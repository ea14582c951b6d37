#pragma once
#include "base/text.hpp"
#include "manifest/rules.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

/// What rules see of one enrollment.
namespace cpsctl::manifest {

/// A rule of the table, by its id.
RuleInfo const& rule_of(std::string_view id);

inline bool is_wildcard(std::string_view name) {
  return name.starts_with("*.");
}

/// Where the value at `pointer` was written, or what is around it.
Mark place_of(Desired const& desired, std::string_view pointer);

/// The enrollment's fields, as far as they have the right type.
class Enrollment {
 public:
  Enrollment(Desired const& desired, bool whole, Findings& findings, std::vector<Refusal>& refusals)
      : whole(whole), desired_(desired), findings_(findings), refusals_(refusals) {}

  std::string_view text(std::string_view pointer) const { return json::text_or(value(pointer), ""); }
  bool is(std::string_view pointer, bool wanted) const {
    json::Value const* const found = value(pointer);
    return found != nullptr && found->IsBool() && found->GetBool() == wanted;
  }
  /// Is there a value that is not null?
  bool has(std::string_view pointer) const {
    json::Value const* const found = value(pointer);
    return found != nullptr && !found->IsNull();
  }
  /// Host names of a list, canonical, with their pointers; elements that are not text are skipped.
  std::vector<std::pair<std::string, std::string>> names(std::string const& pointer) const {
    std::vector<std::pair<std::string, std::string>> all;
    json::Value const* const list = value(pointer);
    if (list == nullptr || !list->IsArray()) return all;
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i)
      if ((*list)[i].IsString())
        all.emplace_back(json::child(pointer, std::size_t{i}), text::hostname(json::view((*list)[i])));
    return all;
  }
  /// Common name and SANs with their pointers.
  std::vector<std::pair<std::string, std::string>> all_names() const {
    auto all = names("/csr/sans");
    if (!text("/csr/cn").empty()) all.emplace(all.begin(), "/csr/cn", text::hostname(text("/csr/cn")));
    return all;
  }

  void report(char const* id, std::string const& pointer, std::string message, std::string hint) const {
    findings_.push_back({.mark = place_of(desired_, pointer),
                         .severity = rule_of(id).severity,
                         .path = json::dotted("/spec/enrollment" + pointer),
                         .message = message,
                         .hint = hint,
                         .rule = id});
    if (rule_of(id).refused_new)
      refusals_.push_back({.pointer = pointer,
                           .message = fmt::format("{}: {} ({})", json::dotted(pointer), message, id),
                           .hint = hint});
  }
  /// A field that has a value, but not the one that `because` asks for.
  void demand(char const* id, std::string const& pointer, std::string_view wanted, std::string_view because) const {
    if (std::string_view const found = text(pointer); !found.empty() && found != wanted)
      report(id, pointer, fmt::format("\"{}\" does not go with {}", found, because), fmt::format("write {}", wanted));
  }

  bool const whole;  ///< what is not there is known to be missing

  Desired const& desired() const { return desired_; }

 private:
  json::Value const* value(std::string_view pointer) const { return json::at(*desired_.enrollment, pointer); }

  Desired const& desired_;
  Findings& findings_;
  std::vector<Refusal>& refusals_;
};

/// What CPS or a CA refuses, or takes for another thing, and older enrollments may have all the same (advice.cpp).
void check_advice(Enrollment const& enrollment);

}  // namespace cpsctl::manifest
