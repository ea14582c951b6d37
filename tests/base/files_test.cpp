#include "base/files.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "cpsctl-files-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
};

}  // namespace

TEST_CASE("ownership: who may read and write is what the mode says") {
  Folder const folder;
  fs::path const file = folder.path / "f";
  std::ofstream(file) << "x";
  for (mode_t const mode : {0600U, 0640U, 0620U, 0604U, 0602U, 0666U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    Ownership const found = system_files().ownership(file).value();
    CHECK(found.owner == Owner::user);
    CHECK(found.group_reads == ((mode & 040U) != 0));
    CHECK(found.group_writes == ((mode & 020U) != 0));
    CHECK(found.others_read == ((mode & 04U) != 0));
    CHECK(found.others_write == ((mode & 02U) != 0));
    CHECK(found.device == system_files().ownership(folder.path).value().device);
  }
  CHECK_FALSE(system_files().ownership(folder.path / "missing"));
  if (::access("/proc/self", F_OK) == 0)
    CHECK(system_files().ownership("/proc").value().device != system_files().ownership(folder.path).value().device);
}

TEST_CASE("ownership: a stranger's is a stranger's, also by a link of the user's or to a file of the user's") {
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: only root can give files away");
    CHECK(system_files().ownership("/").value().owner == Owner::root);
    return;
  }
  constexpr uid_t nobody = 65534;
  Folder const folder;
  fs::path const mine = folder.path / "mine", theirs = folder.path / "theirs";
  std::ofstream(mine) << "x";
  std::ofstream(theirs) << "x";
  fs::create_symlink(theirs, folder.path / "to-theirs");
  fs::create_symlink(mine, folder.path / "by-them");
  REQUIRE(::chown(theirs.c_str(), nobody, nobody) == 0);
  REQUIRE(::lchown((folder.path / "by-them").c_str(), nobody, nobody) == 0);
  CHECK(system_files().ownership(mine).value().owner == Owner::user);
  for (char const* const name : {"theirs", "to-theirs", "by-them"}) {
    CAPTURE(name);
    CHECK(system_files().ownership(folder.path / name).value().owner == Owner::stranger);
  }
}
