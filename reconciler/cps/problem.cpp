#include "cps/problem.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "cps/throttle.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t shown = 300;

std::string tidy(std::string_view raw) {
  return text::excerpt(text::trimmed(raw), shown);
}

std::string last_segment(std::string_view type) {
  while (type.ends_with('/')) type.remove_suffix(1);
  auto const slash = type.rfind('/');
  return tidy(slash == std::string_view::npos ? type : type.substr(slash + 1));
}

/// The value of `key` in "ApiError(type=…, title=…, detail=…, source=…)".
std::string api_error_part(std::string_view text, std::string_view key) {
  auto const at = text.find(fmt::format("{}=", key));
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + key.size() + 1);
  std::size_t end = rest.find(')');
  for (std::string_view const next : {", title=", ", detail=", ", source="}) end = std::min(end, rest.find(next));
  return tidy(rest.substr(0, end));
}

/// The character of a number, in UTF-8; nothing: Unicode has none.
std::string utf8(std::uint32_t code) {
  bool const is_character = code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (!is_character) return {};
  auto const rest = [code](unsigned shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0U | (code >> 6U)), rest(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0U | (code >> 12U)), rest(6), rest(0)};
  return {static_cast<char>(0xF0U | (code >> 18U)), rest(12), rest(6), rest(0)};
}

/// What stands for a character in HTML: "#35", "#x23", "amp"; nothing: it is none of those.
std::string entity(std::string_view name) {
  using Named = std::pair<std::string_view, std::string_view>;
  constexpr std::array named{Named{"amp", "&"},   Named{"lt", "<"},   Named{"gt", ">"},
                             Named{"quot", "\""}, Named{"apos", "'"}, Named{"nbsp", " "}};
  auto const found = std::ranges::find(named, name, &Named::first);
  if (found != named.end()) return std::string(found->second);
  if (!name.starts_with('#')) return {};
  bool const hex = name.substr(1).starts_with('x') || name.substr(1).starts_with('X');
  std::string_view const digits = name.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  auto const [end, problem] = std::from_chars(digits.begin(), digits.end(), code, hex ? 16 : 10);
  return problem == std::errc() && end == digits.end() ? utf8(code) : std::string();
}

/// Akamai's own pages write "Reference&#32;&#35;18.2f".
std::string without_entities(std::string_view html) {
  constexpr std::size_t longest = 10;
  std::string text;
  for (std::size_t at = 0; at < html.size(); ++at) {
    std::size_t const end = html[at] == '&' ? html.substr(at, longest + 2).find(';') : html.npos;
    std::string const character = end == html.npos ? std::string() : entity(html.substr(at + 1, end - 1));
    if (character.empty()) {
      text += html[at];
    } else {
      text += character;
      at += end;
    }
  }
  return text;
}

/// Text between HTML's tags, white space folded.
std::string without_markup(std::string_view body) {
  std::string text;
  bool tag = false;
  for (char const c : body.substr(0, 4096)) {
    if (c == '<') tag = true;
    bool const space = tag || c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space)
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
    if (c == '>') tag = false;
  }
  return tidy(without_entities(text));
}

Errc code_for(Problem const& problem) {
  int const status = problem.status;
  if (status == 429 || is_burst_block(problem)) return Errc::rate_limited;
  if (status == 401 || status == 403 || is_clock_skew(problem) || is_forbidden_contract(problem))
    return Errc::unauthorized;
  if (status == 404) return Errc::not_found;
  if (status == 409) return Errc::conflict;
  if (status == 406 || status == 415) return Errc::not_served;
  if (status >= 400 && status < 500) return Errc::refused;
  if (status >= 500) return Errc::unavailable;
  return Errc::protocol;
}

/// "GET /x was answered with 404: Not Found [not-found] (instance …)".
std::string message_of(Problem const& problem, std::string_view what) {
  std::string message = fmt::format("{} was answered with {}", what, problem.status);
  for (std::string const* part : {&problem.title, &problem.detail, &problem.text})
    if (!part->empty()) message += fmt::format("{}{}", part == &problem.title ? ": " : " - ", *part);
  if (!problem.slug.empty()) message += fmt::format(" [{}]", problem.slug);
  if (!problem.instance.empty()) message += fmt::format(" (instance {})", problem.instance);
  return message;
}

/// The server's time: the answer's Date, or the gateway's own requestTime where a proxy took the Date away.
std::optional<WallTime> server_time(http::Response const& response) {
  if (auto const date = parse_http_date(response.header("Date"))) return date;
  auto const document = json::parse(response.body, "an error body");
  if (!document) return std::nullopt;
  auto const time = parse_timestamp(json::text_or(json::find(*document, "requestTime"), ""));
  return time ? std::optional(*time) : std::nullopt;
}

