#include "manifest/paths.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> extensions{".yaml", ".yml", ".json"};
constexpr int deepest_folder = 64;

class Finder {
 public:
  Finder(LoadOptions const& options, Files& files, Findings& findings)
      : options_(options), files_(files), findings_(findings) {
    project_folder_ = project_folder(options.project_file);
    if (!options.project_file.empty()) project_file_ = real_path(options.project_file);
  }

  std::vector<std::string> find() {
    for (std::string const& path : options_.paths) {
      if (path == "-")
        add("-", "-");
      else
        given(normalised(path));
    }
    return std::move(found_);
  }

 private:
  void refuse(std::string const& file, std::string message, std::string hint) {
    findings_.push_back({.mark = {.file = file, .line = 0, .column = 0},
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .rule = rule::path});
  }

  /// Never an empty desired set by mistake: it would look like a wish to have nothing.
  void no_manifest(std::string const& path) {
    findings_.push_back({.mark = {.file = path, .line = 0, .column = 0},
                         .message = "this folder holds no manifest",
                         .hint = "manifests end in .yaml, .yml or .json; hidden and excluded files are skipped",
                         .rule = rule::no_manifest});
  }

  void add(std::string const& name, std::string const& real) {
    reached_ = true;
    if (seen_.insert(real).second) found_.push_back(name);
  }

  /// Where a given path may lead: a project's own below its folder; a person's to what it says, and with a link no
  /// further than the project, or the folder that the link lies in.
  void confine(std::string const& path) {
    roots_ = {project_folder_};
    if (options_.paths_of_project) return;
    fs::path const written(path);
    bool const climbs = written.is_absolute() || path.starts_with("..");
    roots_.push_back(climbs ? real_path(written.parent_path()) : real_path("."));
  }

  /// Is it where it must not be read? The finding says so.
  bool leads_out(std::string const& path, std::string const& real) {
    if (std::ranges::any_of(roots_, [&](std::string const& root) { return lies_in(real, root); })) return false;
    refuse(path, fmt::format("leads out of {}, to {}", roots_.back(), real),
           options_.paths_of_project ? "manifests of a project lie below its folder; what lies elsewhere is given as a "
                                       "PATH on the command line"
                                     : "give the PATH that it leads to, or remove the link");
    return true;
  }

  /// What we write about a file must be readable again.
  bool unreadable_name(std::string const& path) {
    if (!text::invalid_utf8(path)) return false;
    refuse(text::printable(path), "its name is not UTF-8", "rename it");
    return true;
  }

  void given(std::string const& path) {
    confine(path);
    std::string const real = real_path(path);
    if (unreadable_name(path) || leads_out(path, real)) return;
    // What lies below a given folder is meant, wherever the folder is.
    roots_.push_back(real);
    auto const kind = files_.kind(path);
    if (!kind) return refuse(path, kind.error().message, kind.error().next);
    switch (*kind) {
      case FileKind::missing: return refuse(path, "there is no such file or folder", "check the path");
      case FileKind::other: return refuse(path, "is neither a file nor a folder", "use - to read from a pipe");
      case FileKind::folder: {
        reached_ = false;
        folder(path, 0);
        if (!reached_) no_manifest(path);
        return;
      }
      case FileKind::file: break;
    }
    if (real == project_file_)
      return refuse(path, "is the project file, not a manifest", "give the folder of the manifests");
    add(path, real);
  }

  void folder(fs::path const& path, int depth) {
    std::string const real = real_path(path);
    if (leads_out(path.string(), real)) return;
    if (!folders_.insert(real).second) {  // a loop of symbolic links, or a folder given twice
      reached_ |= depth == 0;
      return;
    }
    if (depth > deepest_folder)
      return refuse(path.string(), fmt::format("is nested deeper than {} folders", deepest_folder), {});
    auto const names = files_.list(path);
    if (!names) return refuse(path.string(), names.error().message, names.error().next);
    for (std::string const& name : *names) {
      if (name.starts_with('.')) continue;
      fs::path const inner = path == "." ? fs::path(name) : path / name;
      if (unreadable_name(inner.string())) continue;
      auto const kind = files_.kind(inner);
      if (!kind) {
        refuse(inner.string(), kind.error().message, kind.error().next);
      } else if (*kind == FileKind::folder) {
        folder(inner, depth + 1);
      } else if (is_manifest_name(name)) {
        file(inner.string(), *kind);
      }
    }
  }

  /// A file of a folder, whose name is a manifest's.
  void file(std::string const& path, FileKind kind) {
    std::string const real = real_path(path);
    if (is_excluded(real)) return;
    reached_ = true;
    if (kind != FileKind::file)
      refuse(path, kind == FileKind::missing ? "is a link to nothing" : "is not a regular file",
             "remove it, or exclude it in cpsctl.yaml");
    else if (!leads_out(path, real))
      add(path, real);
  }

  /// Whatever its letters' case: a file that another editor wrote as PAY.YAML is meant, and must not seem to be gone.
  static bool is_manifest_name(std::string_view name) {
    std::string const small = text::lower(name);
    return std::ranges::any_of(extensions, [&](std::string_view e) { return small.ends_with(e); });
  }

  bool is_excluded(std::string const& real) const {
    if (real == project_file_) return true;
    std::string const relative = fs::path(real).lexically_relative(project_folder_).generic_string();
    return std::ranges::any_of(options_.exclude,
                               [&](std::string const& glob) { return text::glob_matches(glob, relative); });
  }

  LoadOptions const& options_;
  Files& files_;
  Findings& findings_;
  std::string project_file_;
  std::string project_folder_;
  std::vector<std::string> roots_;  ///< real folders that the path at hand may lead to
  bool reached_ = false;            ///< the path at hand led to a file
  std::vector<std::string> found_;
  std::set<std::string> seen_;
  std::set<std::string> folders_;
};

}  // namespace

std::string normalised(std::string const& path) {
  if (path == "-") return path;
  std::string text = fs::path(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text.empty() ? "." : text;
}

std::string project_folder(std::string const& project_file) {
  // Where its name is: a configuration is often mounted as a link to one of its versions.
  fs::path const around = fs::path(project_file).parent_path();
  return real_path(around.empty() ? "." : around);
}

std::string recorded(std::string const& path, std::string const& project_folder) {
  if (path == "-") return path;
  std::error_code ignored;
  fs::path const whole = normalised((fs::current_path(ignored) / path).string());
  std::string const relative = whole.lexically_relative(project_folder).generic_string();
  bool const outside = relative.empty() || relative == ".." || relative.starts_with("../");
  return outside ? whole.string() : relative;
}

std::vector<std::string> find_files(LoadOptions const& options, Files& files, Findings& findings) {
  return Finder(options, files, findings).find();
}

}  // namespace cpsctl::manifest
