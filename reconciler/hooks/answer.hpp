#pragma once
#include "hooks/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What a program wrote on stdout, read. Pure; nothing in it is believed.
namespace cpsctl::hooks {

constexpr std::size_t longest_answer = std::size_t{4} << 20;
constexpr std::size_t longest_reference = 4096;
constexpr Duration longest_retry_after = std::chrono::days(7);  ///< longer ones are cut to it

constexpr int exit_done = 0;
constexpr int exit_later = 75;  ///< EX_TEMPFAIL

/// Must an answer say which request it answers? Wherever it does, it must be ours.
enum class Repeats : std::uint8_t { must, may };

/// The answer of a program that ended with exit_done or exit_later.
Outcome read_answer(int exit, std::string_view text, std::string_view request, Repeats repeats);

}  // namespace cpsctl::hooks
