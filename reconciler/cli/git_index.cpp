#include "cli/git_index.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

constexpr std::size_t stat_bytes = 40;

/// Takes numbers and texts off the front; once something is missing, it is at its end for good.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  std::size_t at() const { return at_; }

  std::string_view take(std::size_t count) {
    if (bytes_.size() - at_ < count) failed_ = true;
    if (failed_) return {};
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::uint32_t number(std::size_t count) {
    std::uint32_t value = 0;
    for (char const c : take(count)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  /// The offset encoding of git's packs.
  std::size_t variable() {
    std::size_t value = 0;
    for (int i = 0; i < 5; ++i) {
      std::uint32_t const byte = number(1);
      value = (i == 0 ? 0 : (value + 1) << 7U) | (byte & 0x7fU);
      if ((byte & 0x80U) == 0) return value;
    }
    failed_ = true;
    return 0;
  }
  std::string_view text() {
    auto const end = failed_ ? std::string_view::npos : bytes_.find('\0', at_);
    if (end == std::string_view::npos) failed_ = true;
    if (failed_) return {};
    std::string_view const found = take(end - at_);
    take(1);
    return found;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// One entry's path, from that of the entry before it.
void next_path(Bytes& bytes, std::uint32_t version, std::size_t hash_bytes, std::string& path) {
  std::size_t const begun = bytes.at();
  bytes.take(stat_bytes + hash_bytes);
  std::uint32_t const flags = bytes.number(2);
  if (version >= 3 && (flags & 0x4000U) != 0) bytes.take(2);
  if (version == 4) {
    std::size_t const cut = bytes.variable();
    path.resize(path.size() - std::min(cut, path.size()));
  } else {
    path.clear();
  }
  path += bytes.text();
  // Up to eight NULs make an entry's length a multiple of eight; one is the path's end.
  if (version < 4) bytes.take((8 - (bytes.at() - begun) % 8) % 8);
  if ((flags & 0xfffU) != std::min<std::size_t>(path.size(), 0xfff)) bytes.fail();
}

/// The shared index that the extension "link" names, among the extensions between the entries and the closing hash.
std::string shared_by(Bytes& bytes, std::size_t size, std::size_t hash_bytes) {
  while (!bytes.failed() && bytes.at() + hash_bytes < size) {
    std::string_view const name = bytes.take(4);
    std::string_view const content = bytes.take(bytes.number(4));
    if (name != "link" || content.size() < hash_bytes) continue;
    std::string hex;
    for (char const c : content.substr(0, hash_bytes)) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex.find_first_not_of('0') == std::string::npos ? "" : "sharedindex." + hex;
  }
  return {};
}

std::optional<Indexed> look_up(std::string_view index, std::set<std::string> const& wanted, std::size_t hash_bytes) {
  Bytes bytes(index);
  bool const is_index = bytes.take(4) == "DIRC";
  std::uint32_t const version = bytes.number(4);
  std::uint32_t const count = bytes.number(4);
  if (!is_index || version < 2 || version > 4 || bytes.failed()) return std::nullopt;
  Indexed found;
  std::string path;
  for (std::uint32_t i = 0; i < count && !bytes.failed(); ++i) {
    next_path(bytes, version, hash_bytes, path);
    if (found.path.empty() && wanted.contains(path)) found.path = path;
  }
  found.shared = shared_by(bytes, index.size(), hash_bytes);
  return bytes.failed() ? std::nullopt : std::optional(found);
}

}  // namespace

std::optional<Indexed> look_up(std::string_view index, std::set<std::string> const& wanted) {
  constexpr std::size_t sha1 = 20, sha256 = 32;
  auto found = look_up(index, wanted, sha1);
  return found ? found : look_up(index, wanted, sha256);
}

}  // namespace cpsctl::cli
