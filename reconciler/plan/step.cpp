#include "plan/step.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

std::string named(cps::PendingChange const& change) {
  return change.type.empty() ? fmt::format("{}", change.id.value)
                             : fmt::format("{} ({})", change.id.value, change.type);
}

std::string cancelling(std::vector<cps::PendingChange> const& changes) {
  return changes.empty() ? std::string() : "; cancels " + plan::named(changes);
}

constexpr char looking[] = "GET ";
constexpr char created[] = "/enrollments/{id}";

struct Words {
  std::string operator()(Post const&) const { return "POST /enrollments"; }
  std::string operator()(Get const& get) const { return looking + enrollment(get.id); }
  std::string operator()(GetCreated const&) const { return fmt::format("{}{}", looking, created); }
  std::string operator()(Cancel const& cancel) const {
    return fmt::format("DELETE {}/changes/{}{}", enrollment(cancel.id), cancel.change.id.value,
                       cancel.change.type.empty() ? "" : "; " + cancel.change.type);
  }
  std::string operator()(Put const& put) const {
    std::string text = "PUT " + enrollment(put.id);
    if (put.inside_renewal_window) text += "; inside the renewal window";
    return text + cancelling(put.cancels);
  }
  std::string operator()(PutCreated const& put) const {
    return fmt::format("PUT {} with {}; cancels the first change of its own create", created, put.brings);
  }
  std::string operator()(Delete const& remove) const {
    return "DELETE " + enrollment(remove.id) + cancelling(remove.cancels);
  }
  std::string operator()(Input const& input) const {
    return fmt::format("POST {}/changes/{}/input/update/{}; {}", enrollment(input.id), input.change.id.value,
                       input.segment, input.says);
  }
  std::string operator()(Schedule const& schedule) const {
    return fmt::format("PUT {}/changes/{}/deployment-schedule; {}", enrollment(schedule.id), schedule.change.id.value,
                       plan::words(schedule.deploy));
  }

  static std::string enrollment(std::int64_t id) { return fmt::format("/enrollments/{}", id); }
};

}  // namespace

std::string words(manifest::DeployWindow const& deploy) {
  if (!deploy.not_before && !deploy.not_after) return "without dates";
  std::string text;
  if (deploy.not_before) text = "not before " + day_text(*deploy.not_before);
  if (deploy.not_after) text += (text.empty() ? "not after " : ", not after ") + day_text(*deploy.not_after);
  return text;
}

std::string words(Step const& step) {
  return std::visit(Words(), step);
}

std::vector<std::string> words(std::vector<Step> const& steps) {
  std::vector<std::string> texts;
  std::ranges::transform(steps, std::back_inserter(texts), [](Step const& step) { return words(step); });
  return texts;
}

bool only_looks(std::string_view words) {
  return words.starts_with(looking);
}

std::string named(std::vector<cps::PendingChange> const& changes) {
  std::vector<std::string> names;
  std::ranges::transform(changes, std::back_inserter(names), [](cps::PendingChange const& one) { return named(one); });
  return fmt::format("{} {}", changes.size() == 1 ? "change" : "changes", fmt::join(names, ", "));
}

}  // namespace cpsctl::plan
