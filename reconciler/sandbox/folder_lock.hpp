#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <utility>

#include <unistd.h>

namespace cpsctl::sandbox {

/// Held while a server uses a folder: two at once would write one log.
class FolderLock {
 public:
  /// Errors: io, also when another server has the folder.
  static Result<FolderLock> take(std::filesystem::path const& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace cpsctl::sandbox
