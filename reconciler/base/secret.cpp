#include "base/secret.hpp"

#include <type_traits>

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace cpsctl {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!fmt::is_formattable<Secret>::value, "a secret that can be formatted will be logged one day");

Secret::Secret(std::string text) : text_(std::move(text)) {}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  OPENSSL_cleanse(other.text_.data(), other.text_.size());
  other.text_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    OPENSSL_cleanse(text_.data(), text_.size());
    text_ = std::move(other.text_);
    OPENSSL_cleanse(other.text_.data(), other.text_.size());
    other.text_.clear();
  }
  return *this;
}

Secret::~Secret() {
  OPENSSL_cleanse(text_.data(), text_.size());
}

}  // namespace cpsctl
