#pragma once
#include "diff/compare.hpp"
#include "plan/view.hpp"
#include "report/paint.hpp"
#include "report/result.hpp"

#include <string>
#include <vector>

/// The words of reports, in one place: text, Markdown and JUnit differ in their form only. What comes from users is not
/// escaped here; every form does that in its own way.
namespace cpsctl::report {

/// A symbol, which carries the meaning, and its ink, which repeats it.
struct Sign {
  char const* symbol;
  Ink ink;
};

Sign sign_of(plan::ItemView const& item);
Sign sign_of(ResultRow const& row);

/// "stored, no deployment", "issues a new certificate" …
char const* effect_words(schema::Effect effect);

/// A value on one line, printable and shortened; "(not set)" when it is absent.
std::string shown(json::Ref const& value);

/// One line of an item's changes, printable. A set shows what comes and what goes, a line each; any other field its
/// two values.
struct ChangeLine {
  Sign sign;
  std::string field;
  std::string value;
  std::string effect;
};

std::vector<ChangeLine> change_lines(std::vector<diff::Change> const& changes);

/// What the reason of a held item begins with: "blocked: ", or nothing where nobody has to act.
char const* held_word(plan::ItemView const& item);

/// "id 7", "contract 1-A", "dv", "www.example.com": what an item of the plan is about, apart from its name. The account
/// is named where it is not the plan's.
std::vector<std::string> facts_of(plan::ItemView const& item, plan::PlanView const& plan);
/// Its notes, and since when it is not known how what CPS does has gone on.
std::vector<std::string> notes_of(plan::ItemView const& item);
/// "as of 2026-11-23T10:15:00Z; read again from 2026-11-23T11:15:00Z on".
std::string as_of(WallTime read, WallTime turn);

/// What is asked for apart from the changes. Of a create: the fields that the schema marks (x-order-says). Of what
/// brings a certificate: when it may be deployed. Of all: what the lifecycle allows that is not usual. Printable; names
/// are whole.
struct OrderLine {
  std::string what;
  std::vector<std::string> values;
};
std::vector<OrderLine> order_of(plan::ItemView const& item);

/// A host name as it is sent, and as it was written where that is something else: "xn--pypal-4ve.com (pаypal.com)".
std::string host_words(std::string_view name);

/// "akamai, account 1-2:3, by ~/.edgerc section [prod]": whom a plan is for; empty when nothing is known.
std::string whom_words(plan::PlanView const& plan, Cost const& cost);

/// The item's writes, as far as its action alone does not say them: several, or one that cancels or overrides.
std::vector<std::string> telling_steps(plan::ItemView const& item);
/// "id 7", "change 5 in progress at CPS": what is known after a row, apart from its message.
std::vector<std::string> facts_of(ResultRow const& row);
/// "created", "failed", "in doubt" …
std::string outcome_of(ResultRow const& row);
/// The same of an outcome alone: "done", "failed" …
char const* outcome_words(plan::Outcome outcome);

/// The HTML comment that begins a command's Markdown: bots find their earlier comment by it.
std::string marker(std::string_view command);

/// "1 to create, 2 blocked".
std::string counts(plan::Summary const& summary);
/// "only -l team=web was looked at; 12 enrollments were left out"; empty when the plan is about everything.
std::string partial_words(plan::PlanView const& plan);
/// "1 created, 2 blocked".
std::string counts(std::vector<ResultRow> const& rows);

/// Nothing would be done, and nothing is in the way.
bool quiet(plan::PlanView const& plan);
/// "1 request used; 3 more to apply (at least 2 min at 35 a minute)".
std::string cost_words(Cost const& cost);
/// "5 requests, 1 refused by CPS's request limit".
std::string cost_words(ResultFacts const& facts);

/// A time without its milliseconds, which journals and CPS have and nobody reads; what is no time as it is.
std::string without_fraction(std::string const& at);

}  // namespace cpsctl::report
