#pragma once
#include "base/finding.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// One YAML document as written: nodes with positions, texts not yet typed.
namespace cpsctl::manifest {

enum class Kind : std::uint8_t { null, plain, quoted, sequence, map };

using NodeId = std::uint32_t;
constexpr NodeId no_node = ~NodeId{0};

/// A node. The children of a map are key, value, key, value …; lines and columns count from 1, columns in bytes.
struct Node {
  Kind kind = Kind::null;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t text = 0;  ///< where the text of a scalar begins in Tree::texts
  std::uint32_t size = 0;  ///< and its bytes
  NodeId first = no_node;  ///< first child
  NodeId next = no_node;   ///< next sibling
};

struct Tree {
  std::string file = {};
  std::vector<Node> nodes = {};  ///< nodes[0] is the root; empty: the document is empty
  std::string texts = {};

  Node const& at(NodeId id) const { return nodes[id]; }
  std::string_view text(NodeId id) const { return std::string_view(texts).substr(nodes[id].text, nodes[id].size); }
  Mark mark(NodeId id) const {
    return {.file = file, .line = static_cast<int>(nodes[id].line), .column = static_cast<int>(nodes[id].column)};
  }
  bool is_scalar(NodeId id) const { return nodes[id].kind == Kind::plain || nodes[id].kind == Kind::quoted; }
  /// The value of a map's member; no_node when `map` is not a map or lacks it.
  NodeId find(NodeId map, std::string_view key) const;
};

}  // namespace cpsctl::manifest
