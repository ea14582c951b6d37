#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/random.hpp"

#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

namespace cpsctl::cli {

/// What a command gets from outside, made once in main().
struct World {
  std::istream& in;
  std::ostream& out;  ///< the one document asked for
  std::ostream& err;  ///< everything else
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool out_below_err = false;  ///< one reader sees both: they are the same terminal, file or pipe
  Files& files;
  Clock const& clock;
  Random& random;
  std::function<std::optional<std::string>(std::string const&)> environment;
};

}  // namespace cpsctl::cli
