#pragma once

namespace cpsctl {

/// The deleter of a C library's objects: std::unique_ptr<X509, Freed<X509_free>>.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

}  // namespace cpsctl
