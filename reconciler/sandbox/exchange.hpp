#pragma once
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

struct Response {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  std::vector<Header> headers = {};     ///< beyond Date, Content-Type, Content-Length and Connection
  std::string refused = {};             ///< why, in one readable line; empty when it was carried out
  std::vector<std::string> notes = {};  ///< what a lenient server let pass
};

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
