#pragma once
#include "program/program.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace program {

/// A project and a sandbox that counts its requests. Changes at CPS end at once.
struct Counted {
  Folder folder;

  Run run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  /// How many requests a call makes that succeeds.
  std::size_t cost(std::vector<std::string> arguments) const {
    std::size_t const before = requests(folder / "cps").size();
    Run const done = run(std::move(arguments));
    INFO(done.out, done.err);
    CHECK(done.exit == 0);
    return requests(folder / "cps").size() - before;
  }
  /// Manifests n0, n1 …; the first `mutual` of them with client mutual authentication.
  void sites(int count, std::string const& quic, int mutual = 0) const {
    std::string text;
    for (int i = 0; i < count; ++i) {
      std::string one = dv_manifest(fmt::format("n{}", i), fmt::format("n{}.example.com", i));
      std::string const usual = "quicEnabled: false";
      one.replace(one.find(usual), usual.size(),
                  quic + (i < mutual ? "\n      clientMutualAuthentication: { setId: S }" : ""));
      text += "---\n" + one;
    }
    folder.write("manifests/all.yaml", text);
  }
};

}  // namespace program
