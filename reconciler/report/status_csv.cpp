#include "base/fields.hpp"
#include "report/csv.hpp"
#include "report/status.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

struct Column {
  char const* title;  ///< as a member of a document of ours
  std::string (*cell)(StatusRow const& row);
};

std::string numbers(std::vector<std::int64_t> const& all) {
  return fmt::format("{}", fmt::join(all, " "));
}

/// One thing of each of its changes.
template <class Word>
std::string of_changes(StatusRow const& row, char const* between, Word const& word) {
  std::vector<std::string> all;
  for (ChangeRow const& change : row.changes)
    if (std::string text = word(change); !text.empty()) all.push_back(std::move(text));
  return fmt::format("{}", fmt::join(all, between));
}

/// New ones come at the end: scripts count.
constexpr Column columns_of_csv[] = {
    {"name", [](StatusRow const& row) { return row.name; }},
    {"id", [](StatusRow const& row) { return row.id == 0 ? std::string() : std::to_string(row.id); }},
    {"contract", [](StatusRow const& row) { return row.contract; }},
    {"account", [](StatusRow const& row) { return row.account; }},
    {"common_name", [](StatusRow const& row) { return row.common_name; }},
    {"kind", [](StatusRow const& row) { return row.kind; }},
    {"condition", [](StatusRow const& row) { return words(row.condition); }},
    {"also",
     [](StatusRow const& row) {
       std::vector<std::string> all;
       std::ranges::transform(row.also, std::back_inserter(all), words);
       return fmt::format("{}", fmt::join(all, "; "));
     }},
    {"reason", [](StatusRow const& row) { return row.reason; }},
    {"since", [](StatusRow const& row) { return row.since; }},
    {"expires", [](StatusRow const& row) { return row.expires; }},
    {"renewal_start", [](StatusRow const& row) { return row.renewal_start; }},
    {"production", [](StatusRow const& row) { return std::string(row.production ? "true" : "false"); }},
    {"production_slots", [](StatusRow const& row) { return numbers(row.production_slots); }},
    {"staging_slots", [](StatusRow const& row) { return numbers(row.staging_slots); }},
    {"changes",
     [](StatusRow const& row) {
       return of_changes(row, " ", [](ChangeRow const& change) { return std::to_string(change.id); });
     }},
    {"who",
     [](StatusRow const& row) {
       return of_changes(
           row, " ", [](ChangeRow const& change) { return change.who ? fields::word(*change.who) : std::string(); });
     }},
    {"waits_for",
     [](StatusRow const& row) { return of_changes(row, "; ", [](ChangeRow const& change) { return change.what; }); }},
    {"next",
     [](StatusRow const& row) {
       std::string const others = of_changes(
           row, "; ", [](ChangeRow const& change) { return fmt::format("{}", fmt::join(change.next, "; ")); });
       return row.next.empty() || others.empty() ? row.next + others : row.next + "; " + others;
     }},
    {"notes", [](StatusRow const& row) { return fmt::format("{}", fmt::join(row.notes, "; ")); }},
    {"orders",
     [](StatusRow const& row) {
       return of_changes(row, " ", [](ChangeRow const& change) { return change.history ? change.history->order : ""; });
     }},
};

}  // namespace

std::string status_csv(Status const& status) {
  std::vector<std::string> texts;
  for (Column const& column : columns_of_csv) texts.push_back(fields::camel(column.title));
  std::string document = csv::record(texts);
  for (StatusRow const& row : status.enrollments) {
    texts.clear();
    for (Column const& column : columns_of_csv) texts.push_back(column.cell(row));
    document += csv::record(texts);
  }
  return document;
}

}  // namespace cpsctl::report
