#include "cli/complete.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "cli/formats.hpp"
#include "cli/topics.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// "-l,--label": both.
std::vector<std::string_view> names_of(Taken const& flag) {
  return text::split(flag.flag.name, ',');
}

/// What the words before the cursor say.
class Line {
 public:
  explicit Line(std::span<std::string const> words) : typed_(words.empty() ? "" : words.back()) {
    for (std::string const& word : words.first(words.empty() ? 0 : words.size() - 1)) take(word);
  }

  Completion complete(Look const& look) const {
    if (open_ != nullptr) return value(*open_, "", typed_, look);
    if (may_be_flag(typed_)) return flag(look);
    if (awaits_command()) {
      Completion found;
      for (Command const* one : commands_below(words_))
        offer(found, std::string(one->last_word()), std::string(one->what));
      return found;
    }
    Taken const* const word = next_word();
    return word == nullptr ? Completion{} : value(*word, "", typed_, look);
  }

 private:
  bool awaits_command() const { return said_.empty() && (command_ == nullptr || command_->takes == nullptr); }
  bool may_be_flag(std::string_view word) const { return !only_words_ && word.starts_with('-'); }

  void take(std::string const& word) {
    if (open_ != nullptr) {
      keep(*open_, word);
      open_ = nullptr;
    } else if (!may_be_flag(word) || word == "-") {
      take_word(word);
    } else if (word == "--") {
      only_words_ = true;
    } else if (word.starts_with("--")) {
      take_long(word);
    } else {
      take_short(word);
    }
  }

  void take_word(std::string const& word) {
    std::string const longer = words_.empty() ? word : words_ + ' ' + word;
    if (Command const* const command = command_named(longer); command != nullptr && awaits_command()) {
      command_ = command;
      words_ = longer;
    } else {
      said_.push_back(word);
    }
  }

  void take_long(std::string const& word) {
    auto const equals = word.find('=');
    Taken const* const flag = named(std::string_view(word).substr(0, equals));
    if (flag == nullptr) return;
    given_.insert(flag);
    if (equals != word.npos)
      keep(*flag, word.substr(equals + 1));
    else if (flag->value == Taken::Value::one)
      open_ = flag;
    else
      keep(*flag, "");
  }

