#include "base/files.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl {
namespace {

using Path = std::filesystem::path;

/// What a person can do about it; nothing where the message says it all.
char const* next_step(int reason) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT: return "free space there and run again: what CPS did is found again";
    case EFBIG: return "raise the limit on file sizes (ulimit -f) and run again: what CPS did is found again";
    case EROFS: return "the file system is read-only: mount it for writing, or name a file elsewhere";
    case EACCES:
    case EPERM:
      return "let this user read and write it and its folder (ls -ld shows whose they are), or name a file elsewhere";
    case EISDIR: return "a folder is in the way: name a file, or move the folder away";
    case ENOTDIR: return "a file is where its path needs a folder: name another path, or move that file away";
    case ELOOP: return "it is a link, which cpsctl does not write through: move it away, or name the file itself";
    case ENXIO: return "nobody reads from it: start its reader first, or name a file";
    case EIO: return "look after the disk (dmesg says more) and run again: what CPS did is found again";
    default: return "";
  }
}

constexpr mode_t for_owner = 0600;
constexpr mode_t for_all = 0644;  // less the umask

Fd open_file(Path const& path, int flags, mode_t mode = for_owner) {
  for (;;) {
    int const fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return Fd(fd);
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Path folder_of(Path const& path) {
  return path.has_parent_path() ? path.parent_path() : Path(".");
}

/// A new name, or a rename, survives a crash only once its folder is on disk.
Result<> sync_folder(Path const& folder) {
  Fd const fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd.open()) return file_error("open", folder);
  if (::fsync(fd.get()) != 0) return file_error("sync", folder);
  return {};
}

Owner file_owner(struct stat const& info) {
  if (info.st_uid == ::geteuid()) return Owner::user;
  return info.st_uid == 0 ? Owner::root : Owner::stranger;
}

class FileAppender final : public Appender {
 public:
  FileAppender(Fd fd, Path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<> append(std::string_view bytes) override {
    if (!write_all(fd_.get(), bytes)) return file_error("write", path_);
    return {};
  }
  Result<> sync() override {
    if (::fdatasync(fd_.get()) != 0) return file_error("sync", path_);
    return {};
  }

 private:
  Fd fd_;
  Path path_;
};

class SystemFiles final : public Files {
 public:
  Result<FileKind> kind(Path const& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return FileKind::missing;
      return file_error("look at", path);
    }
    if (S_ISREG(info.st_mode)) return FileKind::file;
    return S_ISDIR(info.st_mode) ? FileKind::folder : FileKind::other;
  }

  Result<Ownership> ownership(Path const& path) override {
    struct stat info {};
    struct stat link {};
    if (::stat(path.c_str(), &info) != 0 || ::lstat(path.c_str(), &link) != 0) return file_error("look at", path);
    return Ownership{.owner = std::max(file_owner(info), file_owner(link)),
                     .group_reads = (info.st_mode & S_IRGRP) != 0,
                     .group_writes = (info.st_mode & S_IWGRP) != 0,
                     .others_read = (info.st_mode & S_IROTH) != 0,
                     .others_write = (info.st_mode & S_IWOTH) != 0,
                     .device = info.st_dev};
  }

  Result<std::string> read(Path const& path, std::size_t limit) override {
    Fd const fd = open_file(path, O_RDONLY | O_NONBLOCK);  // a FIFO must not keep us waiting for its writer
    if (!fd.open()) return file_error("read", path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return file_error("read", path);
    if (S_ISDIR(info.st_mode)) return file_error("read", path, EISDIR);
    if (!S_ISREG(info.st_mode))
      return Error{.code = Errc::io, .message = fmt::format("cannot read {}: it is not a regular file", path.string())};
    std::string bytes;
    bytes.reserve(std::min(limit, static_cast<std::size_t>(info.st_size) + 1));
    for (;;) {
      std::size_t const had = bytes.size();
      bytes.resize(std::max(had + 4096, bytes.capacity()));
      ssize_t const got = ::read(fd.get(), bytes.data() + had, bytes.size() - had);
      bytes.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error("read", path);
      if (bytes.size() > limit)
        return Error{.code = Errc::io,
                     .message = fmt::format("cannot read {}: it is larger than {} bytes", path.string(), limit)};
      if (got == 0) return bytes;
    }
  }

  Result<> replace(Path const& path, std::string_view bytes) override { return put(path, bytes, for_owner); }
  Result<> publish(Path const& path, std::string_view bytes) override { return put(path, bytes, for_all); }

  Result<std::unique_ptr<Appender>> append(Path const& path) override {
    CPS_TRY(FileKind const present, kind(path));
    CPS_TRY(Fd fd, open_own(path, O_WRONLY | O_CREAT | O_APPEND));
    if (present == FileKind::missing) CPS_CHECK(sync_folder(folder_of(path)));
    return std::make_unique<FileAppender>(std::move(fd), path);
  }

  Result<> truncate(Path const& path, std::uint64_t size) override {
    CPS_TRY(Fd const fd, open_own(path, O_WRONLY));
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return file_error("cut", path);
    if (::fsync(fd.get()) != 0) return file_error("sync", path);
    return {};
  }

  Result<> make_folders(Path const& path) override {
    if (path.empty()) return {};
    if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(folder_of(path));
    if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
      CPS_CHECK(make_folders(path.parent_path()));
      if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(folder_of(path));
    }
    int const reason = errno;
    CPS_TRY(FileKind const present, kind(path));
    if (present == FileKind::folder) return {};
    return file_error("make the folder", path, present == FileKind::missing ? reason : ENOTDIR);
  }

  Result<> remove(Path const& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error("remove", path);
    return {};
  }

  Result<std::vector<std::string>> list(Path const& folder) override {
    DIR* const open = ::opendir(folder.c_str());
    if (open == nullptr) return file_error("read the folder", folder);
    std::unique_ptr<DIR, int (*)(DIR*)> const owned(open, ::closedir);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      dirent const* const entry = ::readdir(open);
      if (entry == nullptr) break;
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    if (errno != 0) return file_error("read the folder", folder);
    std::ranges::sort(names);
    return names;
  }

 private:
  Result<> put(Path const& path, std::string_view bytes, mode_t mode) {
    // What is not a regular file (/dev/stdout, a pipe) cannot be replaced by a rename; it is written to.
    CPS_TRY(FileKind const present, kind(path));
    if (present == FileKind::other) return write_through(path, bytes);
    if (present == FileKind::folder) return file_error("write", path, EISDIR);
    static std::atomic<unsigned> drafts = 0;
    Path const draft = path.string() + fmt::format(".{}.{}.new", ::getpid(), ++drafts);
    auto const written = write_draft(draft, bytes, mode, mode == for_all ? present_mode(path) : std::nullopt);
    if (!written) {
      ::unlink(draft.c_str());
      return Error{written.error()}.within("writing " + path.string());
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) {
      Error error = file_error("replace", path);
      ::unlink(draft.c_str());
      return error;
    }
    return sync_folder(folder_of(path));
  }

  /// Of a file that is there: somebody may have set it.
  static std::optional<mode_t> present_mode(Path const& path) {
    struct stat info {};
    bool const file = ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    return file ? std::optional(info.st_mode & 0777) : std::nullopt;
  }

  static Result<> write_draft(Path const& draft, std::string_view bytes, mode_t mode, std::optional<mode_t> as_before) {
    Fd const fd = open_file(draft, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!fd.open()) return file_error("create", draft);
    if (as_before && ::fchmod(fd.get(), *as_before) != 0) return file_error("set the mode of", draft);
    if (!write_all(fd.get(), bytes)) return file_error("write", draft);
    if (::fsync(fd.get()) != 0) return file_error("sync", draft);
    return {};
  }

  static Result<> write_through(Path const& path, std::string_view bytes) {
    // Opening a pipe without a reader would wait for one, where no signal and no deadline ends it.
    Fd const fd = open_file(path, O_WRONLY | O_NONBLOCK);
    if (!fd.open()) return file_error("open", path);
    if (::fcntl(fd.get(), F_SETFL, 0) != 0) return file_error("open", path);
    if (!write_all(fd.get(), bytes)) return file_error("write", path);
    return {};
  }
};

}  // namespace

