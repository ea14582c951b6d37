#include "hooks/hook.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::hooks {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_program = std::size_t{64} << 20;  // of the project: a script, or a small binary

Error refused(std::string message, std::string next) {
  return {.code = Errc::manifest, .message = std::move(message), .next = std::move(next)};
}

class Finder {
 public:
  Finder(Places const& places, Files& files)
      : folder_((fs::absolute(places.folder) / "").lexically_normal().parent_path()),
        inside_(real_path(folder_)),
        path_(places.path),
        files_(files) {}

  /// The path of the program that a word means. What it leads to is checked.
  Result<std::string> program(std::string const& word) const {
    CPS_TRY(fs::path const found, place_of(word));
    std::string const real = real_path(found);
    CPS_TRY(FileKind const kind, files_.kind(real));
    if (kind != FileKind::file)
      return refused(fmt::format("the program {} {}", text::printable(word),
                                 kind == FileKind::missing  ? "is not there"
                                 : kind == FileKind::folder ? "is a folder"
                                                            : "is not a file"),
                     "name a program: cpsctl help hooks says where they are looked for");
    if (is_ours(real)) return found.string();
    bool const meant_ours = lies_in(found.lexically_normal().string(), folder_.string());
    if (meant_ours)
      return refused(fmt::format("the program {} leads out of the project, to {}", text::printable(word), real),
                     "put it into the project's folder; a program of the machine is named by itself: vault, "
                     "/usr/local/bin/sign");
    bool const chosen_by_operator = word.find('/') == std::string::npos;  // whose PATH it is
    CPS_TRY(Ownership const whose, files_.ownership(real));
    if (!chosen_by_operator && (whose.owner == Owner::stranger || whose.others_write))
      return refused(fmt::format("somebody else could change the program {}", real),
                     "give it to root or to the user who runs cpsctl, and let nobody else write to it");
    return found.string();
  }

  /// The SHA-256 of each word that names a file of the project: of `python3 sign.py`, too, it is the script that
  /// counts.
  Result<std::map<std::string, std::string>> digests(std::vector<std::string> const& exec) const {
    std::map<std::string, std::string> all;
    for (std::size_t i = 0; i < exec.size(); ++i) {
      auto const place = i == 0 ? place_of(exec[i]) : Result<fs::path>(folder_ / exec[i]);
      if (!place) continue;
      std::string const real = real_path(*place);
      if (!is_ours(real)) continue;
      auto const kind = files_.kind(real);
      if (!kind || *kind != FileKind::file) continue;  // a word like any other
      CPS_TRY(std::string const bytes, files_.read(real, largest_program));
      all.emplace(exec[i], text::sha256_hex(bytes));
    }
    return all;
  }

 private:
  bool is_ours(std::string_view real) const { return lies_in(real, inside_) && real != inside_; }

  Result<fs::path> place_of(std::string const& word) const {
    if (word.find('/') != std::string::npos) {
      fs::path const place = (folder_ / word).lexically_normal();
      if (word.starts_with('/') || lies_in(place.string(), folder_.string())) return place;
      return refused(fmt::format("the program {} lies outside of the project", text::printable(word)),
                     "put it into the project's folder, or name a program of the machine by its whole path");
    }
    for (std::string_view const part : text::split(path_, ':')) {
      fs::path const place = fs::path(part) / word;
      if (!place.is_absolute()) continue;  // it would mean another program in each folder
      CPS_TRY(FileKind const kind, files_.kind(place));
      if (kind == FileKind::file && ::access(place.c_str(), X_OK) == 0) return place;
    }
    return refused(fmt::format("there is no program {} in PATH", text::printable(word)),
                   fmt::format("install it; one of the project is written ./{}", text::printable(word)));
  }

  fs::path folder_;
  std::string inside_;  ///< the folder, where links lead
  std::string path_;
  Files& files_;
};

}  // namespace

std::string Approved::fingerprint() const {
  return "sha256:" + text::sha256_hex(json::canonical(fields::document(*this)));
}

Result<Approved> approved_of(Kind kind, manifest::Program const& program, Places const& places, Files& files) {
  CPS_TRY(auto digests, Finder(places, files).digests(program.exec));
  return Approved{.kind = kind, .exec = program.exec, .config = program.config, .files = std::move(digests)};
}

Result<Hook> find_hook(Kind kind, std::string name, manifest::Program program, Places const& places, Files& files) {
  auto const failed = [&name](Error error) { return std::move(error).within(fmt::format("looking for {}", name)); };
  if (program.exec.empty()) return failed(refused("it names no program", "write exec: [PROGRAM]"));
  auto path = Finder(places, files).program(program.exec.front());
  if (!path) return failed(std::move(path).error());
  auto approved = approved_of(kind, program, places, files);
  if (!approved) return failed(std::move(approved).error());
  return Hook{.name = std::move(name),
              .program = std::move(program),
              .path = std::move(*path),
              .approved = std::move(*approved)};
}

}  // namespace cpsctl::hooks
