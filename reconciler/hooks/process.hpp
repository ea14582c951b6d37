#pragma once
#include "base/files.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cpsctl::hooks {

struct Launch {
  std::string path = {};  ///< of the program, absolute
  std::vector<std::string> argv = {};
  std::vector<std::string> environment = {};  ///< "NAME=value"; all that it gets
  std::string folder = {};                    ///< it works there
};

/// How a process ended.
struct End {
  bool by_signal = false;
  int number = 0;  ///< exit code, or signal
};

/// A child in a process group of its own, with our ends of its three streams. When this ends so does all that is left
/// of the group.
class Process {
 public:
  /// Errors: io.
  static Result<Process> start(Launch const& launch);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;
  ~Process();

  Fd input = Fd();   ///< to be written
  Fd output = Fd();  ///< to be read
  Fd errors = Fd();  ///< to be read
  Fd life = Fd();    ///< becomes readable when the child has ended

  /// To everybody in the group.
  void signal(int number) const;
  /// How the child ended, if it has. It stays a zombie: so nobody else can get the number of its group.
  std::optional<End> end() const;
  /// It cannot be ended (it hangs in the kernel): nobody waits for it any more.
  void abandon() { pid_ = -1; }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
};

}  // namespace cpsctl::hooks
