#include "dns/tsig.hpp"

#include "base/text.hpp"
#include "dns/wire.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace cpsctl::dns {
namespace {

constexpr std::uint16_t fudge = 300;  ///< seconds that clocks may differ
constexpr std::uint16_t any = 255;

constexpr std::string_view wanted_form =
    "write hmac-sha256:NAME:SECRET or hmac-sha512:NAME:SECRET, the secret in base64";

std::string_view text_of(Algorithm algorithm) {
  return algorithm == Algorithm::hmac_sha512 ? "hmac-sha512" : "hmac-sha256";
}

std::string algorithm_wire(Algorithm algorithm) {
  auto const name = Name::parse(text_of(algorithm));
  return name.value().wire();
}

std::optional<Algorithm> algorithm_of(std::string_view text) {
  std::string const word = text::lower(text);
  for (auto const one : {Algorithm::hmac_sha256, Algorithm::hmac_sha512})
    if (word == text_of(one) || word == fmt::format("{}.", text_of(one))) return one;
  return {};
}

std::string hmac(Key const& key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  auto const secret = key.secret.reveal();
  EVP_MD const* const digest = key.algorithm == Algorithm::hmac_sha512 ? EVP_sha512() : EVP_sha256();
  HMAC(digest, secret.data(), static_cast<int>(secret.size()), reinterpret_cast<unsigned char const*>(message.data()),
       message.size(), out.data(), &length);
  return {reinterpret_cast<char const*>(out.data()), length};
}

/// The bytes of base64 text; empty when it is none.
Secret decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 4096) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  auto const* const from = reinterpret_cast<unsigned char const*>(text.data());
  int const length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), from, static_cast<int>(text.size()));
  std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (length < 0) bytes.assign(bytes.size(), '\0');
  bytes.resize(length < 0 ? 0 : static_cast<std::size_t>(length) - padding);
  return Secret(std::move(bytes));
}

Error wrong_key(std::string message, std::string_view next) {
  return {.code = Errc::usage, .message = std::move(message), .next = std::string(next), .lasting = true};
}

Result<Key> key_of(std::string_view algorithm, std::string_view name, std::string_view secret, std::string_view next) {
  auto const known = algorithm_of(algorithm);
  if (!known)
    return wrong_key(fmt::format("the key's algorithm is not one that cpsctl knows{}",
                                 algorithm.size() < 16 ? fmt::format(": \"{}\"", text::excerpt(algorithm, 20)) : ""),
                     "make a key with hmac-sha256 or hmac-sha512: tsig-keygen -a hmac-sha256 NAME");
  auto const named = Name::parse(name);
  if (!named || named->is_root()) return wrong_key("the key's name is not a domain name", next);
  Key key{.name = *named, .algorithm = *known, .secret = decoded(secret)};
  if (key.secret.empty()) return wrong_key(fmt::format("the secret of key {} is not base64", named->shown()), next);
  return key;
}

/// Words and marks of named's configuration; comments are left out, quotes taken off.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    auto const rest = text.substr(at);
    if (rest.front() == '#' || rest.starts_with("//")) {
      at += std::min(rest.find('\n'), rest.size());
    } else if (rest.starts_with("/*")) {
      auto const end = rest.find("*/", 2);
      at = end == std::string_view::npos ? text.size() : at + end + 2;
    } else if (rest.front() == '"') {
      auto const end = std::min(rest.find('"', 1), rest.size());
      words.push_back(rest.substr(1, end - 1));
      at += end + 1;
    } else if (rest.find_first_of("{};") == 0) {
      words.push_back(rest.substr(0, 1));
      ++at;
    } else if (rest.find_first_of(" \t\r\n") == 0) {
      ++at;
    } else {
      auto const end = std::min(rest.find_first_of(" \t\r\n{};\"#"), rest.size());
      words.push_back(rest.substr(0, end));
      at += end;
    }
  }
  return words;
}

/// What the signature covers besides the message (RFC 8945 §4.3.3).
std::string variables(Key const& key, std::uint64_t time, std::uint16_t allowed, std::uint16_t error,
                      std::string_view other) {
  std::string out = key.name.wire();
  wire::put<2>(out, any);
  wire::put<4>(out, 0);
  out += algorithm_wire(key.algorithm);
  wire::put<6>(out, time);
  wire::put<2>(out, allowed);
  wire::put<2>(out, error);
  wire::put<2>(out, other.size());
  out += other;
  return out;
}

