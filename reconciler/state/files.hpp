#pragma once
#include "base/files.hpp"
#include "state/lock.hpp"
#include "state/store.hpp"

#include <filesystem>

/// The state as files, which is what Backend makes of a path: the snapshot, and next to it journal and lock.
namespace cpsctl::state {

/// Reads the snapshot and its journal. Missing files are an empty state. Changes nothing. Errors: io for an unreadable,
/// corrupt or newer-format file (the `.bak` and how to go on are named), also when the state belongs to another realm
/// (`realm` empty: any).
Result<Contents> read_files(std::filesystem::path const& path, std::string const& realm, Files& files);

/// Reads as read_files() does, and opens the journal. `lock` fences what is written. Errors: io, locked.
Result<std::unique_ptr<Store>> open_files(std::filesystem::path path, Opening opening, Files& files, Lock& lock);

/// Waits for another run to end: `flock` decides between the processes of one machine. It reaches no other machine, so
/// another's lease is refused, however old it is. Errors: locked, naming the holder (user, host, pid, since when);
/// cancelled; io.
Result<std::unique_ptr<Lock>> lock_file(std::filesystem::path const& state_path, Lease const& lease,
                                        Patience const& patience, Clock const& clock);

/// Ends a lease that nobody holds any more, and gives it; nothing when there was none. `anyway`: also one of another
/// machine, of which nobody here can tell whether it lives. A living process of this machine is never robbed: flock
/// decides. Errors: locked; io.
Result<std::optional<Lease>> unlock_file(std::filesystem::path const& state_path, Lease const& own, bool anyway);

/// This process, on this machine.
Lease own_lease(Run const& run, Clock const& clock);

}  // namespace cpsctl::state
