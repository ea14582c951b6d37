#include "cli/flag_values.hpp"

#include "cli/words.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {

CLI::Option* duration(CLI::App& app, std::string const& flag, std::optional<Duration>& to, std::string const& what) {
  return app
      .add_option_function<std::string>(
          flag,
          [&to, flag](std::string const& text) {
            auto const parsed = parse_duration(text);
            if (!parsed) throw CLI::ValidationError(flag, parsed.error().message + "; " + parsed.error().next);
            to = *parsed;
          },
          what)
      ->type_name("DURATION");
}

CLI::Validator one_of(std::vector<std::string> const& words) {
  return CLI::Validator(
      [words](std::string const& value) -> std::string {
        if (std::ranges::find(words, value) != words.end()) return {};
        auto const near = meant(value, words);
        return fmt::format("\"{}\" is not one of {}{}", value, fmt::join(words, ", "),
                           near ? fmt::format("; did you mean {}?", *near) : "");
      },
      "");
}

CLI::Validator a_number(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [least, most](std::string const& value) -> std::string {
        std::int64_t number = 0;
        auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
        bool const whole = failed == std::errc() && end == value.data() + value.size();
        return whole && number >= least && number <= most
                   ? std::string()
                   : fmt::format("\"{}\" is not a whole number from {} to {}", value, least, most);
      },
      "");
}

CLI::Validator a_digest() {
  return CLI::Validator(
      [](std::string const& value) -> std::string {
        bool const fits = value.size() == 64 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
        return value.empty() || fits ? std::string()
                                     : fmt::format("\"{}\" is not a digest: a digest has 64 hex digits", value);
      },
      "");
}

}  // namespace cpsctl::cli