std::uint64_t seconds(WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace

Result<Key> parse_key(std::string_view text) {
  auto const parts = text::split(text::trimmed(text), ':');
  if (parts.size() != 3) return wrong_key("the key has not three parts with colons between", wanted_form);
  return key_of(parts[0], parts[1], parts[2], wanted_form);
}

Result<Key> parse_key_file(std::string_view text) {
  constexpr std::string_view next = "write it with tsig-keygen -a hmac-sha256 NAME";
  auto const words = words_of(text);
  if (words.size() < 4 || words[0] != "key" || words[2] != "{")
    return wrong_key("the file is no key file of named", next);
  std::string_view algorithm;
  std::string_view secret;
  std::size_t at = 3;
  for (; at + 2 < words.size() && words[at] != "}"; at += 3) {
    if (words[at + 2] != ";") return wrong_key("a semicolon is missing in the key file", next);
    if (words[at] == "algorithm") algorithm = words[at + 1];
    if (words[at] == "secret") secret = words[at + 1];
  }
  if (at >= words.size() || words[at] != "}") return wrong_key("the key file ends early", next);
  if (at + 2 < words.size())
    return wrong_key("the key file has more than one key", "keep each key in a file of its own");
  return key_of(algorithm, words[1], secret, next);
}

Result<Key> read_key_file(Files& files, std::filesystem::path const& path, std::filesystem::path const& project) {
  if (!project.empty() && lies_in(real_path(path), real_path(project)))
    return wrong_key(fmt::format("the key file {} lies in the project's folder", text::excerpt(path.string(), 200)),
                     "keep keys out of the repository");
  CPS_TRY(auto const owned, files.ownership(path));
  if (owned.others_read || owned.others_write)
    return wrong_key(fmt::format("everybody may read the key file {}", text::excerpt(path.string(), 200)),
                     "chmod 600 it, and make a new key if others were on this machine");
  CPS_TRY(std::string text, files.read(path, 65536));
  Secret const kept(std::move(text));
  auto key = parse_key_file(kept.reveal());
  if (!key) return std::move(key).error().within("reading " + text::excerpt(path.string(), 200));
  return key;
}

Signed sign(std::string message, Key const& key, WallTime now) {
  auto const time = seconds(now);
  Signed result{.mac = hmac(key, message + variables(key, time, fudge, 0, ""))};
  std::string record = key.name.wire();
  wire::put<2>(record, static_cast<std::uint16_t>(Type::tsig));
  wire::put<2>(record, any);
  wire::put<4>(record, 0);
  std::string data = algorithm_wire(key.algorithm);
  wire::put<6>(data, time);
  wire::put<2>(data, fudge);
  wire::put<2>(data, result.mac.size());
  data += result.mac;
  data += message.substr(0, 2);  // the id
  wire::put<2>(data, 0);         // no error
  wire::put<2>(data, 0);         // nothing other
  wire::put<2>(record, data.size());
  std::string count;
  wire::put<2>(count, wire::at16(message, 10) + 1U);
  message.replace(10, 2, count);
  result.bytes = std::move(message) + record + data;
  return result;
}

Result<> verify(std::string_view bytes, Message const& answer, Key const& key, std::string_view request_mac,
                WallTime now) {
  Error const forged{.code = Errc::protocol,
                     .message = "the answer is not signed with the key that the question was signed with",
                     .next = "see what stands between cpsctl and the name server: updates pass no forwarder"};
  if (!answer.signature || bytes.size() < answer.signature->at) return forged;
  Signature const& said = *answer.signature;
  if (said.key != key.name || algorithm_of(said.algorithm.shown()) != key.algorithm) return forged;
  std::string covered;
  wire::put<2>(covered, request_mac.size());
  covered += request_mac;
  std::string message(bytes.substr(0, said.at));
  std::string number;
  wire::put<2>(number, said.original_id);
  message.replace(0, 2, number);
  number.clear();
  wire::put<2>(number, wire::at16(message, 10) - 1U);
  message.replace(10, 2, number);
  covered += message + variables(key, said.time, said.fudge, said.error, said.other);
  std::string const mac = hmac(key, covered);
  if (said.mac.size() != mac.size() || CRYPTO_memcmp(mac.data(), said.mac.data(), mac.size()) != 0) return forged;
  auto const here = seconds(now);
  auto const apart = std::max(here, said.time) - std::min(here, said.time);
  if (apart > std::max(said.fudge, fudge))
    return Error{.code = Errc::unauthorized,
                 .message = fmt::format("the answer was signed {} s apart from this machine's time", apart),
                 .next = "set this machine's clock, or the name server's"};
  return {};
}

}  // namespace cpsctl::dns
