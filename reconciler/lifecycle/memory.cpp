#include "lifecycle/memory.hpp"

#include "base/fields.hpp"
#include "base/overloaded.hpp"

#include <utility>

#include <boost/describe.hpp>

namespace cpsctl::lifecycle {
namespace {

constexpr std::size_t longest = std::size_t{64} << 10;

/// The struct is the description of what the state holds. Of the kinds of information at most one is there.
struct Memory {
  std::string state = {};                      ///< CPS's word
  std::optional<cps::ChangeState> known = {};  ///< the same; nothing: one that nobody knows
  std::string status = {};
  std::string description = {};
  std::optional<cps::ChangeError> error = {};
  cps::Schedule schedule = {};
  std::vector<cps::Input> inputs = {};
  bool gone = false;
  std::optional<cps::WarningsText> warnings = {};
  std::optional<cps::Challenges> challenges = {};
  std::optional<cps::Csrs> csrs = {};
  std::optional<cps::PendingDeployment> deployment = {};
};
BOOST_DESCRIBE_STRUCT(Memory, (),
                      (state, known, status, description, error, schedule, inputs, gone, warnings, challenges, csrs,
                       deployment))

void keep(cps::InputInfo const& info, Memory& memory) {
  std::visit(Overloaded{[&](cps::WarningsText const& one) { memory.warnings = one; },
                        [&](cps::Challenges const& one) { memory.challenges = one; },
                        [&](cps::Csrs const& one) { memory.csrs = one; },
                        [&](cps::PendingDeployment const& one) { memory.deployment = one; }},
             info);
}

Info info_of(Memory& memory) {
  if (memory.gone) return Gone();
  if (memory.warnings) return std::move(*memory.warnings);
  if (memory.challenges) return std::move(*memory.challenges);
  if (memory.csrs) return std::move(*memory.csrs);
  if (memory.deployment && memory.deployment->network) return std::move(*memory.deployment);
  return NotRead();
}

}  // namespace

json::Ref remembered(Sight const& sight) {
  if (!sight.change) return {};
  cps::Change const& change = *sight.change;
  Memory memory{.state = change.state_text,
                .known = change.state,
                .status = change.status,
                .description = change.description,
                .error = change.error,
                .schedule = change.schedule,
                .inputs = change.inputs,
                .gone = std::holds_alternative<Gone>(sight.info)};
  if (auto const* const info = std::get_if<cps::InputInfo>(&sight.info)) keep(*info, memory);
  return fields::to_text(memory).size() > longest ? json::Ref() : fields::shared(memory);
}

std::optional<Sight> recalled(json::Ref const& memory, Sight listed, WallTime now) {
  Memory kept;
  if (!memory || !fields::from_json(*memory, kept)) return std::nullopt;
  listed.change = cps::Change{.id = listed.pending.id,
                              .state = kept.known,
                              .state_text = std::move(kept.state),
                              .status = std::move(kept.status),
                              .description = std::move(kept.description),
                              .error = std::move(kept.error),
                              .schedule = std::move(kept.schedule),
                              .inputs = std::move(kept.inputs),
                              .answered = now};
  listed.info = info_of(kept);
  return listed;
}

}  // namespace cpsctl::lifecycle
