#include "sandbox/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace cpsctl::sandbox {

Result<FolderLock> FolderLock::take(std::filesystem::path const& folder) {
  auto const path = folder / "lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd.open()) return file_error("open", path);
  CPS_CHECK(own_file(fd, path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{.code = Errc::io,
                 .message = fmt::format("another sandbox is running in {}", folder.string()),
                 .next = "stop it, or choose another folder"};
  return FolderLock(std::move(fd));
}

}  // namespace cpsctl::sandbox
