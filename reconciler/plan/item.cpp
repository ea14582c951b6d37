#include "plan/item.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

/// Is a list that lags not enough to base the write on? Before the end of a doubt, a cancel, and the second write of a
/// create the enrollment itself has to be read.
bool needs_reading(Item const& item, GivenUp const& given_up) {
  auto const* const update = std::get_if<Update>(&item.work);
  return !item.closes.done.empty() || !item.closes.not_done.empty() || !given_up.by_id.empty() ||
         !given_up.by_write.empty() || (update != nullptr && update->completes);
}

/// What is given up by its own id goes first, and the write is based on what is left without it.
std::vector<Step> with_readings(Item const& item, GivenUp const& given_up, Step write) {
  Get const reading{.id = item.id};
  std::vector<Step> steps;
  if (needs_reading(item, given_up)) steps.emplace_back(reading);
  for (cps::PendingChange const& change : given_up.by_id) steps.emplace_back(Cancel{.id = item.id, .change = change});
  if (!given_up.by_id.empty()) steps.emplace_back(reading);
  steps.push_back(std::move(write));
  return steps;
}

/// In the order in which CPS lists them.
std::vector<cps::PendingChange> oldest_first(std::vector<cps::PendingChange> changes) {
  std::ranges::reverse(changes);
  return changes;
}

/// "acknowledges A, B": what an answer says; empty for what is none.
std::string says(Advance const& advance) {
  if (auto const* const warnings = std::get_if<lifecycle::Acknowledges>(&advance.next.due)) {
    std::vector<std::string> ids;
    std::ranges::transform(warnings->entries, std::back_inserter(ids), &lifecycle::Warning::id);
    for (std::string& id : ids)
      if (id.empty()) id = "a warning that cpsctl does not know";
    if (!ids.empty()) return fmt::format("acknowledges {}", fmt::join(ids, ", "));
    bool const names = warnings->input.kind == cps::InputKind::domain_validation;
    return names ? "says that the challenges are published" : "acknowledges warnings whose text CPS does not show";
  }
  if (auto const* const uploads = std::get_if<lifecycle::Uploads>(&advance.next.due)) {
    std::string what = fmt::format("uploads the signed certificate{}", uploads->csrs.size() == 1 ? "" : "s");
    manifest::CertificateSource const& source = uploads->source;
    if (!source.signer.empty()) return what + " of the signer " + source.signer;
    return source.files.empty() ? what : fmt::format("{} in {}", what, fmt::join(source.files, ", "));
  }
  if (auto const* const publishes = std::get_if<lifecycle::Publishes>(&advance.next.due))
    return fmt::format("says that the tokens are published, once {} has brought them to their place",
                       fmt::join(publishes->by.publisher, " or "));
  if (std::holds_alternative<lifecycle::Approves>(advance.next.due)) return "approves what is on staging";
  return {};
}

struct Steps {
  Item const& item;

  std::vector<Step> operator()(auto const&) const { return {}; }
  std::vector<Step> operator()(Create const& create) const {
    std::vector<Step> steps{Post()};
    if (create.deferred.empty()) return steps;
    steps.emplace_back(GetCreated());
    steps.emplace_back(PutCreated{.brings = json::dotted(json::common(create.deferred))});
    return steps;
  }
  std::vector<Step> operator()(Update const& update) const {
    return with_readings(item, update.gives_up,
                         Put{.id = item.id,
                             .cancels = oldest_first(update.gives_up.by_write),
                             .inside_renewal_window = update.inside_renewal_window});
  }
  std::vector<Step> operator()(Remove const& remove) const {
    return with_readings(item, remove.gives_up,
                         Delete{.id = item.id, .cancels = oldest_first(remove.gives_up.by_write)});
  }
  std::vector<Step> operator()(Reschedule const& reschedule) const {
    return {Schedule{.id = item.id, .change = reschedule.change, .deploy = item.desired->deploy}};
  }
  std::vector<Step> operator()(Abandon const& abandon) const {
    std::vector<Step> steps{Get{.id = item.id}};
    for (cps::PendingChange const& change : abandon.changes)
      steps.emplace_back(Cancel{.id = item.id, .change = change});
    return steps;
  }
  std::vector<Step> operator()(Advance const& advance) const {
    cps::Input const* const input = input_answered(advance.next.due);
    if (input == nullptr) return {};
    return {Input{.id = item.id, .change = advance.change, .segment = input->update, .says = says(advance)}};
  }
};

}  // namespace

