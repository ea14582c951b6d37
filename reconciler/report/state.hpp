#pragma once
#include "base/json.hpp"
#include "report/report.hpp"
#include "state/types.hpp"

#include <map>
#include <ostream>
#include <string>
#include <vector>

/// What cpsctl remembers, for people and for pipelines.
namespace cpsctl::report {

using Entries = std::map<std::string, state::Entry>;

void state_text(Entries const& entries, std::vector<state::Record> const& open_intents, Style const& style,
                std::ostream& out);
json::Document state_document(std::string const& realm, std::string const& host, std::int64_t serial,
                              Entries const& entries, std::vector<state::Record> const& open_intents);

/// The history, newest last, and behind it the writes whose end is not known.
void log_text(std::vector<state::Event> const& history, std::vector<state::Record> const& open_intents,
              Style const& style, std::ostream& out);
json::Document log_document(std::string const& realm, std::vector<state::Event> const& history,
                            std::vector<state::Record> const& open_intents);

/// One entry, in words; what is empty is left out.
void entry_text(state::Entry const& entry, std::ostream& out);

}  // namespace cpsctl::report
