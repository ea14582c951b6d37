#include "base/fields.hpp"
#include "base/text.hpp"
#include "sandbox/faults.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The rules' small language.
namespace cpsctl::sandbox {
namespace {

struct Token {
  std::string text;
  std::size_t column;  ///< from 1
};

std::vector<Effect> all_effects() {
  std::vector<Effect> all;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Effect>>([&](auto d) { all.push_back(d.value); });
  return all;
}

std::optional<Duration> time_of(std::string_view text) {
  bool const minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  auto const time = parse_duration(text);
  if (!time) return std::nullopt;
  return minus ? -*time : *time;
}

bool go_together(Effect left, Effect right) {
  Part const one = kind_of(left).part;
  Part const other = kind_of(right).part;
  auto const alone = [](Part part) { return part == Part::whole || part == Part::connection; };
  if (one == other || alone(one) || alone(other)) return false;
  // Where no answer comes, it can come late, and that is all.
  auto const late = [](Part part) { return part == Part::arrival || part == Part::departure; };
  return (one != Part::silence || late(other)) && (other != Part::silence || late(one));
}

constexpr std::string_view joint = "+";
constexpr std::array<std::string_view, 5> conditions{"nth", "every", "first", "from", "times"};
constexpr std::array<std::string_view, 7> methods{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

bool begins_condition(std::string_view word) {
  return word.ends_with('%') || std::ranges::find(conditions, word) != conditions.end();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<FaultRule> rule() {
    auto const colon = text_.find(':');
    if (colon == std::string_view::npos)
      return wrong(text_.size() + 1, "there is no ':' between the requests and the fault",
                   "write it as 'POST /enrollments: drop-after 30%'");
    split(text_.substr(0, colon), 0);
    CPS_CHECK(requests());
    split(text_.substr(colon + 1), colon + 1);
    CPS_CHECK(effect());
    while (word() == joint) {
      ++next_;
      CPS_CHECK(effect());
    }
    while (!done()) CPS_CHECK(condition());
    if (!given("from") && !given("nth")) rule_.from = rule_.every;
    if (rule_.upto && *rule_.upto < rule_.from)
      return wrong("this never strikes: the last that counts comes before the first",
                   "leave out one of nth, every, first and from, or give first a larger number");
    return std::move(rule_);
  }

 private:
  void split(std::string_view part, std::size_t offset) {
    tokens_.clear();
    next_ = 0;
    end_ = offset + part.size() + 1;
    for (std::size_t i = 0; i < part.size();) {
      auto const blank = [](char c) { return c == ' ' || c == '\t'; };
      if (blank(part[i])) {
        ++i;
        continue;
      }
      std::size_t const start = i;
      while (i < part.size() && !blank(part[i])) ++i;
      tokens_.push_back({.text = std::string(part.substr(start, i - start)), .column = offset + start + 1});
    }
  }

  bool done() const { return next_ == tokens_.size(); }
  std::string word() const { return done() ? std::string() : tokens_[next_].text; }
  std::size_t column() const { return done() ? end_ : tokens_[next_].column; }
  /// Is there another word, and not the beginning of a condition or of another fault?
  bool more() const { return !done() && !begins_condition(word()) && word() != joint; }

  Error wrong(std::size_t column, std::string what, std::string next) const {
    return {.code = Errc::usage,
            .message = fmt::format("\"{}\", column {}: {}", text::printable(text_), column, what),
            .next = std::move(next)};
  }
  Error wrong(std::string what, std::string next) const { return wrong(column(), std::move(what), std::move(next)); }

  /// "POST /enrollments", "GET|PUT", "/enrollments/*", "*".
  Result<> requests() {
    if (done()) return wrong("the requests are missing", "write a method, a path, both, or * for all");
    requests_column_ = column();
    if (!word().starts_with('/')) CPS_CHECK(method_list());
    if (!done() && word().starts_with('/')) {
      rule_.path = word();
      ++next_;
    }
    if (!done())
      return wrong(fmt::format("\"{}\" is not a path", word()), "write a path from its '/' on, as /enrollments/*");
    return {};
  }

  Result<> method_list() {
    std::string const list = word();
    if (list != "*") {
      for (std::string_view const part : text::split(list, '|')) {
        std::string method(part);
        std::ranges::transform(method, method.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        if (std::ranges::find(methods, method) == methods.end())
          return wrong(fmt::format("\"{}\" is not a method", part), "use GET, POST, PUT, DELETE, or * for all");
        rule_.methods.push_back(std::move(method));
      }
    }
    ++next_;
    return {};
  }

  Result<> effect() {
    std::vector<Effect> const effects = all_effects();
    std::vector<std::string> known;
    std::ranges::transform(effects, std::back_inserter(known), name_of);
    if (done()) return wrong("the fault is missing", fmt::format("choose one of {}", fmt::join(known, ", ")));
    auto const effect = std::ranges::find(effects, word(), name_of);
    if (effect == effects.end()) {
      auto const meant = text::nearest(word(), known);
      return wrong(
          fmt::format("unknown fault \"{}\"", word()),
          meant ? fmt::format("did you mean {}?", *meant) : fmt::format("choose one of {}", fmt::join(known, ", ")));
    }
    if (kind_of(*effect).part == Part::connection && !(rule_.methods.empty() && rule_.path.empty()))
      return wrong(requests_column_, fmt::format("{} strikes connections, which have no method and no path", word()),
                   fmt::format("write it as '*: {}'; nth, 30% and the others count connections then", word()));
    for (Fault const& other : rule_.mishap)
      if (!go_together(other.effect, *effect))
        return wrong(fmt::format("{} and {} do not go together", name_of(other.effect), word()),
                     "join faults that spoil different things: status 503 + delay 2s, limit 5s + truncate 8");
    ++next_;
    Fault fault{.effect = *effect};
    CPS_CHECK(particulars(fault));
    rule_.mishap.push_back(std::move(fault));
    return {};
  }

  Result<> particulars(Fault& fault) {
    switch (kind_of(fault.effect).argument) {
      case Argument::nothing: return {};
      case Argument::time: return time(fault, Sign::plus);
      case Argument::wait: return more() ? time(fault, Sign::plus) : Result<>{};
      case Argument::shift: return time(fault, Sign::either);
      case Argument::pieces: {
        CPS_CHECK(time(fault, Sign::plus));
        return size(fault, 1);
      }
      case Argument::bytes: return size(fault, 0);
      case Argument::type: {
        if (!more()) return wrong("the type is missing", "write one, as text/plain");
        fault.word = tokens_[next_++].text;
        return {};
      }
      case Argument::status: return status(fault);
      case Argument::limit: return limit(fault);
    }
    return {};
  }

  enum class Sign : bool { plus, either };

  Result<> time(Fault& fault, Sign sign) {
    auto const time = time_of(word());
    if (!time || (sign == Sign::plus && *time < Duration::zero()))
      return wrong(done() ? "the time is missing" : fmt::format("\"{}\" is not a time", word()),
                   sign == Sign::plus ? "write a duration, as 250ms or 2s" : "write a duration, as 45s or -45s");
    fault.time = *time;
    ++next_;
    return {};
  }

  Result<> size(Fault& fault, std::size_t least) {
    if (!more()) return {};
    auto const bytes = text::number<std::size_t>(word());
    if (!bytes || *bytes < least)
      return wrong(fmt::format("\"{}\" is not a number of bytes", word()), "write a whole number, as 100");
    fault.bytes = bytes;
    ++next_;
    return {};
  }

  /// "503", "409 invalid-enrollment-state", "502 html", "500 empty after".
  Result<> status(Fault& fault) {
    auto const code = text::number<int>(word());
    if (!code || *code < 200 || *code > 599)
      return wrong(done() ? "the status is missing" : fmt::format("\"{}\" is not a status", word()),
                   "write a number from 200 to 599, as 503");
    fault.status = *code;
    for (++next_; more(); ++next_) {
      auto const form = fields::enumerator<BodyForm>(word());
      if (word() == "after")
        fault.carried_out = true;
      else if (form)
        fault.body = *form;
      else if (fault.word.empty() && is_slug(word()))
        fault.word = word();
      else
        return wrong(fmt::format("cannot use \"{}\" here", word()),
                     "after the status come a problem's slug, empty, html or text, and after");
    }
    return {};
  }

  static bool is_slug(std::string_view text) {
    auto const letter = [](char c) { return c >= 'a' && c <= 'z'; };
    return letter(text.front()) &&
           std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
  }

  /// "5s", "date 5s", "silent".
  Result<> limit(Fault& fault) {
    if (auto const form = fields::enumerator<RetryForm>(word())) {
      fault.retry = *form;
      ++next_;
    }
    if (fault.retry == RetryForm::silent && !more()) return {};
    return time(fault, Sign::plus);
  }

  bool given(std::string_view kind) const { return std::ranges::find(given_, kind) != given_.end(); }

  /// A share, or a word and its number; each once.
  Result<> condition() {
    std::string const name = word();
    std::string const kind = name.ends_with('%') ? "%" : name;
    if (given(kind))
      return wrong(fmt::format("{} is given twice", kind == "%" ? "a share" : kind), "leave one of them out");
    given_.push_back(kind);
    if (name.ends_with('%')) {
      auto const percent = text::number<double>(std::string_view(name).substr(0, name.size() - 1));
      if (!percent || !(*percent > 0) || *percent > 100)
        return wrong(fmt::format("\"{}\" is not a share", name), "write a number above 0 and up to 100, as 30%");
      rule_.share = *percent / 100;
      ++next_;
      return {};
    }
    if (name.starts_with(joint))
      return wrong(fmt::format("cannot use \"{}\" here", name),
                   "join faults with a + between blanks, and say when after the last: limit 5s + truncate 8 times 2");
    if (!begins_condition(name))
      return wrong(fmt::format("cannot use \"{}\" here", name),
                   "after the fault come 30%, nth 3, every 5, first 2, from 4, times 2");
    ++next_;
    auto const count = text::number<std::uint64_t>(word());
    if (!count || *count == 0)
      return wrong(fmt::format("{} needs a number from 1 on", name), fmt::format("write it as {} 3", name));
    ++next_;
    if (name == "nth" || name == "from") rule_.from = *count;
    if (name == "nth" || name == "first") rule_.upto = *count;
    if (name == "every") rule_.every = *count;
    if (name == "times") rule_.times = *count;
    return {};
  }

  std::string_view text_;
  std::vector<Token> tokens_ = {};
  std::size_t next_ = 0;
  std::size_t end_ = 1;
  std::size_t requests_column_ = 1;
  std::vector<std::string> given_ = {};  ///< conditions so far
  FaultRule rule_ = {};
};

}  // namespace

Result<FaultRule> parse_fault_rule(std::string_view text) {
  return Parser(text).rule();
}

}  // namespace cpsctl::sandbox
