#pragma once
#include "base/files.hpp"
#include "state/store.hpp"

#include <filesystem>

namespace cpsctl::state {

std::filesystem::path journal_path(std::filesystem::path const& path);
std::filesystem::path torn_path(std::filesystem::path const& path);  ///< the journal's last torn tail

/// Takes a record into the contents. An error takes nothing and closes nothing: the record says what became of an
/// enrollment, but which one, or its id, cannot be read.
Result<> take_record(Contents& contents, Record const& record);

/// The contents, and where the journal's valid part ends.
struct Replayed {
  Contents contents = {};
  std::int64_t sequence = 0;       ///< of the last record that was seen
  std::int64_t newest_serial = 0;  ///< of the snapshot, or of the one that the journal follows
  bool settled = false;            ///< the snapshot holds all of the contents
  std::size_t valid_bytes = 0;     ///< 0: there is no journal
  std::string torn = {};           ///< what follows them
};
Result<Replayed> replay(std::filesystem::path const& path, std::string const& realm, Files& files);

}  // namespace cpsctl::state
