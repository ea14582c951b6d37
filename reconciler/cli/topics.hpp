#pragma once
#include "base/embedded.hpp"

#include <span>
#include <string_view>

/// The pages of the manual, cli/help/*.md.
namespace cpsctl::cli {

std::span<EmbeddedFile const> help_topics();  // generated
/// Nothing for an unknown one.
EmbeddedFile const* topic_named(std::string_view name);
/// Its first line, without the sign.
std::string_view title_of(EmbeddedFile const& topic);

}  // namespace cpsctl::cli
