#include "base/files.hpp"

#include "state/open.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;

TEST_CASE("files: an error names the next step that its reason calls for") {
  struct Case {
    int reason;
    char const* next;
  };
  Case const cases[] = {
      {ENOSPC, "free space there and run again"},
      {EDQUOT, "free space there and run again"},
      {EFBIG, "raise the limit on file sizes"},
      {EROFS, "mount it for writing, or name a file elsewhere"},
      {EACCES, "let this user read and write it"},
      {EISDIR, "a folder is in the way"},
      {ENOTDIR, "a file is where its path needs a folder"},
      {EIO, "look after the disk"},
      {ENOENT, ""},
  };
  for (Case const& c : cases) {
    CAPTURE(c.reason);
    Error const error = file_error("write", "p/state.json", c.reason);
    CHECK(error.code == Errc::io);
    CHECK(error.message.starts_with("cannot write p/state.json: "));
    CHECK(error.next.find(c.next) != std::string::npos);
    CHECK(error.next.empty() == (*c.next == '\0'));
  }
}

TEST_CASE("files: a state or a journal that is a folder, or is below a file, is reported with the next step") {
  std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-files-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  std::filesystem::path const folder = pattern;
  std::filesystem::path const path = folder / "state.json";
  SUBCASE("the state") {
    std::filesystem::create_directory(path);
    CHECK(at_files::read(path, "sandbox", system_files()).error().next ==
          "a folder is in the way: name a file, or move the folder away");
  }
  SUBCASE("the journal") {
    std::filesystem::create_directory(path.string() + ".journal");
    CHECK(at_files::open(path, "sandbox", "run", system_files()).error().next ==
          "a folder is in the way: name a file, or move the folder away");
  }
  SUBCASE("below a file") {
    REQUIRE(system_files().replace(path, "{}"));
    CHECK(at_files::open(path / "state.json", "sandbox", "run", system_files()).error().next ==
          "a file is where its path needs a folder: name another path, or move that file away");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("files: the state is its owner's alone; reports are for others too, and keep the mode that they have") {
  std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  std::filesystem::path const folder = pattern;
  auto const mode_of = [&](char const* name) {
    return static_cast<unsigned>(std::filesystem::status(folder / name).permissions());
  };
  mode_t const before = ::umask(0);
  CHECK(system_files().replace(folder / "state", "1"));
  CHECK(system_files().publish(folder / "report", "1"));
  ::umask(027);
  CHECK(system_files().publish(folder / "masked", "1"));
  CHECK(system_files().publish(folder / "report", "2"));
  ::umask(before);
  CHECK(mode_of("state") == 0600);
  CHECK(mode_of("report") == 0644);
  CHECK(mode_of("masked") == 0640);
  std::filesystem::permissions(folder / "report", std::filesystem::perms(0600));
  std::filesystem::permissions(folder / "state", std::filesystem::perms(0644));
  CHECK(system_files().publish(folder / "report", "3"));
  CHECK(system_files().replace(folder / "state", "2"));
  CHECK(mode_of("report") == 0600);
  CHECK(mode_of("state") == 0600);
  std::filesystem::remove_all(folder);
}