Error file_error(std::string_view verb, Path const& path, int reason) {
  return Error{.code = Errc::io,
               .message = fmt::format("cannot {} {}: {}", verb, path.string(), std::generic_category().message(reason)),
               .next = next_step(reason)};
}

std::string real_path(Path const& path) {
  std::error_code problem;
  Path const whole = std::filesystem::absolute(path, problem);
  Path const real = std::filesystem::weakly_canonical(whole, problem);
  return problem ? whole.lexically_normal().string() : real.string();
}

bool lies_in(std::string_view path, std::string_view folder) {
  if (path == folder || folder == "/") return true;
  return path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
}

Result<> own_file(Fd const& fd, Path const& path) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error("look at", path);
  if (S_ISREG(info.st_mode) && info.st_nlink == 1) return {};
  return Error{.code = Errc::io,
               .message = fmt::format("cannot write {}: it is {}", path.string(),
                                      S_ISREG(info.st_mode) ? "a second name of another file" : "not a regular file"),
               .next = "move it away and run again: cpsctl makes its own"};
}

Result<Fd> open_own(Path const& path, int flags) {
  // A FIFO in its place must not keep us waiting, a link must not lead us elsewhere.
  Fd fd = open_file(path, flags | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.open()) return file_error("open", path);
  CPS_CHECK(own_file(fd, path));
  return fd;
}

Result<> write_to(int fd, std::string_view bytes, Path const& path) {
  if (!write_all(fd, bytes)) return file_error("write", path);
  return {};
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace cpsctl
