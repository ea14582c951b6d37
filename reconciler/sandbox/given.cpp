#include "sandbox/given.hpp"

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

Problem malformed(std::string detail) {
  return {.status = 400, .slug = "invalid-input", .title = "Invalid input", .detail = std::move(detail)};
}

/// The body as an object of the known members and no others.
std::optional<Problem> parse_object(std::string_view text, std::initializer_list<std::string_view> known,
                                    json::Document& to) {
  auto parsed = json::parse(text, "the request body");
  if (!parsed)
    return Problem{
        .status = 400, .slug = "malformed-json", .title = "Malformed JSON", .detail = parsed.error().message};
  to = std::move(*parsed);
  if (!to.IsObject()) return malformed("the body is not an object");
  for (auto const& member : to.GetObject())
    if (std::ranges::find(known, json::view(member.name)) == known.end())
      return malformed(fmt::format("unknown field \"{}\"", text::excerpt(json::view(member.name), 60)));
  return std::nullopt;
}

std::optional<Problem> read_entry(json::Value const& entry, std::vector<Uploaded>& to) {
  Uploaded one;
  one.algorithm = json::text_or(json::find(entry, "keyAlgorithm"), "");
  one.certificate = json::text_or(json::find(entry, "certificate"), "");
  one.trust_chain = json::text_or(json::find(entry, "trustChain"), "");
  if (one.algorithm != "RSA" && one.algorithm != "ECDSA") return malformed("keyAlgorithm is neither RSA nor ECDSA");
  if (one.certificate.empty()) return malformed("certificate is missing");
  if (std::ranges::find(to, one.algorithm, &Uploaded::algorithm) != to.end())
    return malformed(fmt::format("keyAlgorithm {} is given twice", one.algorithm));
  to.push_back(std::move(one));
  return std::nullopt;
}

std::optional<Problem> read_time(json::Value const& body, char const* name, std::string& to) {
  json::Value const* const value = json::find(body, name);
  std::string_view const text = json::text_or(value, "");
  if (json::absent(value) || (value->IsString() && text.empty())) return std::nullopt;
  auto const time = parse_timestamp(text);
  if (!time) return malformed(fmt::format("{} is no timestamp as 2026-12-01T00:00:00Z", name));
  to = timestamp(*time);
  return std::nullopt;
}

}  // namespace

std::optional<Problem> read_acknowledgement(std::string_view body, Hash hash, Acknowledgement& to) {
  json::Document document;
  bool const hashed = hash == Hash::required;
  if (auto problem = hashed ? parse_object(body, {"acknowledgement", "hash"}, document)
                            : parse_object(body, {"acknowledgement"}, document))
    return problem;
  std::string_view const word = json::text_or(json::find(document, "acknowledgement"), "");
  if (word != "acknowledge" && word != "deny") return malformed("acknowledgement is neither acknowledge nor deny");
  to.answer = word == "deny" ? Answer::deny : Answer::acknowledge;
  if (!hashed) return std::nullopt;
  json::Value const* const given = json::find(document, "hash");
  if (given == nullptr || !given->IsString()) return malformed("hash is missing");
  to.hash = json::view(*given);
  return std::nullopt;
}

std::optional<Problem> read_upload(std::string_view body, std::vector<Uploaded>& to) {
  json::Document document;
  if (auto problem = parse_object(body, {"certificatesAndTrustChains"}, document)) return problem;
  json::Value const* const list = json::find(document, "certificatesAndTrustChains");
  if (list == nullptr || !list->IsArray() || list->Empty())
    return malformed("certificatesAndTrustChains is not a list of certificates");
  for (auto const& entry : list->GetArray())
    if (auto problem = read_entry(entry, to)) return problem;
  return std::nullopt;
}

std::optional<Problem> read_schedule(std::string_view body, Schedule& to) {
  json::Document document;
  if (auto problem = parse_object(body, {"notBefore", "notAfter"}, document)) return problem;
  if (auto problem = read_time(document, "notBefore", to.not_before)) return problem;
  if (auto problem = read_time(document, "notAfter", to.not_after)) return problem;
  if (!to.not_before.empty() && !to.not_after.empty() &&
      *parse_timestamp(to.not_after) <= *parse_timestamp(to.not_before))
    return malformed("notAfter is not after notBefore");
  return std::nullopt;
}

}  // namespace cpsctl::sandbox
