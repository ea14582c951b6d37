#pragma once
#include "base/result.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpsctl {

/// A file that only grows. Errors of every call: io.
struct Appender {
  virtual ~Appender() = default;
  virtual Result<> append(std::string_view bytes) = 0;  ///< all of it, or an error
  virtual Result<> sync() = 0;                          ///< fdatasync; after an error the file must not be used again
};

enum class FileKind : std::uint8_t { missing, file, folder, other };

/// Seen from the user that this process works for.
enum class Owner : std::uint8_t { user, root, stranger };

/// Whose a file is, who else may use it, and which file system it lies in.
struct Ownership {
  Owner owner = Owner::user;  ///< of the file and of the link that leads to it: the one that is trusted less
  bool group_reads = false;
  bool group_writes = false;
  bool others_read = false;
  bool others_write = false;
  std::uint64_t device = 0;
};

/// The file system, injected: tests pass one that fails, or ends the process, at the n-th call.
/// Errors are `io`, as file_error() makes them.
struct Files {
  virtual ~Files() = default;
  virtual Result<FileKind> kind(std::filesystem::path const& path) = 0;
  /// Of a file or folder that is there. Files that only a test knows are the user's own.
  virtual Result<Ownership> ownership(std::filesystem::path const& /*path*/) { return Ownership{}; }
  /// The whole file; larger than `limit` bytes is an error.
  virtual Result<std::string> read(std::filesystem::path const& path, std::size_t limit) = 0;
  /// Replaces the file so that a reader, or a crash, sees the old one or the new one: temporary file in the same
  /// folder, fsync, rename, fsync of the folder. Mode 0600.
  virtual Result<> replace(std::filesystem::path const& path, std::string_view bytes) = 0;
  /// replace() of what is meant for others as well, such as reports: mode 0644 less the umask, or that of the file that
  /// is replaced. A file system without modes does the same for both.
  virtual Result<> publish(std::filesystem::path const& path, std::string_view bytes) { return replace(path, bytes); }
  /// Opens for appending (created 0600 when missing; the folder is synced then). Neither this nor truncate() follows a
  /// link, or writes into a file that has other names.
  virtual Result<std::unique_ptr<Appender>> append(std::filesystem::path const& path) = 0;
  /// Cuts the file to `size` bytes and syncs it.
  virtual Result<> truncate(std::filesystem::path const& path, std::uint64_t size) = 0;
  virtual Result<> make_folders(std::filesystem::path const& path) = 0;  ///< 0700 for those it makes
  virtual Result<> remove(std::filesystem::path const& path) = 0;        ///< a missing file is not an error
  /// Names in the folder, sorted by bytes, without "." and "..".
  virtual Result<std::vector<std::string>> list(std::filesystem::path const& folder) = 0;
};

/// The real one. Thread-safe.
Files& system_files();

/// "cannot write p/state.json: No space left on device", with the next step that `reason` (an errno) calls for.
Error file_error(std::string_view verb, std::filesystem::path const& path, int reason = errno);

/// Absolute, and with its links followed as far as it exists: one name for one file, whatever way leads to it.
std::string real_path(std::filesystem::path const& path);
/// Is a real path the folder, also a real one, or below it?
bool lies_in(std::string_view path, std::string_view folder);

/// Writes to a descriptor that somebody else opened; `path` names it in errors. Errors: io.
Result<> write_to(int fd, std::string_view bytes, std::filesystem::path const& path);

/// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd(Fd const&) = delete;
  Fd& operator=(Fd const&) = delete;
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  ///< to somebody who closes it
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// What we go on writing is a file of its own: bytes that went through a link, or into one of a file's several names,
/// would land in a file that somebody else means. Errors: io.
Result<> own_file(Fd const& fd, std::filesystem::path const& path);

/// Opens what we go on writing, for its owner alone when `flags` (of open(2)) create it. Errors: io.
Result<Fd> open_own(std::filesystem::path const& path, int flags);

}  // namespace cpsctl
