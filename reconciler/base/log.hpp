#pragma once
#include <string_view>

#include <fmt/format.h>

/// Events, one line each, to stderr. Pure modules do not log. spdlog stays behind log.cpp.
namespace cpsctl::log {

enum class Level : unsigned char { trace, debug, info, warning, error };
enum class Format : unsigned char { text, json };

struct Options {
  Level level = Level::info;
  Format format = Format::text;
  bool colour = false;
};

void configure(Options const& options);
bool enabled(Level level);
void write(Level level, std::string_view line);
/// While true, stderr may end in a line that is rewritten in place (progress on a terminal): what is logged replaces
/// it.
void over_line(bool open);

template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace cpsctl::log
