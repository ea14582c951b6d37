#pragma once
#include <string>
#include <string_view>

namespace cpsctl {

/// A text that must not be printed: no copy, no stream operator, no formatter; wiped when destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(Secret const&) = delete;
  Secret& operator=(Secret const&) = delete;
  ~Secret();

  /// The only way to the text; search for it to audit who uses secrets.
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace cpsctl
