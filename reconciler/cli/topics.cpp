#include "cli/topics.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::cli {

EmbeddedFile const* topic_named(std::string_view name) {
  auto const topics = help_topics();
  auto const found = std::ranges::find(topics, name, &EmbeddedFile::name);
  return found == topics.end() ? nullptr : &*found;
}

std::string_view title_of(EmbeddedFile const& topic) {
  return text::trimmed(topic.text.substr(1, topic.text.find('\n') - 1));
}

}  // namespace cpsctl::cli
