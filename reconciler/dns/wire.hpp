#pragma once
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers of DNS messages: big-endian.
namespace cpsctl::dns::wire {

template <int size>
void put(std::string& out, std::uint64_t number) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(number >> static_cast<unsigned>(shift)));
}

/// Of all bytes; at most eight.
inline std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char const c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

/// Two bytes at an offset that is inside.
inline std::uint16_t at16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number(bytes.substr(at, 2)));
}

}  // namespace cpsctl::dns::wire
