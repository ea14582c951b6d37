#pragma once
#include "base/files.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

namespace failing {

/// A disk in memory on which the n-th call that changes something fails, or is the last one that happens (half of its
/// bytes arrive). Only what was synced survives a crash. Thread-safe.
class Disk : public cpsctl::Files {
 public:
  enum class At : unsigned char { never, error, crash };

  void fail_at(int call, At how) {
    std::scoped_lock const lock(mutex_);
    left_ = call;
    how_ = how;
    dead_ = false;
  }
  /// Flushes wait until let_go().
  void hold() {
    std::scoped_lock const lock(mutex_);
    held_ = true;
  }
  void let_go() {
    std::scoped_lock const lock(mutex_);
    held_ = false;
    gate_.notify_all();
  }
  bool reached() const { return left_ <= 0; }  ///< the call has come
  std::map<std::string, std::string>& bytes() { return files_; }
  std::size_t syncs() const { return syncs_; }

  cpsctl::Result<cpsctl::FileKind> kind(std::filesystem::path const& path) override {
    std::scoped_lock const lock(mutex_);
    return files_.contains(path.string()) ? cpsctl::FileKind::file : cpsctl::FileKind::missing;
  }
  cpsctl::Result<std::string> read(std::filesystem::path const& path, std::size_t) override {
    std::scoped_lock const lock(mutex_);
    auto const file = files_.find(path.string());
    if (file == files_.end()) return cpsctl::Error{.code = cpsctl::Errc::io, .message = "no such file"};
    return file->second;
  }
  cpsctl::Result<> replace(std::filesystem::path const& path, std::string_view bytes) override {
    std::scoped_lock const lock(mutex_);
    if (auto const struck = strike(); !struck) return struck.error();
    if (!dead_) files_[path.string()] = bytes;
    return survive();
  }
  cpsctl::Result<std::unique_ptr<cpsctl::Appender>> append(std::filesystem::path const& path) override {
    std::scoped_lock const lock(mutex_);
    if (auto const struck = strike(); !struck) return struck.error();
    if (!dead_) files_.try_emplace(path.string());
    if (auto const alive = survive(); !alive) return alive.error();
    return std::make_unique<Tail>(*this, path.string());
  }
  cpsctl::Result<> truncate(std::filesystem::path const& path, std::uint64_t size) override {
    std::scoped_lock const lock(mutex_);
    if (auto const struck = strike(); !struck) return struck.error();
    if (!dead_) files_[path.string()].resize(size);
    return survive();
  }
  cpsctl::Result<> make_folders(std::filesystem::path const&) override { return {}; }
  cpsctl::Result<> remove(std::filesystem::path const& path) override {
    std::scoped_lock const lock(mutex_);
    files_.erase(path.string());
    return {};
  }
  cpsctl::Result<std::vector<std::string>> list(std::filesystem::path const&) override {
    return std::vector<std::string>{};
  }

 private:
  struct Tail final : cpsctl::Appender {
    Tail(Disk& on, std::string name) : disk(on), path(std::move(name)) {}
    cpsctl::Result<> append(std::string_view bytes) override {
      std::scoped_lock const lock(disk.mutex_);
      if (auto const struck = disk.strike(); !struck) return struck.error();
      if (disk.dying_)
        disk.files_[path] += bytes.substr(0, bytes.size() / 2);
      else if (!disk.dead_)
        disk.files_[path] += bytes;
      return disk.survive();
    }
    cpsctl::Result<> sync() override {
      std::unique_lock lock(disk.mutex_);
      disk.gate_.wait(lock, [this] { return !disk.held_; });
      ++disk.syncs_;
      if (auto const struck = disk.strike(); !struck) return struck.error();
      return disk.survive();
    }
    Disk& disk;
    std::string path;
  };

  /// A process that died does nothing any more: its later calls fail without a trace.
  static cpsctl::Error io() { return {.code = cpsctl::Errc::io, .message = "No space left on device"}; }
  cpsctl::Result<> strike() {
    if (dead_) return io();
    if (how_ == At::never || --left_ > 0) return {};
    if (left_ < 0) return {};
    if (how_ == At::error) return io();
    dying_ = true;
    return {};
  }
  cpsctl::Result<> survive() {
    if (!dying_) return {};
    dying_ = false;
    dead_ = true;
    return io();
  }

  std::mutex mutex_;
  std::condition_variable gate_;
  bool held_ = false;
  std::map<std::string, std::string> files_;
  At how_ = At::never;
  int left_ = 0;
  bool dying_ = false;
  bool dead_ = false;
  std::size_t syncs_ = 0;
};

}  // namespace failing
