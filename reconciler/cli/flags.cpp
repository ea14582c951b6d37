#include "cli/flags.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/refusal.hpp"
#include "cli/words.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

template <class T>
constexpr bool is_list = std::is_same_v<T, std::vector<std::string>>;

constexpr char const* duration_type = "DURATION";

CLI::Option* duration(CLI::App& app, std::string const& name, std::optional<Duration>& to, std::string const& what) {
  auto const set = [&to, name](std::string const& text) {
    auto const parsed = parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error().message + "; " + parsed.error().next);
    to = *parsed;
  };
  return app.add_option_function<std::string>(name, set, what)->type_name(duration_type);
}

/// Of "real|off" both; none of what only has a name, such as "N|P%".
std::vector<std::string> literal_words(std::string const& type) {
  std::vector<std::string> words;
  if (type.find('|') == type.npos || text::lower(type) != type) return words;
  for (auto const part : text::split(type, '|')) words.emplace_back(part);
  return words;
}

}  // namespace

template <class T>
void Flags::add(Flag const& flag, T& to, Check check) {
  CLI::Option* option = nullptr;
  if constexpr (std::is_same_v<T, bool>)
    option = app_.add_flag(flag.name, to, flag.what);
  else if constexpr (std::is_same_v<T, std::optional<Duration>>)
    option = duration(app_, flag.name, to, flag.what);
  else
    option = app_.add_option(flag.name, to, flag.what);
  option->group(heading_);
  Taken taken{.flag = flag,
              .heading = heading_,
              .value = std::is_same_v<T, bool> ? Taken::Value::none : Taken::Value::one,
              .repeatable = is_list<T>,
              .words = std::move(check.words)};
  if (std::is_same_v<T, std::optional<Duration>>) taken.flag.type = duration_type;
  taken_.push_back(std::move(taken));
  if (!flag.type.empty()) option->type_name(flag.type);
  if (!flag.variable.empty()) option->envname(flag.variable);
  if (check.wrong) option->check(CLI::Validator(std::move(check.wrong), ""));
  if (flag.at_most > 0) option->expected(0, flag.at_most);
  if (is_list<T> && flag.name.starts_with('-')) option->allow_extra_args(false);
}

template void Flags::add(Flag const&, bool&, Check);
template void Flags::add(Flag const&, std::string&, Check);
template void Flags::add(Flag const&, std::uint16_t&, Check);
template void Flags::add(Flag const&, std::vector<std::string>&, Check);
template void Flags::add(Flag const&, std::optional<std::string>&, Check);
template void Flags::add(Flag const&, std::optional<std::int64_t>&, Check);
template void Flags::add(Flag const&, std::optional<Duration>&, Check);

void Flags::maybe(Flag const& flag, std::string& to, std::string const& usual) {
  app_.add_flag(fmt::format("{}{{{}}}", flag.name, usual), to, flag.what)->type_name(flag.type)->group(heading_);
  taken_.push_back({.flag = flag, .heading = heading_, .value = Taken::Value::optional});
}

void Flags::each(Flag const& flag, Times times, std::function<Result<>(std::string const&)> set) {
  auto const one = [set = std::move(set), name = flag.name](std::string const& value) {
    if (auto const done = set(value); !done) throw Refusal(name, done.error());
  };
  taken_.push_back({.flag = flag,
                    .heading = heading_,
                    .value = flag.type.empty() ? Taken::Value::none : Taken::Value::one,
                    .repeatable = times == Times::any,
                    .words = literal_words(flag.type)});
  if (flag.type.empty()) {
    app_.add_flag_callback(
            flag.name, [one] { one(""); }, flag.what)
        ->group(heading_);
    return;
  }
  auto const all = [one](std::vector<std::string> const& values) { std::ranges::for_each(values, one); };
  CLI::Option* const option = times == Times::any
                                  ? app_.add_option_function<std::vector<std::string>>(flag.name, all, flag.what)
                                  : app_.add_option_function<std::string>(flag.name, one, flag.what);
  option->type_name(flag.type)->allow_extra_args(false)->group(heading_);
}

void Flags::require(std::string const& name) {
  app_.get_option(name)->required();
  taken_.back().required = true;
}

void Flags::exclude(std::string const& one, std::string const& other) {
  app_.get_option(one)->excludes(app_.get_option(other));
}

Check one_of(std::vector<std::string> words) {
  auto const wrong = [words](std::string const& value) -> std::string {
    if (std::ranges::find(words, value) != words.end()) return {};
    auto const near = meant(value, words);
    return fmt::format("\"{}\" is not one of {}{}", value, fmt::join(words, ", "),
                       near ? fmt::format("; did you mean {}?", *near) : "");
  };
  return {.wrong = wrong, .words = std::move(words)};
}

Check a_number(std::int64_t least, std::int64_t most) {
  auto const wrong = [least, most](std::string const& value) -> std::string {
    auto const number = text::number<std::int64_t>(value);
    return number && *number >= least && *number <= most
               ? std::string()
               : fmt::format("\"{}\" is not a whole number from {} to {}", value, least, most);
  };
  return {.wrong = wrong};
}

}  // namespace cpsctl::cli
