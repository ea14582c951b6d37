#pragma once

namespace cpsctl::cli {

/// "0.1.0".
char const* program_version();

}  // namespace cpsctl::cli
