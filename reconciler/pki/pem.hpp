#pragma once
#include "base/result.hpp"
#include "pki/finding.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

namespace cpsctl::pki {

constexpr std::size_t longest_text = std::size_t{1} << 20;    ///< bytes of one source: a CA bundle has a fifth
constexpr std::size_t longest_block = std::size_t{64} << 10;  ///< bytes of one block, decoded: some 3,000 names

/// A text with certificates, and what messages call it: the path of a file, "the signer's answer". Texts that are told
/// apart have different names.
struct Source {
  std::string name = {};
  std::string text = {};
};

BOOST_DEFINE_ENUM_CLASS(BlockKind, certificate, csr)

/// A block of a PEM text, decoded; whether its bytes mean anything is for others to find out.
struct Block {
  BlockKind kind = BlockKind::certificate;
  Mark at = {};  ///< of its BEGIN line
  std::string der = {};
};

/// What a text has, in its order, and what is wrong with it.
struct Blocks {
  std::vector<Block> blocks = {};
  std::vector<Finding> findings = {};
};

/// Reads any number of blocks with any text around them: line ends of Windows, indented lines, files joined without a
/// line end between them. Never fails: what cannot be read is a finding, and reading goes on behind it. Private keys
/// are not decoded, and no finding repeats a byte of any body.
Blocks read_blocks(Source const& source);

/// The PEM form: lines of 64 characters, "\n" behind each.
std::string pem_text(BlockKind kind, std::string_view der);

}  // namespace cpsctl::pki
