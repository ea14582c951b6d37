#pragma once
#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::hooks {

/// Takes secrets out of what a program says: each line of them that is long enough not to occur by chance.
class Mask {
 public:
  explicit Mask(std::vector<Secret> const& secrets);

  std::string operator()(std::string_view text) const;
  /// Of a text that was cut: what may be the beginning of a secret at its end is cut, too.
  std::string of_beginning(std::string_view text) const;
  /// Is one of them in the text?
  bool finds(std::string_view text) const;

 private:
  std::vector<Secret> words_ = {};  ///< the longest first: one may be a part of another
};

}  // namespace cpsctl::hooks
