#include "manifest/yaml.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"
#include "manifest/scalars.hpp"
#include "manifest/script.hpp"
#include "manifest/syntax.hpp"

#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace cpsctl::manifest {

NodeId Tree::find(NodeId map, std::string_view key) const {
  if (map >= nodes.size() || nodes[map].kind != Kind::map) return no_node;
  for (NodeId k = nodes[map].first; k != no_node; k = nodes[nodes[k].next].next)
    if (is_scalar(k) && text(k) == key) return nodes[k].next;
  return no_node;
}

namespace {

/// Ends the parse of a chunk; the finding has been made.
struct Stop {};

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

/// yaml-cpp 0.7 decodes the escapes \_ and \N (U+00A0, U+0085) to single bytes. They are between whole characters, so
/// that they cannot be taken for parts of others.
std::string whole_utf8(std::string const& decoded) {
  std::string whole;
  std::string_view rest = decoded;
  for (auto bad = text::invalid_utf8(rest); bad; bad = text::invalid_utf8(rest)) {
    whole += rest.substr(0, *bad);
    whole += '\xc2';
    whole += rest[*bad];
    rest.remove_prefix(*bad + 1);
  }
  return whole.append(rest);
}

class Builder final : public YAML::EventHandler {
 public:
  Builder(Chunk const& chunk, Findings& findings) : chunk_(chunk), findings_(findings) {}

  std::vector<Tree> take() { return std::move(trees_); }

  /// The bracket that was open when the parser gave up; yaml-cpp names the place where it noticed.
  std::optional<Finding> unclosed_bracket() const {
    if (open_.empty() || !open_.back().flow) return std::nullopt;
    return Finding{.mark = tree_.mark(open_.back().node),
                   .message = fmt::format("the {} that opens here is not closed, or a ',' is missing in it",
                                          open_.back().map ? "brace" : "bracket"),
                   .hint = fmt::format("close it with '{}'", open_.back().map ? '}' : ']'),
                   .rule = rule::syntax};
  }

  void OnDocumentStart(YAML::Mark const& mark) override {
    bool const explicit_start = mark.column == 0 && chunk_.line_text(mark.line).starts_with("---");
    if (documents_++ > 0 && !explicit_start)
      stop(mark, rule::separator, "the document ends before this line",
           "align it with the lines above, or begin a new document with a line \"---\"");
    if (documents_ > 1 && mark.pos <= last_start_) stop(mark, rule::syntax, "not valid YAML: a value was expected", {});
    last_start_ = mark.pos;
    tree_ = Tree{.file = chunk_.file};
    open_.clear();
    anchors_.clear();
    expanded_ = 0;
  }

