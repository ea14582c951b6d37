#pragma once
#include "sandbox/problems.hpp"
#include "sandbox/upload.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What people give a change: the bodies below input/update/ (cps-api.md §4.4). Pure.
namespace cpsctl::sandbox {

enum class Answer : std::uint8_t { acknowledge, deny };

struct Acknowledgement {
  Answer answer = Answer::acknowledge;
  std::optional<std::string> hash = {};  ///< of acknowledgement-with-hash; may be empty, as cli-cps sends it
};

/// `with_hash`: the media type is acknowledgement-with-hash. 400 for anything but the documented shape.
enum class Hash : bool { unknown, required };
std::optional<Problem> read_acknowledgement(std::string_view body, Hash hash, Acknowledgement& to);

/// certificate-and-trust-chain, version 2.
std::optional<Problem> read_upload(std::string_view body, std::vector<Uploaded>& to);

/// deployment-schedule, version 1: RFC 3339 timestamps; null, "" or absent: none.
struct Schedule {
  std::string not_before = {};
  std::string not_after = {};
};
std::optional<Problem> read_schedule(std::string_view body, Schedule& to);

}  // namespace cpsctl::sandbox
