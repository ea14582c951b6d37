#include "base/text.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace program;

TEST_CASE("deploy/man.sh writes every page, and no formatter has anything against them") {
  Folder const folder;
  Run const written = run_cpsctl({places::source("deploy/man.sh"), folder.path(), program_folder() / "cpsctl"},
                                 {.program = "/bin/bash"});
  INFO(written.err);
  REQUIRE(written.exit == 0);
  CHECK(written.out.empty());
  std::size_t pages = 0;
  Run const listed = run_cpsctl({"help", "--man", "pages"});
  for (auto const line : text::split(listed.out, '\n')) {
    if (line.empty()) continue;
    std::string const file(line.substr(0, line.find(' ')));
    CAPTURE(file);
    auto const path = folder / ("man" + file.substr(file.rfind('.') + 1) + '/' + file);
    REQUIRE(std::filesystem::exists(path));
    ++pages;
    // No date: what is built from the same sources is the same.
    Run const lint = run_cpsctl({"-Tlint", "-Wwarning", path}, {.program = "/usr/bin/mandoc"});
    for (auto const finding : text::split(lint.out, '\n'))
      if (!finding.empty()) CHECK(finding.find("missing date") != std::string_view::npos);
    CHECK(lint.err.empty());
    Run const shown = run_cpsctl({"-Tutf8", path}, {.program = "/usr/bin/mandoc"});
    CHECK(shown.exit == 0);
    CHECK(shown.out.find("cpsctl") != std::string::npos);
  }
  CHECK(pages > 30);
  CHECK(static_cast<std::size_t>(std::ranges::count_if(std::filesystem::recursive_directory_iterator(folder.path()),
                                                       [](auto const& one) { return one.is_regular_file(); })) ==
        pages);
}

TEST_CASE("cpsctl help --man takes what cpsctl help takes, and names what has no page") {
  CHECK(run_cpsctl({"help", "--man"}).out.starts_with(".TH cpsctl 1 "));
  CHECK(run_cpsctl({"help", "--man", "state", "mv"}).out.starts_with(".TH cpsctl\\-state\\-mv 1 "));
  CHECK(run_cpsctl({"help", "trust", "--man"}).out.starts_with(".TH cpsctl\\-trust 7 "));
  Run const none = run_cpsctl({"help", "--man", "nonsense"});
  CHECK(none.exit == 64);
  CHECK(none.out.empty());
  CHECK(none.err.find("cpsctl help --man pages") != std::string::npos);
  CHECK(run_cpsctl({places::source("deploy/man.sh")}, {.program = "/bin/bash"}).exit == 64);
}
