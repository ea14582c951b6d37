#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "cps/pacer.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// The file in which the processes of one machine write down an account's requests, so that together they keep its
/// limits. A few lines of text under an flock that is held for microseconds.
namespace cpsctl::cps {

/// What steady times and pids in a file are worth: they hold within one boot and one pair of namespaces.
struct Epoch {
  std::string domain = {};  ///< boot id, time namespace, pid namespace
  SteadyTime steady = {};
  WallTime wall = {};
};

/// The file's text, closed by a check sum. Times are rounded up to microseconds.
std::string ledger_text(Traffic const& traffic, Epoch const& at);

/// Reads it back. Times of another boot are brought over by the wall clock; nothing is believed to lie ahead that
/// cannot (a clock was set): requests at most now, a pause at most longest_pause from now. What follows the check sum
/// is ignored. Errors: protocol (damaged), stale (a newer cpsctl wrote it).
Result<Traffic> read_ledger(std::string_view text, Epoch const& now);

/// This machine's domain, and this process.
std::string current_domain();
Process current_process();
bool is_alive(Process const& process);

struct LedgerOptions {
  std::string domain = current_domain();
  std::function<bool(Process const&)> alive = is_alive;
};

class Ledger {
 public:
  enum class Access : std::uint8_t { granted, busy };

  /// Makes the folders. Files that nobody has written for a month are removed when a new one is made. Errors: io.
  static Result<std::unique_ptr<Ledger>> open(std::filesystem::path file, Clock const& clock,
                                              LedgerOptions options = {});
  virtual ~Ledger() = default;

  /// Brings `pacer` up to date, lets `decide` look at it, and writes down what came of it: `decide` says whether there
  /// is anything new. Never waits: `busy` when another process has the file, and then nothing was done. A damaged file
  /// is started again, after a pause, since nobody knows what it said. Errors: io (the file cannot be used any more).
  virtual Result<Access> update(Pacer& pacer, std::function<bool()> const& decide) = 0;
  virtual std::filesystem::path const& file() const = 0;
};

/// The file of an account: a hash of the host and the account key, or of the budget group's name.
std::filesystem::path ledger_file(std::filesystem::path const& folder, std::string_view host,
                                  std::string_view account_key, std::string_view budget_group);

}  // namespace cpsctl::cps
