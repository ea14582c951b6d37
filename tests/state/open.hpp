#pragma once
#include "state/files.hpp"

#include <string>
#include <utility>

/// The files of a state, for tests that look at them one by one. Nobody else is there, so nobody takes the lock.
namespace at_files {

inline cpsctl::Result<cpsctl::state::Contents> read(std::filesystem::path const& path, std::string const& realm,
                                                    cpsctl::Files& files) {
  return cpsctl::state::read_files(path, realm, files);
}

inline cpsctl::Result<std::unique_ptr<cpsctl::state::Store>> open(std::filesystem::path const& path, std::string realm,
                                                                  std::string run, cpsctl::Files& files,
                                                                  std::string host = {}) {
  return cpsctl::state::open_files(path, {.realm = std::move(realm), .host = std::move(host), .run = std::move(run)},
                                   files);
}

}  // namespace at_files
