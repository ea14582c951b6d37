#include "sandbox/faults.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view base_path = "/cps/v2";

bool matches(FaultRule const& rule, std::string_view method, std::string_view path) {
  if (!rule.methods.empty() && std::ranges::find(rule.methods, method) == rule.methods.end()) return false;
  if (rule.path.empty() || text::glob_matches(rule.path, path)) return true;
  return path.starts_with(base_path) && text::glob_matches(rule.path, path.substr(base_path.size()));
}

bool strikes_connections(FaultRule const& rule) {
  return std::ranges::any_of(rule.mishap,
                             [](Fault const& fault) { return kind_of(fault.effect).part == Part::connection; });
}

/// What `any` chooses from: everything that passes by itself when the request is sent again.
Fault any_of(Random& random) {
  static Fault const choices[] = {
      {.effect = Effect::drop_before},
      {.effect = Effect::drop_after},
      {.effect = Effect::reset_before},
      {.effect = Effect::reset_after},
      {.effect = Effect::delay, .time = 50ms},
      {.effect = Effect::drip, .time = 1ms, .bytes = 512},
      {.effect = Effect::truncate},
      {.effect = Effect::malformed},
      {.effect = Effect::content_type, .word = "text/plain"},
      {.effect = Effect::status, .status = 500},
      {.effect = Effect::status, .status = 502, .body = BodyForm::html},
      {.effect = Effect::status, .status = 503, .body = BodyForm::empty},
      {.effect = Effect::status, .status = 504, .body = BodyForm::text, .carried_out = true},
      {.effect = Effect::limit, .time = 1s},
      {.effect = Effect::close_idle},
  };
  return choices[random.next() % std::size(choices)];
}

/// As a rule would say it: "250ms", "90s", "-45s".
std::string short_time(Duration time) {
  if (time % 1s == 0s) return fmt::format("{}s", time / 1s);
  return fmt::format("{}ms", time.count());
}

}  // namespace

EffectKind kind_of(Effect effect) {
  switch (effect) {
    case Effect::drop_before:
    case Effect::drop_after:
    case Effect::reset_before:
    case Effect::reset_after: return {Part::silence, Argument::nothing};
    case Effect::delay: return {Part::departure, Argument::time};
    case Effect::delay_before: return {Part::arrival, Argument::time};
    case Effect::drip: return {Part::pace, Argument::pieces};
    case Effect::truncate: return {Part::end, Argument::bytes};
    case Effect::malformed: return {Part::text, Argument::nothing};
    case Effect::content_type: return {Part::type, Argument::type};
    case Effect::status: return {Part::answer, Argument::status};
    case Effect::limit: return {Part::answer, Argument::limit};
    case Effect::waf: return {Part::answer, Argument::nothing};
    case Effect::skew: return {Part::clock, Argument::shift};
    case Effect::close_idle: return {Part::end, Argument::wait};
    case Effect::refuse:
    case Effect::handshake: return {Part::connection, Argument::nothing};
    case Effect::any: break;
  }
  return {Part::whole, Argument::nothing};
}

std::string name_of(Effect effect) {
  std::string name(boost::describe::enum_to_string(effect, ""));
  std::ranges::replace(name, '_', '-');
  return name;
}

std::string describe(Fault const& fault) {
  std::string text = name_of(fault.effect);
  switch (kind_of(fault.effect).argument) {
    case Argument::nothing: return text;
    case Argument::time:
    case Argument::wait:
    case Argument::shift: return fmt::format("{} {}", text, short_time(fault.time));
    case Argument::pieces: return fmt::format("{} {} {}", text, short_time(fault.time), fault.bytes.value_or(1));
    case Argument::bytes: return fault.bytes ? fmt::format("{} {}", text, *fault.bytes) : text;
    case Argument::type: return fmt::format("{} {}", text, fault.word);
    case Argument::limit: return fmt::format("{} {} {}", text, fields::word(fault.retry), short_time(fault.time));
    case Argument::status: break;
  }
  text += fmt::format(" {}", fault.status);
  if (!fault.word.empty()) text += " " + fault.word;
  if (fault.body != BodyForm::problem) text += " " + fields::word(fault.body);
  if (fault.carried_out) text += " after";
  return text;
}

std::string describe(Mishap const& mishap) {
  std::vector<std::string> parts;
  for (Fault const& fault : mishap) parts.push_back(describe(fault));
  return fmt::format("{}", fmt::join(parts, " + "));
}

Fault const* find(Mishap const& mishap, Effect effect) {
  auto const found = std::ranges::find(mishap, effect, &Fault::effect);
  return found == mishap.end() ? nullptr : &*found;
}

Faults::Faults(std::vector<FaultRule> rules, std::uint64_t seed) : choice_(seed) {
  for (FaultRule& rule : rules) {
    // Random numbers of its own for each rule, so that a rule added at the end changes nothing before it.
    SeededRandom random(seed + 0x5EED * (rules_.size() + 1));
    rules_.push_back({.rule = std::move(rule), .random = random});
  }
}

/// One more of what the rules count; `meant` says which rules do.
template <class Meant>
Mishap Faults::choose(Meant const& meant) {
  Mishap chosen;
  for (Kept& kept : rules_) {
    FaultRule const& rule = kept.rule;
    if (!meant(rule)) continue;
    std::uint64_t const number = ++kept.matched;
    bool const lucky = !rule.share || kept.random.unit() < *rule.share;
    bool const in_turn = number >= rule.from && number <= rule.upto.value_or(number) &&
                         (number - rule.from) % rule.every == 0 && kept.hits < rule.times.value_or(kept.hits + 1);
    if (!lucky || !in_turn || !chosen.empty()) continue;
    ++kept.hits;
    chosen = rule.mishap;
  }
  return chosen;
}

Mishap Faults::hit(std::string_view method, std::string_view path) {
  auto chosen =
      choose([&](FaultRule const& rule) { return !strikes_connections(rule) && matches(rule, method, path); });
  if (find(chosen, Effect::any) != nullptr) chosen = {any_of(choice_)};
  return chosen;
}

Mishap Faults::hit_connection() {
  return choose(strikes_connections);
}

}  // namespace cpsctl::sandbox
