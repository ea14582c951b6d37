#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace program {

/// A sandbox in the test's process, a project that uses it, and the flags that lead there.
struct Project {
  Folder folder;
  std::unique_ptr<cpsctl::sandbox::Server> server;

  explicit Project(cpsctl::Clock const* clock = nullptr, bool real_limits = false) {
    auto started = cpsctl::sandbox::Server::start(
        {.folder = folder / "cps", .behaviour = {.real_limits = real_limits}, .clock = clock});
    server = std::move(started.value());
    folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  }
  std::vector<std::string> flags() const {
    return {"--edgerc", server->edgerc().string(), "--ca-file", server->ca_file().string()};
  }
  Run run(std::vector<std::string> arguments, Settings settings = {}) const {
    for (std::string const& flag : flags()) arguments.push_back(flag);
    if (settings.folder.empty()) settings.folder = folder.path();
    return run_cpsctl(std::move(arguments), std::move(settings));
  }
  std::size_t creates() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(requests(folder / "cps"), [](auto const& line) { return line.starts_with("POST"); }));
  }
  std::set<std::int64_t> ids() const {
    std::set<std::int64_t> found;
    cpsctl::json::Document const state = run({"state", "list", "-o", "json"}).json();
    for (auto const& entry : cpsctl::json::find(state, "enrollments")->GetArray())
      found.insert(cpsctl::json::find(entry, "id")->GetInt64());
    return found;
  }
  void sites(int count) const {
    for (int i = 0; i < count; ++i)
      folder.write(fmt::format("manifests/site-{}.yaml", i),
                   dv_manifest(fmt::format("site-{}", i), fmt::format("www{}.example.com", i)));
    std::filesystem::remove(folder / "manifests/www.yaml");
  }
};

inline void contains(Run const& run, std::string const& words) {
  INFO("exit ", run.exit, "\n", run.out, run.err);
  CHECK(run.err.find(words) != std::string::npos);
}

}  // namespace program
