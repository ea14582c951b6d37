#include "cli/places.hpp"

#include "base/text.hpp"
#include "state/backend.hpp"

#include <filesystem>
#include <optional>

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

/// Is `path` an entry of git's index? An entry is its flags, whose low twelve bits are the length of the path, the path
/// and a NUL (gitformat-index(5), versions 2 and 3; version 4 shortens paths and is not read).
bool has_entry(std::string_view index, std::string const& path) {
  std::string const entry = path + '\0';
  auto const length = static_cast<unsigned>(std::min<std::size_t>(path.size(), 0xfff));
  for (auto at = index.find(entry); at != std::string_view::npos; at = index.find(entry, at + 1)) {
    auto const flags = [&](std::size_t back) {
      auto const high = static_cast<unsigned char>(index[at - back]);
      auto const low = static_cast<unsigned char>(index[at - back + 1]);
      return ((static_cast<unsigned>(high) << 8U) | low) & 0xfffU;
    };
    // An extended entry has two bytes more between its flags and its path.
    if ((at >= 2 && flags(2) == length) || (at >= 4 && flags(4) == length)) return true;
  }
  return false;
}

}  // namespace

Result<std::string> state_place(GlobalOptions const& options, manifest::Project const& project) {
  if (options.state) {
    CPS_CHECK(state::check_location(*options.state));
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
  auto const index = files.read(checkout->index, largest_index);
  if (!index) return {};
  for (char const* const suffix : {"", ".journal", ".lock"}) {
    fs::path const file = place / (fs::path(state).filename().string() + suffix);
    if (!has_entry(*index, file.lexically_relative(checkout->folder).generic_string())) continue;
    return Error{.code = Errc::io,
                 .message = fmt::format("git tracks {}{}: whoever writes to the repository could change what cpsctl "
                                        "believes about CPS",
                                        state, suffix),
                 .next = fmt::format("git rm --cached {}{}, and name its folder in .gitignore", state, suffix)};
  }
  return {};
}

}  // namespace cpsctl::cli
