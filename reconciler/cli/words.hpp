#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What somebody may have meant by a word that cpsctl does not know: a command, an option or a topic.
namespace cpsctl::cli {

/// A word of another tool's, or another name of one thing: "rm" for `state forget`, "ci" for the topic pipelines.
/// Only a name that is `known` is returned.
std::optional<std::string> other_name(std::string_view word, std::span<std::string const> known);

/// other_name(), else the known word nearest in spelling.
std::optional<std::string> meant(std::string_view word, std::span<std::string const> known);

}  // namespace cpsctl::cli
