#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace cpsctl {

/// What kind of failure it is. Exit codes and retry decisions are derived from it, each in one switch.
enum class Errc : std::uint8_t {
  usage,         ///< the command line is wrong
  manifest,      ///< a manifest, project file or plan file is invalid
  guard_rail,    ///< refused by a guard rail
  stale,         ///< what was planned on has moved
  locked,        ///< another run holds the lock
  unauthorized,  ///< credentials, permission, clock skew
  not_found,     ///< CPS: 404
  conflict,      ///< CPS: 409
  not_served,    ///< CPS: 406 or 415, it does not speak that version of its API
  refused,       ///< CPS: any other 4xx
  rate_limited,  ///< CPS: 429, or the gateway's burst block
  unavailable,   ///< unreachable, TLS failure, 5xx
  timeout,       ///< a deadline passed
  cancelled,     ///< a signal or the end of the run
  protocol,      ///< garbage instead of HTTP or JSON
  io,            ///< a local file
  internal       ///< a bug of ours
};

/// Did the server act on the request? `unknown` is a doubt: it may have, nobody can tell yet.
enum class Reached : std::uint8_t { no, yes, unknown };

/// A place in a text file; line and column count from 1, columns count bytes. `line == 0` means the whole file.
struct Mark {
  std::string file;
  int line = 1;
  int column = 1;
  bool operator==(Mark const&) const = default;
  auto operator<=>(Mark const&) const = default;
};

struct Error {
  Errc code = Errc::internal;
  std::string message = {};             ///< what is wrong: one clause, no full stop
  std::string next = {};                ///< what to do now, in the imperative; empty when there is nothing to add
  std::vector<std::string> trail = {};  ///< steps under way, innermost first
  std::optional<Mark> at = {};
  Reached reached = Reached::no;
  bool lasting = false;  ///< trying again is no use before somebody has done what `next` says

  Error&& within(std::string step) && {
    trail.push_back(std::move(step));
    return std::move(*this);
  }
  Error within(std::string step) const& { return Error(*this).within(std::move(step)); }
};

/// "message (step; outer step)", for logs and for one-line reports; `next` is printed on a line of its own.
std::string describe(Error const& error);
std::ostream& operator<<(std::ostream& out, Error const& error);
std::ostream& print_success(std::ostream& out);

/// A value, or the Error that kept us from having one.
template <class T = void>
struct [[nodiscard("a dropped Result hides a failure")]] Result : boost::system::result<T, Error> {
  using boost::system::result<T, Error>::result;
};

/// For test failures: the error, or that there is none. The value itself need not be printable.
template <class T>
std::ostream& operator<<(std::ostream& out, Result<T> const& result) {
  return result ? print_success(out) : out << result.error();
}

/// value() on an error is a bug of ours: throws std::logic_error with the error's text.
[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const& where);

#define CPS_CONCAT_(a, b) a##b
#define CPS_CONCAT(a, b) CPS_CONCAT_(a, b)
#define CPS_TRY_(tmp, decl, expr, ret)  \
  auto tmp = (expr);                    \
  if (!tmp) ret std::move(tmp).error(); \
  decl = std::move(*tmp)
#define CPS_CHECK_(tmp, expr, ret)        \
  do {                                    \
    auto tmp = (expr);                    \
    if (!tmp) ret std::move(tmp).error(); \
  } while (false)

/// CPS_TRY(auto doc, parse(text)): declares doc, or returns the error.
#define CPS_TRY(decl, ...) CPS_TRY_(CPS_CONCAT(cps_try_, __LINE__), decl, (__VA_ARGS__), return)
/// CPS_CO_TRY(auto reply, co_await send(request)): the same inside a coroutine.
#define CPS_CO_TRY(decl, ...) CPS_TRY_(CPS_CONCAT(cps_try_, __LINE__), decl, (__VA_ARGS__), co_return)
/// CPS_CHECK(write(file)): passes an error on, for Result<void>.
#define CPS_CHECK(...) CPS_CHECK_(CPS_CONCAT(cps_try_, __LINE__), (__VA_ARGS__), return)
#define CPS_CO_CHECK(...) CPS_CHECK_(CPS_CONCAT(cps_try_, __LINE__), (__VA_ARGS__), co_return)

}  // namespace cpsctl
