#pragma once
#include "hooks/mask.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace cpsctl::hooks {

/// What a program writes on stderr: lines for the log as they come, and the last ones kept. However much comes, it
/// takes little memory.
class Complaints {
 public:
  static constexpr std::size_t longest_line = 500;  ///< bytes that are shown of one
  static constexpr std::size_t most_lines = 1000;   ///< that are logged

  /// `log` gets lines that are printable and hold no secret.
  Complaints(Mask const& mask, std::function<void(std::string const&)> log) : mask_(mask), log_(std::move(log)) {}

  void take(std::string_view bytes);
  void end();  ///< nothing more comes: a last line may lack its line break
  std::size_t bytes() const { return bytes_; }
  /// The last lines, as one; empty if there was none.
  std::string last() const;

 private:
  void line();

  Mask const& mask_;
  std::function<void(std::string const&)> log_;
  std::string line_ = {};  ///< that has begun
  std::deque<std::string> last_ = {};
  std::size_t lines_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace cpsctl::hooks
