#pragma once
#include "base/files.hpp"
#include "base/result.hpp"
#include "manifest/types.hpp"

#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// A program that the project names, found: which file is run, and what a person approves of it.
namespace cpsctl::hooks {

BOOST_DEFINE_ENUM_CLASS(Kind, signer, publisher, notice)

/// What the digest of a plan covers of a hook.
struct Approved {
  Kind kind = Kind::signer;
  std::vector<std::string> exec = {};
  json::Ref config = {};
  std::map<std::string, std::string> files = {};  ///< words of exec that name files of the project -> their SHA-256

  std::string fingerprint() const;  ///< "sha256:…" of it
};
BOOST_DESCRIBE_STRUCT(Approved, (), (kind, exec, config, files))

struct Hook {
  std::string name = {};  ///< in the project file
  manifest::Program program = {};
  std::string path = {};  ///< absolute: what is run
  Approved approved = {};
};

/// Where programs are looked for.
struct Places {
  std::string folder = {};  ///< the project's
  std::string path = {};    ///< PATH: absolute folders between colons; others are passed over
};

/// What there is to approve. The program need not be there: where a plan is made it may not be installed. Errors: io.
Result<Approved> approved_of(Kind kind, manifest::Program const& program, Places const& places, Files& files);

/// Finds the program; it is not run. A relative path is one of the project's own: below its folder, also where links
/// lead. A bare name is one of the machine's, from PATH; an absolute path too, and what it names must be root's or the
/// user's, and writable by nobody else, since a repository chose it. Errors: manifest, io.
Result<Hook> find_hook(Kind kind, std::string name, manifest::Program program, Places const& places, Files& files);

}  // namespace cpsctl::hooks
