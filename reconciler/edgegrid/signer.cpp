#include "edgegrid/signer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace cpsctl::edgegrid {
namespace {

constexpr std::string_view scheme = "EG1-HMAC-SHA256 ";
using Digest = std::array<unsigned char, 32>;

std::string base64(Digest const& digest) {
  return text::base64({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

unsigned char const* bytes(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

/// OpenSSL looks algorithms up by name at each use unless they are fetched once; that look-up costs more than the
/// hashing. The fetched objects live as long as the process and are shared, the contexts belong to one thread.
struct Hmac {
  struct Free {
    void operator()(EVP_MAC_CTX* made) const { EVP_MAC_CTX_free(made); }
  };
  std::unique_ptr<EVP_MAC_CTX, Free> context;

  Hmac() {
    static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context.reset(EVP_MAC_CTX_new(algorithm));
    std::array<char, 7> digest{"SHA256"};
    std::array<OSSL_PARAM, 2> const parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    if (!context || EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1)
      throw std::runtime_error("OpenSSL has no HMAC-SHA256");
  }
};

Digest hmac(std::string_view key, std::string_view message) {
  thread_local Hmac const mac;
  Digest digest{};
  std::size_t length = 0;
  EVP_MAC_CTX* const context = mac.context.get();
  bool const done = EVP_MAC_init(context, bytes(key), key.size(), nullptr) == 1 &&
                    EVP_MAC_update(context, bytes(message), message.size()) == 1 &&
                    EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1 && length == digest.size();
  if (!done) throw std::runtime_error("OpenSSL: HMAC-SHA256 failed");
  return digest;
}

Digest sha256(std::string_view message) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Digest digest{};
  if (EVP_Digest(message.data(), message.size(), digest.data(), nullptr, algorithm, nullptr) != 1)
    throw std::runtime_error("OpenSSL: SHA-256 failed");
  return digest;
}

/// Trimmed, and runs of white space made one space.
std::string collapsed(std::string_view value) {
  std::string out;
  for (char const c : text::trimmed(value)) {
    bool const space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space)
      out += c;
    else if (out.back() != ' ')
      out += ' ';
  }
  return out;
}

/// The Python library's flavour: configured order and the value's own letters, which is what the published vectors
/// expect. (The Go library sorts by name and lowers values.) CPS signs no headers, so the two never differ there.
std::string canonical_headers(std::vector<std::string> const& names, SignedRequest const& request) {
  std::string joined;
  for (std::string const& name : names) {
    std::string const wanted = text::lower(name);
    auto const sent =
        std::ranges::find_if(request.headers, [&](auto const& header) { return text::lower(header.first) == wanted; });
    if (sent == request.headers.end()) continue;
    if (!joined.empty()) joined += '\t';
    joined += wanted + ':' + collapsed(sent->second);
  }
  return joined;
}

/// Takes "name=value" off the front of `rest`, up to `end` (';', or 0 for everything that is left).
bool take(std::string_view& rest, std::string_view name, char end, std::string& value) {
  if (!rest.starts_with(name) || rest.substr(name.size()).find('=') != 0) return false;
  rest.remove_prefix(name.size() + 1);
  std::size_t const length = end == 0 ? rest.size() : rest.find(end);
  if (length == std::string_view::npos || length == 0) return false;
  value = rest.substr(0, length);
  rest.remove_prefix(end == 0 ? length : length + 1);
  return value.find(';') == std::string::npos;
}

/// Digits at a fixed place; -1 when one is not a digit.
int number(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  for (char const c : text.substr(at, length)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string timestamp(std::chrono::sys_seconds time) {
  auto const day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const clock(time - day);
  return fmt::format("{:04}{:02}{:02}T{:02}:{:02}:{:02}+0000", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text) {
  constexpr std::string_view pattern = "yyyymmddThh:mm:ss+0000";
  if (text.size() != pattern.size() || text[8] != 'T' || text[11] != ':' || text[14] != ':' || !text.ends_with("+0000"))
    return std::nullopt;
  int const year = number(text, 0, 4), month = number(text, 4, 2), day = number(text, 6, 2);
  int const hour = number(text, 9, 2), minute = number(text, 12, 2), second = number(text, 15, 2);
  if (std::min({year, month, day, hour, minute, second}) < 0 || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::string content_hash(SignedRequest const& request, std::size_t max_body) {
  if (request.method != "POST" || request.body.empty()) return {};
  return base64(sha256(request.body.substr(0, max_body)));
}

std::string authorization(Credentials const& credentials, SignedRequest const& request, std::string_view timestamp,
                          std::string_view nonce) {
  std::string header =
      fmt::format("{}client_token={};access_token={};timestamp={};nonce={};", scheme, credentials.client_token.reveal(),
                  credentials.access_token.reveal(), timestamp, nonce);
  std::string const signing_key = base64(hmac(credentials.client_secret.reveal(), timestamp));
  std::string const signed_text = fmt::format("{}\thttps\t{}\t{}\t{}\t{}\t{}", request.method, request.host,
                                              request.target.empty() ? std::string_view("/") : request.target,
                                              canonical_headers(credentials.headers_to_sign, request),
                                              content_hash(request, credentials.max_body), header);
  header += "signature=" + base64(hmac(signing_key, signed_text));
  return header;
}

std::optional<AuthorizationParts> parse_authorization(std::string_view header) {
  if (!header.starts_with(scheme)) return std::nullopt;
  std::string_view rest = header.substr(scheme.size());
  AuthorizationParts parts;
  bool const complete = take(rest, "client_token", ';', parts.client_token) &&
                        take(rest, "access_token", ';', parts.access_token) &&
                        take(rest, "timestamp", ';', parts.timestamp) && take(rest, "nonce", ';', parts.nonce) &&
                        take(rest, "signature", 0, parts.signature);
  if (!complete) return std::nullopt;
  return parts;
}

std::string percent_encoded(std::string_view value) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(value.size());
  for (char const c : value) {
    bool const unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    auto const byte = static_cast<unsigned char>(c);
    if (unreserved)
      out += c;
    else
      out += {'%', hex[byte >> 4], hex[byte & 15]};
  }
  return out;
}

}  // namespace cpsctl::edgegrid
