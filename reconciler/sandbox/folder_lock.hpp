#pragma once
#include "base/files.hpp"

#include <filesystem>
#include <utility>

namespace cpsctl::sandbox {

/// Held while a server uses a folder: two at once would write one log.
class FolderLock {
 public:
  /// Errors: io; locked when another server has the folder.
  static Result<FolderLock> take(std::filesystem::path const& folder);

 private:
  explicit FolderLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace cpsctl::sandbox