  void OnDocumentEnd() override {
    bool const empty = tree_.nodes.empty() || tree_.nodes[0].kind == Kind::null;
    if (!empty) trees_.push_back(std::move(tree_));
    tree_ = {};
  }

  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    bool const in_flow_list = !open_.empty() && open_.back().flow && !open_.back().map;
    std::size_t const at = chunk_.offset(mark.line, mark.column);
    if (in_flow_list && at < chunk_.text.size() && chunk_.text[at] == ',')
      report(mark, rule::syntax, "there is nothing between two commas", "remove one of them");
    if (open_.empty() && at < chunk_.text.size() && chunk_.text[at] == ',')
      stop(mark, rule::syntax, "not valid YAML: a document cannot begin with ','", "write a map of fields");
    if (expects_key()) report(mark, rule::refused_yaml, "the key is missing", "write a name before ':'");
    if (expects_value() && is_implicit_null(at)) {
      report_glued_key();
      Node const key = tree_.nodes[open_.back().last];  // yaml-cpp's mark is that of the next token
      NodeId const id = add_node(Kind::null, mark, {}, anchor);
      tree_.nodes[id].line = key.line;
      tree_.nodes[id].column = key.column;
      return;
    }
    add_node(Kind::null, mark, {}, anchor);
  }

  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    if (expects_key()) report(mark, rule::refused_yaml, "a key cannot be an alias", "write the name itself");
    auto const target = anchors_.find(anchor);
    if (target == anchors_.end() || target->second.open)
      stop(mark, rule::too_much, "this alias is inside what it repeats", "write the value without the alias");
    NodeId const id = copy(target->second.node, mark);
    attach(id);
  }

  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& decoded) override {
    std::string const value = tag == "?" ? decoded : whole_utf8(decoded);
    bool const plain = tag == "?";
    if (tag == "!") check_quotes(mark);
    Kind kind = plain ? Kind::plain : Kind::quoted;
    if (!plain && tag != "!") {
      check_quotes(mark);
      kind = tagged(mark, tag, value);
    }
    if (expects_key() && plain && value == "<<")
      report(mark, rule::refused_yaml, "merge keys (<<) are not supported",
             "share values with a document of kind: Profile, and name it in spec.profiles");
    add_node(kind, mark, value, anchor);
  }

  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    begin(Kind::sequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin(Kind::map, mark, tag, anchor, style);
  }
  void OnMapEnd() override {
    report_duplicates(open_.back().node);
    end();
  }

 private:
  /// A collection whose end has not come yet.
  struct Open {
    NodeId node;
    NodeId last = no_node;  ///< its last child so far
    bool map;
    bool flow;
    bool key = true;  ///< of a map: the next child is a key
    bool in_key;      ///< it is a key of a map, or inside one
    int indent;       ///< column of the innermost block collection, from 0; -1 without one
    YAML::anchor_t anchor;
  };
  struct Anchor {
    NodeId node;
    bool open;
  };

  void report(YAML::Mark const& mark, char const* rule, std::string message, std::string hint) {
    findings_.push_back({.mark = chunk_.mark(mark.line, mark.column),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .rule = rule});
  }
  [[noreturn]] void stop(YAML::Mark const& mark, char const* rule, std::string message, std::string hint) {
    report(mark, rule, std::move(message), std::move(hint));
    throw Stop{};
  }

  bool expects_key() const { return !open_.empty() && open_.back().map && open_.back().key; }
  bool expects_value() const { return !open_.empty() && open_.back().map && !open_.back().key; }

  bool is_implicit_null(std::size_t at) const {
    std::string_view const rest = std::string_view(chunk_.text).substr(at);
    return !(rest.starts_with('~') || text::lower(rest.substr(0, 4)) == "null");
  }

  /// {a:1} is the key "a:1" without a value: certainly not what was meant.
  void report_glued_key() {
    NodeId const key = open_.back().last;
    std::string_view const name = tree_.text(key);
    auto const colon = name.find(':');
    if (!open_.back().flow || tree_.at(key).kind != Kind::plain || colon == std::string_view::npos) return;
    findings_.push_back({.mark = tree_.mark(key),
                         .message = fmt::format("\"{}\" is a key without a value", text::shortened(name, 60)),
                         .hint = "write a space after ':'",
                         .rule = rule::syntax});
  }

  void check_quotes(YAML::Mark const& mark) {
    int const indent = open_.empty() ? -1 : open_.back().indent;
    auto problem = quote_problem(chunk_, mark.line, mark.column, indent);
    if (!problem) return;
    findings_.push_back({.mark = std::move(problem->mark),
                         .message = std::move(problem->message),
                         .hint = std::move(problem->hint),
                         .rule = rule::syntax});
    throw Stop{};  // what follows was read into the text: it means nothing
  }

  /// The kind of a scalar with a tag: !!str is a text, the other core tags must fit.
  Kind tagged(YAML::Mark const& mark, std::string_view tag, std::string_view value) {
    if (!tag.starts_with(core_tags)) {
      refuse_tag(mark, tag);
      return Kind::quoted;
    }
    tag.remove_prefix(core_tags.size());
    if (tag == "str") return Kind::quoted;
    bool const known = tag == "null" || tag == "bool" || tag == "int" || tag == "float";
    if (!known) {
      refuse_tag(mark, fmt::format("!!{}", tag));
      return Kind::quoted;
    }
    if (tag == core_type(value)) return Kind::plain;
    report(mark, rule::refused_yaml,
           fmt::format("\"{}\" is not what the tag !!{} says", text::shortened(value, 60), tag), "remove the tag");
    return Kind::quoted;
  }

  void refuse_tag(YAML::Mark const& mark, std::string_view tag) {
    report(mark, rule::refused_yaml,
           fmt::format("the tag {} is not supported", text::printable(text::shortened(tag, 60))),
           "remove it: the schema says what a field is");
  }

  void begin(Kind kind, YAML::Mark const& mark, std::string_view tag, YAML::anchor_t anchor,
             YAML::EmitterStyle::value style) {
    if (open_.size() >= static_cast<std::size_t>(depth_limit))
      stop(mark, rule::too_much, fmt::format("is nested deeper than {} levels", depth_limit), "write it flatter");
    bool const around_in_key = !open_.empty() && open_.back().in_key;
    bool const in_key = around_in_key || expects_key();
    if (in_key && !around_in_key) report(mark, rule::refused_yaml, "a key cannot be a map or a list", "write a name");
    bool const own_tag = tag == "tag:yaml.org,2002:map" || tag == "tag:yaml.org,2002:seq";
    if (!tag.empty() && tag != "?" && tag != "!" && !own_tag) refuse_tag(mark, tag);
    bool const flow = style == YAML::EmitterStyle::Flow;
    int const around = open_.empty() ? -1 : open_.back().indent;
    NodeId const id = add_node(kind, mark, {}, 0);
    if (anchor != 0) anchors_[anchor] = {.node = id, .open = true};
    open_.push_back({.node = id,
                     .map = kind == Kind::map,
                     .flow = flow,
                     .in_key = in_key,
                     .indent = flow ? around : mark.column,
                     .anchor = anchor});
  }

  void end() {
    if (open_.back().anchor != 0) anchors_[open_.back().anchor].open = false;
    open_.pop_back();
  }

  NodeId add_node(Kind kind, YAML::Mark const& mark, std::string_view value, YAML::anchor_t anchor) {
    Mark const place = chunk_.mark(mark.line, mark.column);
    auto const id = static_cast<NodeId>(tree_.nodes.size());
    tree_.nodes.push_back({.kind = kind,
                           .line = static_cast<std::uint32_t>(place.line),
                           .column = static_cast<std::uint32_t>(place.column),
                           .text = static_cast<std::uint32_t>(tree_.texts.size()),
                           .size = static_cast<std::uint32_t>(value.size())});
    tree_.texts += value;
    if (anchor != 0) anchors_[anchor] = {.node = id, .open = false};
    attach(id);
    return id;
  }

  void attach(NodeId id) {
    if (open_.empty()) return;
    Open& around = open_.back();
    (around.last == no_node ? tree_.nodes[around.node].first : tree_.nodes[around.last].next) = id;
    around.last = id;
    around.key = !around.key;
  }

  /// A copy of a finished node for an alias: its place is the alias's, what is inside keeps its own place.
  NodeId copy(NodeId from, YAML::Mark const& mark) {
    if (++expanded_ > alias_budget)
      stop(mark, rule::too_much, fmt::format("the aliases of this document repeat more than {} values", alias_budget),
           "write the values out, or share them with a document of kind: Profile");
    auto const id = static_cast<NodeId>(tree_.nodes.size());
    Node const original = tree_.nodes[from];
    tree_.nodes.push_back(original);
    tree_.nodes[id].next = no_node;
    tree_.nodes[id].first = no_node;
    NodeId last = no_node;
    for (NodeId child = original.first; child != no_node; child = tree_.nodes[child].next) {
      std::uint32_t const line = tree_.nodes[child].line, column = tree_.nodes[child].column;
      NodeId const twin = copy(child, mark);
      tree_.nodes[twin].line = line;
      tree_.nodes[twin].column = column;
      (last == no_node ? tree_.nodes[id].first : tree_.nodes[last].next) = twin;
      last = twin;
    }
    Mark const place = chunk_.mark(mark.line, mark.column);
    tree_.nodes[id].line = static_cast<std::uint32_t>(place.line);
    tree_.nodes[id].column = static_cast<std::uint32_t>(place.column);
    return id;
  }

  void report_duplicates(NodeId map) {
    std::unordered_map<std::string_view, NodeId> seen;
    for (NodeId key = tree_.at(map).first; key != no_node; key = tree_.at(tree_.at(key).next).next) {
      if (tree_.at(key).next == no_node) return;
      if (!tree_.is_scalar(key)) continue;
      auto const [first, fresh] = seen.emplace(tree_.text(key), key);
      if (fresh) continue;
      Node const& earlier = tree_.at(first->second);
      findings_.push_back(
          {.mark = tree_.mark(key),
           .message = fmt::format("the key \"{}\" appears here a second time; the first is at line {}, column {}",
                                  text::printable(text::shortened(tree_.text(key), 60)), earlier.line, earlier.column),
           .hint = "keep one of them",
           .rule = rule::duplicate_key});
    }
  }

  Chunk const& chunk_;
  Findings& findings_;
  std::vector<Tree> trees_;
  Tree tree_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::size_t expanded_ = 0;
  std::size_t documents_ = 0;
  int last_start_ = -1;
};

