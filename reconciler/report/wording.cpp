#include "report/wording.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {

using plan::Outcome;

namespace {

constexpr std::size_t longest_value = 60;
constexpr std::size_t longest_order = 200;

/// "3 created, 1 failed", in the order given; counts of zero are left out.
std::string listed(std::initializer_list<std::pair<std::int64_t, std::string>> parts) {
  std::vector<std::string> said;
  for (auto const& [count, words] : parts)
    if (count != 0) said.push_back(fmt::format("{} {}", count, words));
  return fmt::format("{}", fmt::join(said, ", "));
}

std::string first_or(std::string text, char const* otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

Sign sign_of(plan::ItemView const& item) {
  switch (item.action) {
    case plan::Action::create: return {"+", Ink::good};
    case plan::Action::update: return {"~", Ink::change};
    case plan::Action::adopt: return {"=", Ink::good};
    case plan::Action::advance: return item.steps.empty() ? Sign{"?", Ink::warn} : Sign{"~", Ink::change};
    case plan::Action::delete_: return {"-", Ink::bad};
    case plan::Action::orphan: return {"?", Ink::faint};  // "-" would read as a deletion
    case plan::Action::forget: return {"=", Ink::faint};
    case plan::Action::blocked: return item.waits ? Sign{"?", Ink::warn} : Sign{"!", Ink::bad};
    case plan::Action::none: return {" ", Ink::faint};
  }
  return {" ", Ink::plain};
}

Sign sign_of(ResultRow const& row) {
  switch (row.outcome) {
    case Outcome::done:
      if (row.action == plan::Action::create) return {"+", Ink::good};
      if (row.action == plan::Action::adopt) return {"=", Ink::good};
      return {row.action == plan::Action::delete_ ? "-" : "~", Ink::good};
    case Outcome::doubt:
    case Outcome::due:
    case Outcome::waiting: return {"?", Ink::warn};
    case Outcome::blocked: return {"!", Ink::warn};
    case Outcome::skipped:
    case Outcome::under_way: return {"?", Ink::faint};
    case Outcome::failed:
    case Outcome::stale: break;
  }
  return {"!", Ink::bad};
}

char const* effect_words(schema::Effect effect) {
  switch (effect) {
    case schema::Effect::metadata: return "stored, no deployment";
    case schema::Effect::deployment: return "deployment, same certificate";
    case schema::Effect::certificate: return "issues a new certificate";
    case schema::Effect::immutable: return "cannot be changed in place";
    case schema::Effect::schedule: return "another date for what is under way";
  }
  return "";
}

namespace {

/// Who changed it, when that is not the manifest's author.
char const* cause_words(diff::Change const& change) {
  if (change.unset) return "no longer in the manifest, set back";
  switch (change.cause) {
    case diff::Cause::unknown:
    case diff::Cause::manifest: return "";
    case diff::Cause::outside: return "changed outside cpsctl, set back";
    case diff::Cause::cps: return "changed at CPS during a renewal, set back";
    case diff::Cause::both: return "changed outside cpsctl as well";
    case diff::Cause::owed: return "still to be written after its create";
  }
  return "";
}

std::string effect_and_cause(diff::Change const& change) {
  std::string const cause = cause_words(change);
  return cause.empty() ? effect_words(change.effect) : fmt::format("{}; {}", effect_words(change.effect), cause);
}

}  // namespace

std::string shown(json::Ref const& value) {
  return value ? text::middle_cut(text::printable(json::compact(*value)), longest_value) : std::string("(not set)");
}

std::vector<ChangeLine> change_lines(std::vector<diff::Change> const& changes) {
  std::vector<ChangeLine> lines;
  for (diff::Change const& change : changes) {
    std::string const field = text::printable(json::dotted(change.pointer));
    std::string const effect = effect_and_cause(change);
    if (!change.set)
      lines.push_back(
          {{"~", Ink::change}, field, fmt::format("{} → {}", shown(change.live), shown(change.desired)), effect});
    if (!change.set) continue;
    for (std::string const& name : change.added) lines.push_back({{"+", Ink::good}, field, host_words(name), effect});
    for (std::string const& name : change.removed) lines.push_back({{"-", Ink::bad}, field, host_words(name), effect});
  }
  return lines;
}

std::string host_words(std::string_view name) {
  bool const plain = text::is_ascii(name);
  return plain ? text::printable(name)
               : fmt::format("{} ({})", text::printable(text::hostname(name)), text::printable(name));
}

namespace {

/// A value of an order, as people read it; nothing where nothing is asked for.
std::vector<std::string> order_values(json::Value const* value, schema::Field const& field) {
  bool const hosts = field.items != nullptr && field.items->normalize == schema::Normalize::hostname;
  if (json::empty(value) || value->IsFalse()) return {};
  if (value->IsTrue()) return {"yes"};
  if (value->IsString()) return {text::middle_cut(text::printable(json::view(*value)), longest_order)};
  std::vector<std::string> values;
  if (value->IsArray())
    for (json::Value const& one : value->GetArray())
      values.push_back(hosts && one.IsString() ? host_words(json::view(one)) : text::printable(json::compact(one)));
  return values;
}

void order_fields(schema::Field const& field, json::Value const& document, std::vector<OrderLine>& lines) {
  for (std::string const& name : field.order) {
    auto const property = field.properties.find(name);
    if (property == field.properties.end()) continue;
    schema::Field const& inner = *property->second;
    auto const word =
        inner.annotations ? json::text_or(json::find(inner.annotations.get(), "x-order-says"), "") : std::string_view();
    if (!word.empty())
      if (auto values = order_values(json::at(document, inner.pointer), inner); !values.empty())
        lines.push_back({.what = std::string(word), .values = std::move(values)});
    order_fields(inner, document, lines);
  }
}

}  // namespace

std::vector<OrderLine> order_of(plan::ItemView const& item) {
  std::vector<OrderLine> lines;
  if (!item.desired || !item.desired->enrollment) return lines;
  manifest::Desired const& desired = *item.desired;
  bool const creates = item.action == plan::Action::create;
  if (auto const schema = schema::enrollment(desired.api_schema); schema && creates)
    order_fields((*schema)->root(), *desired.enrollment, lines);
  if (creates || plan::issues_certificate(item.changes)) {
    if (desired.deploy.not_before) lines.push_back({"deployed not before", {day_text(*desired.deploy.not_before)}});
    if (desired.deploy.not_after) lines.push_back({"deployed not after", {day_text(*desired.deploy.not_after)}});
  }
  if (creates && desired.lifecycle.allow_duplicate_cn) lines.push_back({"although the common name exists", {"yes"}});
  if (desired.lifecycle.deletion == manifest::Deletion::delete_)
    lines.push_back({"if its manifest is removed", {"deleted"}});
  return lines;
}

std::string whom_words(plan::PlanView const& plan, Cost const& cost) {
  std::string words = plan.realm;
  if (!plan.account.empty()) words += ", account " + plan.account;
  if (!cost.credentials.empty()) words += ", by " + cost.credentials;
  return words;
}

std::vector<std::string> facts_of(plan::ItemView const& item, plan::PlanView const& plan) {
  std::vector<std::string> facts;
  if (item.id != 0) facts.push_back(fmt::format("id {}", item.id));
  facts.push_back("contract " + item.contract);
  if (item.account != plan.account) facts.push_back("account " + first_or(item.account, "of the API client"));
  if (!item.validation_type.empty()) facts.push_back(item.validation_type);
  if (!item.common_name.empty()) facts.push_back(host_words(item.common_name));
  if (item.production) facts.emplace_back("production");
  if (auto const ends = parse_timestamp(item.observed.expires))
    facts.push_back(fmt::format("expires {}", day_text(day_of(*ends))));
  if (item.state_only) facts.emplace_back("nothing is sent");
  return facts;
}

std::string as_of(WallTime read, WallTime turn) {
  return fmt::format("as of {}; read again from {} on", timestamp(read), timestamp(turn));
}

std::vector<std::string> notes_of(plan::ItemView const& item) {
  std::vector<std::string> notes = item.notes;
  for (plan::ObservedChange const& change : item.observed.pending) {
    auto const read = parse_timestamp(change.read);
    auto const turn = parse_timestamp(change.turn);
    if (read && turn) notes.push_back(fmt::format("change {}: {}", change.id, as_of(*read, *turn)));
  }
  return notes;
}

char const* held_word(plan::ItemView const& item) {
  return item.action == plan::Action::blocked && !item.waits ? "blocked: " : "";
}

std::vector<std::string> telling_steps(plan::ItemView const& item) {
  bool const plain = item.steps.size() < 2 && item.action != plan::Action::advance && item.cancels.empty() &&
                     !item.overrides_renewal_window;
  return plain ? std::vector<std::string>() : item.steps;
}

namespace {

char const* done_words(ResultRow const& row) {
  switch (row.action) {
    case plan::Action::create: return "created";
    case plan::Action::update: return row.state_only ? "recorded" : "updated";
    case plan::Action::adopt: return "adopted";
    case plan::Action::advance: return row.gives_up ? "cancelled" : "answered";
    case plan::Action::delete_: return "deleted";
    case plan::Action::orphan: return "kept";
    case plan::Action::forget: return "forgotten";
    case plan::Action::blocked:
    case plan::Action::none: break;
  }
  return "none done";
}

}  // namespace

std::vector<std::string> facts_of(ResultRow const& row) {
  std::vector<std::string> facts;
  if (row.id != 0) facts.push_back(fmt::format("id {}", row.id));
  if (!row.changes.empty()) facts.push_back(fmt::format("change {} in progress at CPS", fmt::join(row.changes, ", ")));
  return facts;
}

std::string outcome_of(ResultRow const& row) {
  return row.outcome == Outcome::done ? done_words(row) : outcome_words(row.outcome);
}

char const* outcome_words(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::doubt: return "in doubt";
    case Outcome::skipped: return "not done";
    case Outcome::waiting: return "waiting";
    case Outcome::due: return "waiting for you";
    case Outcome::under_way: return "under way";
    case Outcome::stale: return "moved since it was planned";
    case Outcome::blocked: return "blocked";
    case Outcome::failed: break;
  }
  return "failed";
}

std::string marker(std::string_view command) {
  return fmt::format("<!-- cpsctl {} -->", command);
}

std::string counts(plan::Summary const& summary) {
  return first_or(listed({{summary.create, "to create"},
                          {summary.update, "to update"},
                          {summary.record, "to record"},
                          {summary.adopt, "to adopt"},
                          {summary.delete_, "to delete"},
                          {summary.advance - summary.due, "to answer"},
                          {summary.due, "waiting for you"},
                          {summary.orphan, "without a manifest"},
                          {summary.forget, "to forget"},
                          {summary.wait, "waiting for CPS"},
                          {summary.blocked, "blocked"},
                          {summary.unchanged, "unchanged"}}),
                  "nothing is managed here");
}

std::string counts(std::vector<ResultRow> const& rows) {
  // What is done, in the order of the actions; then the rest.
  constexpr std::array order{Outcome::done,    Outcome::failed,    Outcome::doubt,   Outcome::stale,  Outcome::due,
                             Outcome::waiting, Outcome::under_way, Outcome::blocked, Outcome::skipped};
  std::map<std::tuple<Outcome const*, plan::Action, std::string>, std::int64_t> found;
  for (ResultRow const& row : rows) {
    bool const done = row.outcome == Outcome::done;
    ++found[{std::ranges::find(order, row.outcome), done ? row.action : plan::Action::none, outcome_of(row)}];
  }
  std::vector<std::string> said;
  for (auto const& [kind, count] : found) said.push_back(fmt::format("{} {}", count, std::get<std::string>(kind)));
  return first_or(fmt::format("{}", fmt::join(said, ", ")), "nothing to do");
}

std::string partial_words(plan::PlanView const& plan) {
  if (plan.selection.everything()) return {};
  auto const left_out = static_cast<std::size_t>(plan.summary.left_out);
  return fmt::format("only {} was looked at; {} left out", plan.selection.text(),
                     text::counted(left_out, "enrollment was", "enrollments were"));
}

bool quiet(plan::PlanView const& plan) {
  return !plan.work() && plan.summary.blocked == 0 && plan.summary.wait == 0;
}

std::string cost_words(Cost const& cost) {
  std::string more;
  if (cost.to_apply > 0) {
    more = fmt::format("; {} more to apply", cost.to_apply);
    if (cost.estimate && *cost.estimate > Duration{})
      more += fmt::format(" (at least {} at {})", duration_text(*cost.estimate), cost.limit);
  }
  return fmt::format("{} used{}", text::counted(cost.used, "request"), more);
}

std::string cost_words(ResultFacts const& facts) {
  std::string words = text::counted(facts.requests, "request");
  if (facts.throttles > 0) words += fmt::format(", {} refused by CPS's request limit", facts.throttles);
  if (facts.retries > 0) words += fmt::format(", {} sent again", facts.retries);
  if (facts.waited >= std::chrono::seconds(1))
    words += fmt::format(", {} waited for a turn", duration_text(facts.waited));
  return words;
}

std::string without_fraction(std::string const& at) {
  auto const time = parse_timestamp(at);
  return time ? timestamp(std::chrono::floor<std::chrono::seconds>(*time)) : at;
}

}  // namespace cpsctl::report
