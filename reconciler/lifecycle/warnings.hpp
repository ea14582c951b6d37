#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// What CPS warns of before it goes on with a change (cps-api.md §4.8): one text, read as entries. Pure.
namespace cpsctl::lifecycle {

/// How far a warning may be answered in advance. low: usually harmless; review: with its very text; high: it would stop
/// a person, too.
BOOST_DEFINE_ENUM_CLASS(WarningClass, low, review, high)

struct Warning {
  std::string id = {};  ///< "DNS_NAME_NOT_CNAMED"; empty: it begins like nothing that is known
  WarningClass level = WarningClass::high;
  std::string text = {};    ///< as CPS wrote it, its further lines included
  std::string digest = {};  ///< "sha256:…" of its text with every run of blanks as one space

  bool known() const { return !id.empty(); }
  bool operator==(Warning const&) const = default;
};

/// The entries of a text, in its order. Each line is an entry of its own, known by its opening or by a leading slug
/// ("sans-removed-require-acknowledgement: …"); further lines (PEM, names of certificates) belong to an entry only
/// where its message is known to carry them. Anything else is an unknown entry: nobody can have agreed to it in
/// advance. A known opening behind a comma begins an entry, too: the published form separates by commas.
std::vector<Warning> read_warnings(std::string_view text);

/// The host names that a warning about removed names lists, sorted; empty for any other, or when it is cut off.
std::vector<std::string> removed_names(Warning const& warning);

/// The ids that are known, sorted: what a manifest may name.
std::vector<std::string> const& warning_ids();

}  // namespace cpsctl::lifecycle
