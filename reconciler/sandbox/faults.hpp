#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// Faults on purpose: which request is hit, and by what. Pure; fault_answers.hpp carries them out.
namespace cpsctl::sandbox {

/// "before": CPS never saw the request. "after": it was carried out, and only its answer suffers.
BOOST_DEFINE_ENUM_CLASS(Effect, drop_before, drop_after, reset_before, reset_after, delay, delay_before, drip, truncate,
                        malformed, content_type, status, limit, waf, skew, close_idle, refuse, handshake, any)

/// What a fault decides. Faults of one request decide different things; `whole` goes with nothing else.
enum class Part : std::uint8_t { whole, connection, silence, answer, text, type, end, pace, arrival, departure, clock };

/// What a rule says behind a fault's name. `wait` may be left out; `shift` may be negative; `pieces` are a time and a
/// size.
enum class Argument : std::uint8_t { nothing, time, wait, shift, pieces, bytes, type, status, limit };

/// All that parsing, showing and joining faults needs to know of one kind.
struct EffectKind {
  Part part;
  Argument argument;
};
EffectKind kind_of(Effect effect);

/// How a 429 says when to come back.
BOOST_DEFINE_ENUM_CLASS(RetryForm, seconds, date, next, mangled, silent)

/// What the body of an answer out of turn is.
BOOST_DEFINE_ENUM_CLASS(BodyForm, problem, empty, html, text)

/// One fault with its particulars; which of them count depends on the effect.
struct Fault {
  Effect effect = Effect::drop_before;
  int status = 0;                         ///< status
  BodyForm body = BodyForm::problem;      ///< status
  RetryForm retry = RetryForm::seconds;   ///< limit
  bool carried_out = false;               ///< status: CPS did it first
  Duration time = {};                     ///< delay, drip (between pieces), limit, skew (may be negative), close-idle
  std::optional<std::size_t> bytes = {};  ///< truncate (what is left; nothing: half), drip (of a piece; nothing: 1)
  std::string word = {};                  ///< status: the problem's slug; content-type: the type
};

/// What one request, or connection, meets: faults that go together. Empty: nothing.
using Mishap = std::vector<Fault>;

/// The one fault of that kind in it; null: there is none.
Fault const* find(Mishap const& mishap, Effect effect);

/// "drop-after".
std::string name_of(Effect effect);
/// "drop-after", "status 503 empty", "limit seconds 5s + truncate 8": as a rule says it, and as requests.log shows it.
std::string describe(Fault const& fault);
std::string describe(Mishap const& mishap);

/// A mishap, and the requests (or connections) that it hits: all conditions must hold.
struct FaultRule {
  std::vector<std::string> methods = {};  ///< empty: any
  std::string path = {};                  ///< glob, with or without /cps/v2; empty: any
  Mishap mishap = {};
  std::optional<double> share = {};         ///< of the matching requests, 0 to 1
  std::uint64_t from = 1;                   ///< the first matching request that counts
  std::uint64_t every = 1;                  ///< each n-th from there
  std::optional<std::uint64_t> upto = {};   ///< the last matching request that counts
  std::optional<std::uint64_t> times = {};  ///< hits altogether
};

/// `POST /enrollments: drop-after 30%` (the grammar: `cpsctl help sandbox`). Errors: usage, with the column and the
/// next step.
Result<FaultRule> parse_fault_rule(std::string_view text);

/// Decides, request by request. The same rules, seed and sequence of requests give the same faults.
class Faults {
 public:
  Faults(std::vector<FaultRule> rules, std::uint64_t seed);

  /// The mishap of the next request; the first rule that hits wins. Every rule counts what matches it, and throws its
  /// random numbers, whether or not another one wins: a rule more does not change what the others do.
  Mishap hit(std::string_view method, std::string_view path);
  /// The same for the next connection, by the rules that strike connections; hit() passes them over.
  Mishap hit_connection();

 private:
  template <class Meant>
  Mishap choose(Meant const& meant);

  struct Kept {
    FaultRule rule;
    std::uint64_t matched = 0;
    std::uint64_t hits = 0;
    SeededRandom random;
  };
  std::vector<Kept> rules_;
  SeededRandom choice_;  ///< for `any`
};

}  // namespace cpsctl::sandbox
