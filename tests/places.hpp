#pragma once
#include <string>

/// Where the tests find the project's files and its program. Their paths are compiled into one file: as definitions of
/// every file they would let no other checkout use what was compiled here.
namespace places {

/// A path below the project's top folder: source("schemas/README.md"); "" is that folder.
std::string source(std::string const& below);
/// A file of the module's own test data: data("report", "plan.txt"); "" is the folder.
std::string data(std::string const& module, std::string const& file = "");
/// The cpsctl binary of this build.
std::string program();
/// The library that ends a process at a chosen call (program/kill_at.c), to be preloaded.
std::string kill_at();

}  // namespace places