Part part_of(Action wanted) {
  return wanted == Action::advance ? Part::change : Part::enrollment;
}

bool Item::writes() const {
  return std::holds_alternative<Create>(work) || std::holds_alternative<Update>(work) ||
         std::holds_alternative<Remove>(work) || std::holds_alternative<Abandon>(work) ||
         std::holds_alternative<Reschedule>(work) ||
         (std::holds_alternative<Advance>(work) && lifecycle::is_answer(std::get<Advance>(work).next.due));
}

bool Item::records() const {
  return std::holds_alternative<RecordOnly>(work) || std::holds_alternative<Forget>(work) ||
         std::holds_alternative<Disproved>(work);
}

std::vector<Step> steps_of(Item const& item) {
  return std::visit(Steps{item}, item.work);
}

cps::Input const* input_answered(lifecycle::Due const& due) {
  return std::visit(
      [](auto const& one) -> cps::Input const* {
        using T = std::decay_t<decltype(one)>;
        constexpr bool answers = std::is_same_v<T, lifecycle::Acknowledges> || std::is_same_v<T, lifecycle::Uploads> ||
                                 std::is_same_v<T, lifecycle::Publishes> || std::is_same_v<T, lifecycle::Approves>;
        if constexpr (answers) return &one.input;
        return nullptr;
      },
      due);
}

Advance const* advance_of(Item const& item) {
  return std::get_if<Advance>(&item.work);
}

GivenUp const* gives_up(Item const& item) {
  if (auto const* const update = std::get_if<Update>(&item.work)) return &update->gives_up;
  if (auto const* const remove = std::get_if<Remove>(&item.work)) return &remove->gives_up;
  return nullptr;
}

void hold(Item& item, Obstacle obstacle) {
  item.work = Held{obstacle.why};
  item.reason = std::move(obstacle.reason);
  item.next = std::move(obstacle.next);
}

void count(Counted item, Summary& summary) {
  if (item.action == Action::advance && !item.sends) ++summary.due;
  switch (item.action) {
    case Action::create: ++summary.create; break;
    case Action::update: ++(item.records ? summary.record : summary.update); break;
    case Action::adopt: ++summary.adopt; break;
    case Action::advance: ++summary.advance; break;
    case Action::delete_: ++summary.delete_; break;
    case Action::orphan: ++summary.orphan; break;
    case Action::forget: ++summary.forget; break;
    case Action::blocked: ++(item.waits ? summary.wait : summary.blocked); break;
    case Action::none: ++summary.unchanged; break;
  }
}

void count(Item const& item, Summary& summary) {
  count({.action = item.action(), .records = item.records(), .waits = item.waits(), .sends = item.writes()}, summary);
}

bool differs(Item const& item) {
  return std::ranges::any_of(item.changes,
                             [](diff::Change const& one) { return one.effect != schema::Effect::schedule; });
}

bool issues_certificate(std::vector<diff::Change> const& changes) {
  return std::ranges::count(changes, schema::Effect::certificate, &diff::Change::effect) > 0;
}

std::string pending_note(cps::PendingChange const& change) {
  return "in progress at CPS: " + named({change});
}

std::vector<std::string> pending_notes(cps::Live const& live) {
  std::vector<std::string> notes;
  for (cps::PendingChange const& change : live.pending) notes.push_back(pending_note(change));
  return notes;
}

std::vector<std::int64_t> ids_of(std::vector<cps::PendingChange> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), [](cps::PendingChange const& one) { return one.id.value; });
  return ids;
}

bool same_live(cps::Live const& left, cps::Live const& right) {
  if (left.id != right.id || !left.document != !right.document) return false;
  return !left.document || json::equal(*left.document, *right.document);
}

}  // namespace cpsctl::plan
