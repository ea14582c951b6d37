#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"

#include <atomic>
#include <cstdio>
#include <memory>

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

namespace cpsctl::log {
namespace {

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::text;
};

std::atomic<bool> line_open = false;

spdlog::level::level_enum spd(Level level) {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::trace: return "trace";
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

Sink make(Options const& options) {
  using Stderr = spdlog::sinks::ansicolor_stderr_sink_mt;
  auto const colour = options.colour ? spdlog::color_mode::always : spdlog::color_mode::never;
  auto logger = std::make_shared<spdlog::logger>("cpsctl", std::make_shared<Stderr>(colour));
  logger->set_pattern(options.format == Format::json ? "%v" : "%^%l%$: %v");
  logger->set_level(spd(options.level));
  logger->flush_on(spdlog::level::trace);
  return {.logger = std::move(logger), .format = options.format};
}

Sink& sink() {
  static Sink current = make({});
  return current;
}

std::string json_line(Level level, std::string_view line) {
  json::Document event(rapidjson::kObjectType);
  auto& pool = event.GetAllocator();
  json::set(event, "time", json::string(timestamp(system_clock().wall()), pool), pool);
  json::set(event, "level", json::string(name(level), pool), pool);
  json::set(event, "message", json::string(line, pool), pool);
  return json::compact(event);
}

}  // namespace

void configure(Options const& options) {
  sink() = make(options);
}

bool enabled(Level level) {
  return sink().logger->should_log(spd(level));
}

void write(Level level, std::string_view line) {
  Sink const& to = sink();
  std::string const text = to.format == Format::json ? json_line(level, line) : screen::inert(text::printable(line));
  if (line_open && enabled(level)) std::fputs("\r\x1b[K", stderr);
  to.logger->log(spd(level), "{}", text);
}

void over_line(bool open) {
  line_open = open;
}

}  // namespace cpsctl::log
