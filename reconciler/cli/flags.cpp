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

CLI::Option* duration(CLI::App& app, std::string const& name, std::optional<Duration>& to, std::string const& what) {
  auto const set = [&to, name](std::string const& text) {
    auto const parsed = parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error().message + "; " + parsed.error().next);
    to = *parsed;
  };
  return app.add_option_function<std::string>(name, set, what)->type_name("DURATION");
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
  if (!flag.type.empty()) option->type_name(flag.type);
  if (!flag.variable.empty()) option->envname(flag.variable);
  if (check) option->check(CLI::Validator(std::move(check), ""));
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

void Flags::each(Flag const& flag, Times times, std::function<Result<>(std::string const&)> set) {
  auto const one = [set = std::move(set), name = flag.name](std::string const& value) {
    if (auto const done = set(value); !done) throw Refusal(name, done.error());
  };
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
}

void Flags::exclude(std::string const& one, std::string const& other) {
  app_.get_option(one)->excludes(app_.get_option(other));
}

Check one_of(std::vector<std::string> words) {
  return [words = std::move(words)](std::string const& value) -> std::string {
    if (std::ranges::find(words, value) != words.end()) return {};
    auto const near = meant(value, words);
    return fmt::format("\"{}\" is not one of {}{}", value, fmt::join(words, ", "),
                       near ? fmt::format("; did you mean {}?", *near) : "");
  };
}

Check a_number(std::int64_t least, std::int64_t most) {
  return [least, most](std::string const& value) -> std::string {
    auto const number = text::number<std::int64_t>(value);
    return number && *number >= least && *number <= most
               ? std::string()
               : fmt::format("\"{}\" is not a whole number from {} to {}", value, least, most);
  };
}

}  // namespace cpsctl::cli
