#include "cli/places.hpp"

#include "base/text.hpp"
#include "cli/exit.hpp"
#include "cli/git_index.hpp"
#include "state/backend.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

namespace fs = std::filesystem;

constexpr char const* default_state = ".cpsctl/state.json";
constexpr std::size_t largest_index = std::size_t{256} << 20;

/// The index of the checkout that `folder` lies in, and the checkout's own folder.
struct Checkout {
  fs::path folder;
  fs::path index;
};

std::optional<Checkout> checkout_of(fs::path const& folder, Files& files) {
  for (fs::path at = folder;; at = at.parent_path()) {
    fs::path const dot_git = at / ".git";
    auto const kind = files.kind(dot_git);
    if (kind && *kind == FileKind::folder) return Checkout{.folder = at, .index = dot_git / "index"};
    if (kind && *kind == FileKind::file) {  // a worktree or a submodule: a file that says where
      auto const text = files.read(dot_git, 4096);
      std::string_view where = text ? text::trimmed(*text) : std::string_view();
      constexpr std::string_view says = "gitdir:";
      if (!where.starts_with(says)) return std::nullopt;
      where = text::trimmed(where.substr(says.size()));
      return Checkout{.folder = at, .index = at / fs::path(where) / "index"};
    }
    if (!at.has_relative_path()) return std::nullopt;
  }
}

/// The first of the paths that git tracks; empty: none of them. Errors: io, when its index cannot be read.
Result<std::string> tracked(Checkout const& checkout, std::set<std::string> const& paths, Files& files) {
  fs::path file = checkout.index;
  for (int parts = 0; parts < 2; ++parts) {  // a split index is two files
    CPS_TRY(FileKind const kind, files.kind(file));
    if (kind == FileKind::missing) return std::string();
    auto const bytes = files.read(file, largest_index);
    auto const found = bytes ? look_up(*bytes, paths) : std::nullopt;
    if (!found)
      return Error{
          .code = Errc::io,
          .message = fmt::format("{} cannot be read, so nobody can tell whether git tracks the state", file.string()),
          .next = "keep the state outside of the checkout: --state"};
    if (!found->path.empty() || found->shared.empty()) return found->path;
    file = checkout.index.parent_path() / found->shared;
  }
  return std::string();
}

}  // namespace

Result<> check_stays(std::string_view flag, std::string const& path) {
  fs::path const written(path);
  bool const climbs = written.is_absolute() || std::ranges::find(written, fs::path("..")) != written.end();
  std::string const folder = real_path(".");
  std::string const real = real_path(written);
  if (climbs || lies_in(real, folder)) return {};
  return usage(fmt::format("{} {} leads out of {}, to {}", flag, path, folder, real),
               "remove the link, or give the place itself");
}

Result<std::string> state_place(GlobalOptions const& options, manifest::Project const& project) {
  if (options.sandbox) CPS_CHECK(check_stays("--sandbox", *options.sandbox));
  if (options.state) {
    CPS_CHECK(state::check_location(*options.state));
    if (state::scheme_of(*options.state).empty()) CPS_CHECK(check_stays("--state", *options.state));
    return *options.state;
  }
  if (options.sandbox) return *options.sandbox + "/state.json";
  std::string const usual = (fs::path(project.folder) / default_state).lexically_normal().string();
  std::string const place = project.state.value_or(usual);
  if (auto const scheme = state::scheme_of(place); !scheme.empty())
    return Error{.code = Errc::manifest,
                 .message = fmt::format(
                     "the project file keeps the state at {}://…, which only its operator may choose", scheme),
                 .next = "name a file below the project's folder, or name the place with --state or CPSCTL_STATE"};
  std::string const root = real_path(project.folder);
  std::string const real = real_path(place);
  bool const for_home = place.starts_with('~');  // which nobody expands here
  if (!for_home && real != root && lies_in(real, root)) return place;
  return Error{.code = Errc::manifest,
               .message = fmt::format("the state {} lies outside of the project's folder {}{}", place, root,
                                      for_home ? "" : ": it is " + real),
               .next = "keep it below that folder (also where links lead), or name it with --state or CPSCTL_STATE"};
}

Result<> check_untracked(std::string const& state, Files& files) {
  if (!state::scheme_of(state).empty()) return {};
  fs::path const place = real_path(fs::absolute(state).parent_path());
  auto const checkout = checkout_of(place, files);
  if (!checkout) return {};
  std::map<std::string, std::string> suffixes;
  std::set<std::string> paths;
  for (char const* const suffix : {"", ".journal", ".lock"}) {
    fs::path const file = place / (fs::path(state).filename().string() + suffix);
    std::string const path = file.lexically_relative(checkout->folder).generic_string();
    suffixes.emplace(path, suffix);
    paths.insert(path);
  }
  CPS_TRY(std::string const found, tracked(*checkout, paths, files));
  if (!found.empty())
    return Error{
        .code = Errc::io,
        .message = fmt::format("git tracks {}{}: whoever writes to the repository could change what cpsctl "
                               "believes about CPS",
                               state, suffixes.at(found)),
        .next = fmt::format("git rm --cached {}{}, and name its folder in .gitignore", state, suffixes.at(found))};
  return {};
}

}  // namespace cpsctl::cli
