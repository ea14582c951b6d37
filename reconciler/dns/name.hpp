#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace cpsctl::dns {

/// A domain name in one spelling: lower case, absolute ("www.example.com."), odd bytes as \DDD. So it compares as text
/// and can be printed.
class Name {
 public:
  Name() = default;  ///< the root, "."

  /// "www.example.com", with or without the last dot. Errors: usage.
  static Result<Name> parse(std::string_view text);

  std::string const& text() const { return text_; }
  bool is_root() const { return text_ == "."; }
  /// Without the last dot, as people write it.
  std::string shown() const { return is_root() ? text_ : text_.substr(0, text_.size() - 1); }
  /// One label less; the root's is the root.
  Name parent() const;
  /// Is it the zone itself, or below it?
  bool lies_in(Name const& zone) const;
  bool is_wildcard() const { return text_.starts_with("*."); }
  /// As bytes of a message, without compression.
  std::string wire() const;

  bool operator==(Name const&) const = default;
  auto operator<=>(Name const&) const = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}

  std::string text_ = ".";
};

/// Where the CA looks for the token of a host name: "*.example.com" and "example.com" ->
/// "_acme-challenge.example.com.". Errors: usage.
Result<Name> challenge_name(std::string_view host);

}  // namespace cpsctl::dns