std::vector<Tree> parse_once(Chunk const& chunk, Findings& findings) {
  Builder builder(chunk, findings);
  try {
    std::istringstream in(chunk.text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Stop const&) {
    // the finding is there already
  } catch (YAML::Exception const& error) {
    bool const open = error.msg.ends_with("flow not found");
    if (auto bracket = open ? builder.unclosed_bracket() : std::nullopt)
      findings.push_back(std::move(*bracket));
    else
      findings.push_back(syntax_error(chunk, error.mark.line, error.mark.column, error.msg));
  } catch (std::exception const& error) {
    findings.push_back(syntax_error(chunk, 0, 0, error.what()));
  }
  return builder.take();
}

/// Was a comment of JavaScript read as a text, or as the beginning of one, so that nothing else seems wrong?
bool has_comment_as_text(std::vector<Tree> const& trees) {
  for (Tree const& tree : trees)
    for (NodeId id = 0; id < tree.nodes.size(); ++id) {
      if (tree.at(id).kind != Kind::plain) continue;
      std::string_view const text = tree.text(id);
      if (text.starts_with("/*") || (text.starts_with("//") && text.find(' ') != std::string_view::npos)) return true;
    }
  return false;
}

}  // namespace

std::vector<Tree> parse_yaml(Chunk const& chunk, Findings& findings) {
  auto const comments = script_comments(chunk.text);
  if (comments.empty()) return parse_once(chunk, findings);
  Findings as_yaml;
  std::vector<Tree> trees = parse_once(chunk, as_yaml);
  if (as_yaml.size() == 0 && !has_comment_as_text(trees)) return trees;
  for (ScriptComment const& one : comments) {
    bool const line = chunk.text.compare(one.begin, 2, "//") == 0;
    findings.push_back({.mark = chunk.mark(one.line, one.column),
                        .message = fmt::format("a comment begins with # here, not with {}", line ? "//" : "/*"),
                        .hint = line ? "write # instead, or remove it" : "begin each of its lines with #, or remove it",
                        .rule = rule::syntax});
  }
  return parse_once(without(comments, chunk), findings);
}

}  // namespace cpsctl::manifest
