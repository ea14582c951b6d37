#include "lifecycle/warnings.hpp"

#include "fuzz/fuzz.hpp"

using namespace cpsctl;

/// Any text as warnings of CPS: no byte that is not blank is lost, and what is unknown is high.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  auto const visible = [](std::string_view all) {
    std::string kept;
    for (char const c : all)
      if (std::string_view(" \t\r\n\v\f,").find(c) == std::string_view::npos) kept += c;
    return kept;
  };
  std::string read;
  for (lifecycle::Warning const& warning : lifecycle::read_warnings(text)) {
    fuzz::holds(warning.known() || warning.level == lifecycle::WarningClass::high, "what is unknown is high", text);
    read += visible(warning.text);
    lifecycle::removed_names(warning);
  }
  bool const header = text.find("[WARNINGS]") != std::string_view::npos;
  if (!header) fuzz::holds(read == visible(text), "nothing is lost", text);
  return 0;
}
