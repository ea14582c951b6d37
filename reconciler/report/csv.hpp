#pragma once
#include <string>
#include <string_view>
#include <vector>

/// RFC 4180, as spreadsheets and scripts read it.
namespace cpsctl::report::csv {

/// A cell on one line. What a spreadsheet would take for a formula gets a leading ', so that it stays a text (a cell
/// that begins with = + - @).
std::string cell(std::string_view text);

/// The record of these texts, with its line end.
std::string record(std::vector<std::string> const& texts);

}  // namespace cpsctl::report::csv
