#include "report/state.hpp"

#include "base/fields.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "state/store.hpp"

namespace cpsctl::cli {
namespace {

Result<state::Contents> read_state(Options const& options, World& world) {
  CPS_TRY(Settings const settings, make_settings(options, world));
  CPS_TRY(state::Contents contents, state::read(settings.state, "", world.files));
  for (std::string const& note : contents.notes) log::warning("{}", note);
  return contents;
}

}  // namespace

/// cpsctl state list: what cpsctl remembers, open intents included.
Exit run_state_list(Options const& options, World& world) {
  auto const contents = read_state(options, world);
  if (!contents) return fail(contents.error(), options.global, world);
  return delivered(
      {.text = [&](std::ostream& out,
                   report::Style style) { report::state_text(contents->entries, contents->open_intents, style, out); },
       .json =
           [&] {
             return report::state_document(contents->realm, contents->serial, contents->entries,
                                           contents->open_intents);
           }},
      Exit::done, options.global, world);
}

/// cpsctl state show NAME.
Exit run_state_show(Options const& options, World& world) {
  auto const contents = read_state(options, world);
  if (!contents) return fail(contents.error(), options.global, world);
  auto const entry = contents->entries.find(options.name);
  if (entry == contents->entries.end())
    return fail({.code = Errc::usage,
                 .message = fmt::format("the state has no enrollment \"{}\"", options.name),
                 .next = "see: cpsctl state list"},
                options.global, world);
  auto const document = [&] {
    json::Document whole(rapidjson::kObjectType);
    auto& pool = whole.GetAllocator();
    json::set(whole, "format_version", json::string("1.0", pool), pool);
    json::set(whole, "enrollment", fields::to_json(entry->second, pool), pool);
    return whole;
  };
  return delivered(
      {.text = [&](std::ostream& out, report::Style) { report::entry_text(entry->second, out); }, .json = document},
      Exit::done, options.global, world);
}

}  // namespace cpsctl::cli
