#include "sandbox/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace cpsctl::sandbox {

Result<FolderLock> FolderLock::take(std::filesystem::path const& folder) {
  auto const path = folder / "lock";
  CPS_TRY(Fd fd, open_own(path, O_RDWR | O_CREAT));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{.code = Errc::locked,
                 .message = fmt::format("another sandbox is running in {}", folder.string()),
                 .next = "stop it, or choose another folder"};
  return FolderLock(std::move(fd));
}

}  // namespace cpsctl::sandbox
