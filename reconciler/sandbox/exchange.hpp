#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Requests and answers as plain values: everything the sandbox decides, it decides on these.
namespace cpsctl::sandbox {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, byte for byte as they came
  std::vector<Header> headers = {};
  std::string body = {};
  std::string client_ip = "127.0.0.1";

  /// First header of that name, case-insensitive, trimmed; empty if there is none.
  std::string_view header(std::string_view name) const;
};

/// How an answer leaves the server; anything but the defaults is a fault.
struct Delivery {
  enum class Wire : std::uint8_t {
    whole,    ///< as HTTP wants it
    cut,      ///< the head promises the whole body, `bytes` of it come, then the connection is closed
    nothing,  ///< the connection is closed without a word
    reset     ///< the same, with a TCP reset
  };
  Wire wire = Wire::whole;
  std::size_t bytes = 0;
  Duration wait = {};                       ///< before the first byte
  std::size_t piece = 0;                    ///< bytes sent at once; 0: all
  Duration pause = {};                      ///< between pieces
  std::optional<Duration> close_idle = {};  ///< keep-alive is promised, and the connection closed after so much silence
  Duration skew = {};                       ///< of the Date header
};

struct Response {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  std::vector<Header> headers = {};     ///< beyond Date, Content-Type, Content-Length and Connection
  std::string refused = {};             ///< why, in one readable line; empty when it was carried out
  std::vector<std::string> notes = {};  ///< what a lenient server let pass
  std::string fault = {};               ///< the fault that hit it; empty: none
  Delivery delivery = {};
};

/// "Mon, 23 Nov 2026 10:15:00 GMT", as in Date and Retry-After.
std::string http_date(WallTime time);

/// A request's target, taken apart: decoded path segments and query parameters.
struct Target {
  std::vector<std::string> path = {};
  std::vector<std::pair<std::string, std::string>> query = {};

  std::optional<std::string> parameter(std::string_view name) const;
  bool flag(std::string_view name) const { return parameter(name) == "true"; }
};

/// Nothing when the target is not an absolute path, or its percent-encoding is broken.
std::optional<Target> parse_target(std::string_view target);

/// Decimal digits only, positive, fits 63 bits.
std::optional<std::int64_t> parse_id(std::string_view text);

}  // namespace cpsctl::sandbox
