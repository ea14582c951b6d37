#pragma once
#include "base/files.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cpsctl::edgegrid {

/// A credentials file that is not its user's alone.
struct Exposure {
  std::string what = {};  ///< "~/.edgerc can be read by others"
  std::string next = {};  ///< the command that ends it
};

/// EdgeGrid client credentials (cps-api.md §1.2, §1.3). The host is bare: no scheme, no slash, no quotes; it may carry
/// a port (test set-ups).
struct Credentials {
  std::string host;
  Secret client_token;
  Secret client_secret;
  Secret access_token;
  std::string account_key = {};                   ///< accountSwitchKey on every request; empty: none
  std::size_t max_body = 131072;                  ///< bytes of a POST body that are hashed
  std::vector<std::string> headers_to_sign = {};  ///< empty for CPS
  std::string origin = {};                ///< "~/.edgerc section [default]" or "environment AKAMAI_…", for messages
  std::optional<Exposure> exposure = {};  ///< of the file, when others can use it
};

using Environment = std::function<std::optional<std::string>(std::string const& name)>;

/// Who has named the section.
enum class NamedBy : std::uint8_t {
  operators,  ///< a flag or a variable, or nobody
  project     ///< the project file, which chooses among the sections of a file, never among sets of variables
};

struct CredentialSource {
  std::filesystem::path edgerc = {};  ///< empty: ~/.edgerc (HOME from the environment)
  std::string section = "default";
  NamedBy named_by = NamedBy::operators;
};

/// The environment variable of a section's key: "AKAMAI_STAGE_HOST".
std::string variable_of(std::string const& section, std::string const& key);

/// The environment wins if all four required variables of the section are set; else the file. Never mixed. When there
/// are variables and a project names another section than default, it is an error: the operator says which is meant.
/// Errors: unauthorized with what is missing (file, section, key: distinct texts, all missing keys named) and the
/// next step; io when the file cannot be read.
Result<Credentials> load_credentials(CredentialSource const& source, Environment const& environment, Files& files);

}  // namespace cpsctl::edgegrid