  /// "-qv", "-ojson".
  void take_short(std::string const& word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      Taken const* const flag = named(std::string{'-', word[at]});
      if (flag == nullptr) return;
      given_.insert(flag);
      if (flag->value != Taken::Value::one) continue;
      if (at + 1 < word.size())
        keep(*flag, word.substr(at + 1));
      else
        open_ = flag;
      return;
    }
  }

  /// Flags of every command that name a place say where a name is looked up.
  void keep(Taken const& flag, std::string const& value) {
    bool const place = flag.flag.names == Names::files || flag.flag.names == Names::folders;
    bool const everywhere =
        std::ranges::any_of(syntax_.everywhere, [&flag](Taken const& one) { return &one == &flag; });
    if (!place || !everywhere) return;
    std::string const name(names_of(flag).back());
    places_.push_back(value.empty() ? name : name + '=' + value);
  }

  std::vector<Taken> const& own() const {
    static std::vector<Taken> const none;
    auto const found = syntax_.of.find(words_);
    return found == syntax_.of.end() ? none : found->second;
  }

  Taken const* named(std::string_view name) const {
    for (auto const* all : {&own(), &syntax_.everywhere})
      for (Taken const& one : *all)
        if (!one.positional() && std::ranges::count(names_of(one), name) > 0) return &one;
    return nullptr;
  }

  /// The word that is to come by its place.
  Taken const* next_word() const {
    std::size_t place = 0;
    for (Taken const& one : own())
      if (one.positional() && (one.repeatable || place++ == said_.size())) return &one;
    return nullptr;
  }

  void offer(Completion& found, std::string word, std::string says = {}) const {
    if (word.starts_with(typed_)) found.candidates.push_back({std::move(word), std::move(says)});
  }

  /// One that has begun, or the value of "--flag=".
  Completion flag(Look const& look) const {
    if (auto const equals = typed_.find('='); equals != typed_.npos) {
      Taken const* const said = named(typed_.substr(0, equals));
      if (said == nullptr || said->value == Taken::Value::none) return {};
      std::string_view const typed(typed_);
      return value(*said, typed.substr(0, equals + 1), typed.substr(equals + 1), look);
    }
    Completion found;
    for (auto const* all : {&own(), &syntax_.everywhere})
      for (Taken const& one : *all)
        if (!one.positional() && (one.repeatable || !given_.contains(&one)))
          for (auto const name : names_of(one)) offer(found, std::string(name), one.flag.what);
    return found;
  }

  Completion value(Taken const& of, std::string_view before, std::string_view typed, Look const& look) const {
    Completion found;
    auto const one = [&](std::string const& word, std::string says = {}) {
      if (word.starts_with(typed)) found.candidates.push_back({std::string(before) + word, std::move(says)});
    };
    for (std::string const& word : of.words) one(word);
    switch (of.flag.names) {
      case Names::nothing: return found;
      case Names::files: return {.how = How::files, .before = before.size()};
      case Names::folders: return {.how = How::folders, .before = before.size()};
      case Names::formats:
        for (std::string const& format : formats()) one(format);
        return found;
      case Names::reports:
        if (auto const equals = typed.find('='); equals != typed.npos)
          return {.how = How::files, .before = before.size() + equals + 1};
        found.how = How::more;
        for (std::string const& format : formats()) one(format + '=');
        return found;
      case Names::topics:
        for (auto const& [topic, says] : topics()) one(topic, says);
        if (!typed.empty() && said_.empty())  // too many to show them unasked
          for (report::RuleText const& rule : all_rules()) one(std::string(rule.id), std::string(rule.demands));
        return found;
      case Names::described:
      case Names::managed:
      case Names::enrollments:
      case Names::contracts:
      case Names::labels:
        for (std::string const& name : look(of.flag.names, where()))
          if (std::ranges::count(said_, name) == 0) one(name);
        return found;
    }
    return found;
  }

  std::vector<std::string> formats() const {
    std::vector<std::string> words;
    if (command_ == nullptr) return fields::words<Format>();
    for (Format const format : formats_of(command_->document)) words.push_back(fields::word(format));
    return words;
  }

  /// What `cpsctl help` goes on with.
  std::vector<Candidate> topics() const {
    std::vector<Candidate> found;
    if (said_.size() > 1) return found;
    if (said_.empty()) {
      found.push_back({"topics", "All topics"});
      for (EmbeddedFile const& topic : help_topics())
        found.push_back({std::string(topic.name), std::string(title_of(topic))});
    }
    std::string const above = said_.empty() ? "" : said_.front();
    for (Command const* command : commands_below(above))
      if (!said_.empty() || topic_named(command->name) == nullptr)
        found.push_back({std::string(command->last_word()), std::string(command->what)});
    return found;
  }

  std::vector<std::string> where() const {
    std::vector<std::string> line = places_;
    bool const paths = std::ranges::any_of(
        own(), [](Taken const& one) { return one.positional() && one.flag.names == Names::files && one.repeatable; });
    if (!paths) return line;
    line.emplace_back("--");
    std::ranges::copy_if(said_, std::back_inserter(line), [](std::string const& path) { return path != "-"; });
    return line;
  }

  Syntax const syntax_ = syntax();
  std::string typed_;
  Command const* command_ = nullptr;
  std::string words_ = {};                ///< of the command
  std::vector<std::string> said_ = {};    ///< words that are its own
  std::vector<std::string> places_ = {};  ///< flags
  std::set<Taken const*> given_ = {};
  Taken const* open_ = nullptr;  ///< a flag that lacks its value
  bool only_words_ = false;      ///< "--" was said
};

}  // namespace

Completion complete(std::span<std::string const> words, Look const& look) {
  return Line(words).complete(look);
}

bool harmless(std::string_view name) {
  auto const plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !name.empty() && plain(name.front()) && std::ranges::all_of(name, [&](char c) {
    return plain(c) || std::string_view("._-/=").find(c) != std::string_view::npos;
  });
}

}  // namespace cpsctl::cli
