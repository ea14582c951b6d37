#include "sandbox/folder_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace cpsctl::sandbox {

Result<FolderLock> FolderLock::take(std::filesystem::path const& folder) {
  auto const path = folder / "lock";
  int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{.code = Errc::io, .message = fmt::format("{}: {}", path.string(), std::strerror(errno))};
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return Error{.code = Errc::io,
                 .message = fmt::format("another sandbox is running in {}", folder.string()),
                 .next = "stop it, or choose another folder"};
  return lock;
}

}  // namespace cpsctl::sandbox
