#pragma once
#include "base/files.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "edgegrid/credentials.hpp"

#include <filesystem>
#include <string>

/// The client credentials that the sandbox accepts: random, kept in the folder's `edgerc`.
namespace cpsctl::sandbox {

/// The credentials of an earlier run, or new ones. Writes `edgerc` (section [default], mode 0600) with `authority` as
/// its host. Errors: io.
Result<edgegrid::Credentials> load_or_make_credentials(Files& files, std::filesystem::path const& edgerc,
                                                       std::string const& authority, Random& random);

}  // namespace cpsctl::sandbox