/// "your clock is 600 s behind the server's", or nothing when the answer has no usable time.
std::string skew_text(http::Response const& response, WallTime now) {
  auto const server = server_time(response);
  if (!server) return {};
  auto const ahead = std::chrono::round<std::chrono::seconds>(now - *server).count();
  return fmt::format("; this machine's clock is {} s {} the server's", std::abs(ahead),
                     ahead > 0 ? "ahead of" : "behind");
}

std::string next_step(Problem const& problem, Errc code) {
  if (is_clock_skew(problem)) return "set this machine's clock (signatures are valid for 30 s), then run again";
  switch (code) {
    case Errc::rate_limited: return "wait a minute, or lower --rate: the account's limit counts all its users";
    case Errc::unauthorized:
      return problem.status == 401
                 ? "check the client secret and tokens of the credentials; nothing may rewrite the request on its way"
                 : "the credentials need a grant for CPS and for this contract: check the contract id and the section, "
                   "and ask the account's administrator";
    case Errc::not_found: return "check the account (account switch key) and whether it was deleted";
    case Errc::not_served: return "set spec.apiSchema (or api.schema in cpsctl.yaml) to a version that CPS serves";
    case Errc::unavailable: return "CPS has a problem of its own: run again later";
    case Errc::protocol: return "check that the host is an Akamai API host";
    default:
      return problem.instance.empty() ? std::string() : "fix what it names; Akamai's support asks for the instance";
  }
}

}  // namespace

Problem parse_problem(int status, std::string_view body) {
  Problem problem{.status = status};
  std::string_view const trimmed = text::trimmed(body);
  if (trimmed.starts_with('{')) {
    if (auto const document = json::parse(trimmed, "an error body"); document && document->IsObject()) {
      auto const part = [&](char const* name) { return tidy(json::text_or(json::find(*document, name), "")); };
      problem.slug = last_segment(json::text_or(json::find(*document, "type"), ""));
      problem.title = part("title");
      problem.detail = part("detail");
      problem.instance = part("instance");
      if (!problem.title.empty() || !problem.detail.empty() || !problem.slug.empty()) return problem;
    }
  }
  if (auto const at = trimmed.find("ApiError("); at != std::string_view::npos) {
    std::string_view const text = trimmed.substr(at);
    problem.slug = last_segment(api_error_part(text, "type"));
    problem.title = api_error_part(text, "title");
    problem.detail = api_error_part(text, "detail");
    return problem;
  }
  problem.text = trimmed.starts_with('<') ? without_markup(trimmed) : tidy(trimmed);
  return problem;
}

bool is_burst_block(Problem const& problem) {
  return problem.status == 400 &&
         (problem.detail.find("IPBLOCK") != std::string::npos || problem.detail.find("-BURST") != std::string::npos ||
          problem.text.find("IPBLOCK-BURST") != std::string::npos);
}

bool is_forbidden_contract(Problem const& problem) {
  std::string const words = text::lower(problem.title + problem.detail + problem.text);
  bool const forbids = words.find("forbidden") != std::string::npos || words.find("acg list") != std::string::npos;
  return problem.status == 400 && forbids && words.find("contract") != std::string::npos;
}

bool is_clock_skew(Problem const& problem) {
  return problem.status == 400 &&
         text::lower(problem.detail + problem.title + problem.text).find("invalid timestamp") != std::string::npos;
}

Result<> no_problem_in(http::Response const& response, std::string_view what) {
  if (response.body.find("/error-types/") == std::string::npos) return {};
  auto const document = json::parse(response.body, "an answer");
  bool const is_problem =
      document && json::text_or(json::find(*document, "type"), "").find("/error-types/") != std::string_view::npos;
  if (!is_problem) return {};
  return Error{.code = Errc::protocol,
               .message = message_of(parse_problem(response.status, response.body), what),
               .next = "run again: cpsctl looks at what became of it; Akamai's support asks for the instance",
               .reached = Reached::unknown};
}

Error to_error(http::Response const& response, std::string_view what, WallTime now) {
  Problem const problem = parse_problem(response.status, response.body);
  Errc const code = code_for(problem);
  std::string message = message_of(problem, what);
  if (is_clock_skew(problem)) message += skew_text(response, now);
  if (response.cut) message += "; the answer's body was cut";
  // The head of a 4xx proves that nothing happened; after anything else CPS may have acted.
  bool const proven = response.status >= 400 && response.status < 500;
  // A redirect, and what the server never does, stay as they are.
  bool const lasting = response.status < 400 || response.status == 501 || response.status == 505;
  return Error{.code = code,
               .message = std::move(message),
               .next = next_step(problem, code),
               .reached = proven ? Reached::no : Reached::unknown,
               .lasting = lasting};
}

}  // namespace cpsctl::cps
