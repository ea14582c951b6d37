#pragma once
#include "state/files.hpp"

#include <string>
#include <utility>

/// The files of a state, for tests that look at them one by one.
namespace at_files {

/// Nobody else is there who could take it away.
struct Alone final : cpsctl::state::Lock {
  cpsctl::Result<> held() override { return {}; }
};

inline cpsctl::Result<cpsctl::state::Contents> read(std::filesystem::path const& path, std::string const& realm,
                                                    cpsctl::Files& files) {
  return cpsctl::state::read_files(path, realm, files);
}

inline cpsctl::Result<std::unique_ptr<cpsctl::state::Store>> open(std::filesystem::path const& path, std::string realm,
                                                                  std::string run, cpsctl::Files& files,
                                                                  std::string host = {}) {
  static Alone lock;
  return cpsctl::state::open_files(path, {.realm = std::move(realm), .host = std::move(host), .run = std::move(run)},
                                   files, lock);
}

}  // namespace at_files
