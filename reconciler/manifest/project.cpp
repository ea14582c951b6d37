#include "manifest/project.hpp"

#include "base/files.hpp"
#include "manifest/document.hpp"
#include "manifest/rules.hpp"
#include "manifest/yaml.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::manifest {
namespace {

namespace fs = std::filesystem;

constexpr char const* file_name = "cpsctl.yaml";
constexpr std::size_t project_limit = std::size_t{1} << 20;

std::string folder_of(fs::path const& file) {
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

/// Whoever can put a file into a folder above a project would choose account and limits for it.
Result<> check_owner(fs::path const& file, Files& files) {
  CPS_TRY(Ownership const found, files.ownership(file));
  if (found.owner != Owner::stranger) return {};
  return Error{.code = Errc::manifest,
               .message = fmt::format("{} belongs to another user", file.string()),
               .next = fmt::format("if it is the one you mean, say so: --config {} (or CPSCTL_CONFIG); ls -l shows "
                                   "whose it is",
                                   file.string())};
}

/// Does a project end at this folder, so that what lies above it is somebody else's?
bool ends_at(fs::path const& folder, fs::path const& home, Files& files) {
  if (!folder.has_relative_path() || folder == home) return true;
  auto const checkout = files.kind(folder / ".git");
  auto const here = files.ownership(folder);
  auto const above = files.ownership(folder.parent_path());
  if (!checkout || !here || !above) return true;  // what cannot be looked at is not ours
  return *checkout != FileKind::missing || here->device != above->device;
}

/// The nearest project file at the source's folder or above it. The path is relative when the folder is the working
/// directory: so it reads better, and states that record it survive a move of the project.
Result<std::optional<fs::path>> search(ProjectSource const& source, Files& files) {
  std::error_code ignored;
  fs::path const& folder = source.folder;
  bool const here = folder.empty() || folder == "." || folder == fs::current_path(ignored);
  fs::path const start = fs::absolute(folder.empty() ? "." : folder, ignored).lexically_normal();
  fs::path const home = source.home.empty() ? fs::path() : fs::weakly_canonical(source.home, ignored);
  for (fs::path at = start;; at = at.parent_path()) {
    CPS_TRY(FileKind const kind, files.kind(at / file_name));
    bool const dangles = kind == FileKind::missing && fs::is_symlink(at / file_name, ignored);
    if (dangles || kind == FileKind::folder || kind == FileKind::other)
      return Error{.code = Errc::manifest,
                   .message = fmt::format("{} is {}", (at / file_name).string(),
                                          dangles ? "a link to nothing" : "not a regular file"),
                   .next = "remove it: what it should say about limits and guards would not hold"};
    if (kind == FileKind::file) {
      fs::path const found = here ? (at / file_name).lexically_relative(start) : at / file_name;
      CPS_CHECK(check_owner(found, files));
      return std::optional(found);
    }
    if (ends_at(at, home, files)) return std::optional<fs::path>();
  }
}

/// Reads values of a checked document; what has another type than wanted is not there.
class Settings {
 public:
  Settings(json::Value const& document, std::string folder) : document_(document), folder_(std::move(folder)) {}

  std::optional<std::string> text(std::string_view pointer) const {
    json::Value const* const value = json::at(document_, pointer);
    if (value != nullptr && value->IsInt64()) return fmt::format("{}", value->GetInt64());
    return value != nullptr && value->IsString() ? std::optional(std::string(json::view(*value))) : std::nullopt;
  }
  std::optional<std::int64_t> number(std::string_view pointer) const {
    json::Value const* const value = json::at(document_, pointer);
    return value != nullptr && value->IsInt64() ? std::optional(value->GetInt64()) : std::nullopt;
  }
  std::vector<std::string> texts(std::string_view pointer) const {
    std::vector<std::string> all;
    json::Value const* const list = json::at(document_, pointer);
    if (list == nullptr || !list->IsArray()) return all;
    for (json::Value const& element : list->GetArray())
      if (element.IsString()) all.emplace_back(json::view(element));
    return all;
  }
  /// A path of the file: relative ones begin at its folder. "~/" is left to those who know the home folder.
  std::string resolved(std::string const& path) const {
    bool const stays = path.empty() || path.starts_with('/') || path.starts_with('~') || path == "-" || folder_ == ".";
    return stays ? path : (fs::path(folder_) / path).string();
  }
  std::optional<std::string> path(std::string_view pointer) const {
    auto written = text(pointer);
    return written ? std::optional(resolved(*written)) : std::nullopt;
  }
  Programs programs(std::string_view pointer) const {
    Programs all;
    json::Value const* const map = json::at(document_, pointer);
    if (map == nullptr || !map->IsObject()) return all;
    for (auto const& member : map->GetObject())
      all.emplace(json::view(member.name), program(json::child(pointer, json::view(member.name))));
    return all;
  }
  /// Each with the first of its kinds; that it has one alone is another's to check.
  Publishers publishers(std::string_view pointer) const {
    Publishers all;
    json::Value const* const map = json::at(document_, pointer);
    if (map == nullptr || !map->IsObject()) return all;
    for (auto const& member : map->GetObject())
      all.emplace(json::view(member.name), publisher(json::child(pointer, json::view(member.name))));
    return all;
  }

 private:
  Publisher publisher(std::string const& pointer) const {
    Publisher publisher{.zones = texts(pointer + "/zones")};
    for (std::string& zone : publisher.zones)
      if (zone.ends_with('.')) zone.pop_back();
    auto const has = [&](char const* kind) { return json::at(document_, pointer + kind) != nullptr; };
    if (has("/rfc2136"))
      publisher.kind = Rfc2136Server{.server = text(pointer + "/rfc2136/server").value_or(""),
                                     .key = text(pointer + "/rfc2136/key").value_or("")};
    else if (has("/edgeDns"))
      publisher.kind = EdgeDns();
    else if (has("/webroot"))
      publisher.kind = Webroot{.folder = text(pointer + "/webroot/folder").value_or("")};
    else
      publisher.kind = program(pointer);
    return publisher;
  }

  Program program(std::string const& pointer) const {
    Program program{.exec = texts(pointer + "/exec")};
    if (auto const timeout = parse_duration(text(pointer + "/timeout").value_or(""))) program.timeout = *timeout;
    program.parallelism = number(pointer + "/parallelism").value_or(program.parallelism);
    if (json::Value const* const config = json::at(document_, pointer + "/config"); !json::absent(config))
      program.config = json::share(*config);
    return program;
  }

  json::Value const& document_;
  std::string folder_;
};

Project project_of(json::Value const& document, std::string const& file) {
  Settings const settings(document, folder_of(file));
  Project project{.file = file, .folder = folder_of(file)};
  for (std::string const& path : settings.texts("/spec/manifests"))
    project.manifests.push_back(settings.resolved(path));
  project.exclude = settings.texts("/spec/exclude");
  project.state = settings.path("/spec/state");
  project.section = settings.text("/spec/credentials/section");
  project.env = settings.texts("/spec/env");
  project.schema = settings.text("/spec/api/schema");
  project.limits = settings.texts("/spec/api/limits");
  project.reserve = settings.number("/spec/api/reserve");
  project.budget_group = settings.text("/spec/api/budgetGroup");
  project.parallelism = settings.number("/spec/api/parallelism");
  project.timeout = settings.text("/spec/api/timeout");
  project.settle = settings.text("/spec/api/settle");
  project.create_spacing = settings.text("/spec/api/createSpacing");
  project.max_list_bytes = settings.text("/spec/api/maxListBytes");
  project.max_deletes = settings.number("/spec/guard/maxDeletes");
  project.max_changes = settings.text("/spec/guard/maxChanges");
  project.signers = settings.programs("/spec/signers");
  project.publishers = settings.publishers("/spec/publishers");
  return project;
}

/// What a schema cannot say: each is of one kind, knows its zones if it writes into them, and shares its name with no
/// signer, as variables are granted by name. Pointers, and what is wrong there.
std::vector<std::pair<std::string, std::string>> publisher_problems(json::Value const& document) {
  std::vector<std::pair<std::string, std::string>> problems;
  json::Value const* const map = json::at(document, "/spec/publishers");
  if (map == nullptr || !map->IsObject()) return problems;
  for (auto const& member : map->GetObject()) {
    std::string const name(json::view(member.name));
    std::string const pointer = json::child("/spec/publishers", name);
    auto const has = [&](char const* what) { return json::at(document, pointer + what) != nullptr; };
    auto const kinds = std::ranges::count_if(std::array{"/rfc2136", "/edgeDns", "/webroot", "/exec"}, has);
    if (kinds != 1)
      problems.emplace_back(pointer,
                            fmt::format("the publisher {} is of {} kinds", name, kinds == 0 ? "no" : "several"));
    if (has("/rfc2136") && !has("/zones"))
      problems.emplace_back(pointer, fmt::format("the publisher {} does not say which zones it writes", name));
    if (json::at(document, json::child("/spec/signers", name)) != nullptr)
      problems.emplace_back(pointer, fmt::format("a signer is called {}, too", name));
  }
  return problems;
}

/// More than one is wrong already.
std::vector<Tree> trees_of(std::string const& file, std::string_view bytes, Findings& findings) {
  std::vector<Tree> trees;
  each_chunk(file, bytes, findings, [&](Chunk const& chunk) {
    for (Tree& tree : parse_yaml(chunk, findings)) trees.push_back(std::move(tree));
    return trees.size() <= 1;
  });
  return trees;
}

Result<> read_settings(std::string const& file, std::string_view bytes, LoadedProject& loaded, Findings& findings) {
  auto const trees = trees_of(file, bytes, findings);
  auto const report = [&](Mark mark, char const* rule, std::string path, std::string message, std::string hint) {
    findings.push_back({.mark = std::move(mark),
                        .path = std::move(path),
                        .message = std::move(message),
                        .hint = std::move(hint),
                        .rule = rule});
  };
  if (trees.empty() && findings.size() == 0)
    report({.file = file, .line = 0, .column = 0}, rule::no_manifest, "", "the project file is empty",
           "write apiVersion: cpsctl.dev/v1 and kind: Project");
  if (trees.size() > 1)
    report(trees[1].mark(0), rule::separator, "", "a project file is one document", "remove this one");
  if (trees.empty()) return {};

  CPS_TRY(auto const schema, schema::named("project"));
  std::set<std::string> const no_names;
  std::function<std::optional<std::string>(std::string const&)> const no_values;
  Document const document = typed_document(
      trees[0], schema->root(), [](std::string const&, schema::Field const* field) { return field; },
      {.allowed = no_names, .get = no_values}, findings);
  report_problems(schema::check(document.value, schema->root(), {}), document, document.marks, "", findings);
  loaded.project = project_of(document.value, file);
  for (auto const& [pointer, message] : publisher_problems(document.value))
    report(document.marks.nearest(pointer, false), rule::publisher, json::dotted(pointer), message,
           "write one of rfc2136, edgeDns, webroot and exec for each publisher, and zones for those of DNS");
  if (auto const& version = loaded.project.schema; version && !schema::enrollment(*version))
    report(document.marks.nearest("/spec/api/schema", false), rule::malformed, "spec.api.schema",
           fmt::format("there is no api schema \"{}\"", *version),
           fmt::format("write one of {}", fmt::join(schema::enrollment_versions(), ", ")));
  return {};
}

}  // namespace

Result<LoadedProject> load_project(ProjectSource const& source, Files& files) {
  LoadedProject loaded;
  loaded.project.folder = ".";
  std::optional<fs::path> found;
  if (!source.file.empty()) {
    found = source.file;
  } else {
    CPS_TRY(found, search(source, files));
  }
  if (!found) return loaded;
  std::string const name = found->string();
  loaded.project.file = name;
  loaded.project.folder = folder_of(*found);
  // What is elsewhere may be a secret, and findings quote the file.
  if (std::string const real = real_path(*found), folder = real_path(folder_of(*found)); !lies_in(real, folder))
    return Error{.code = Errc::manifest,
                 .message = fmt::format("the project file {} leads out of {}, to {}", name, folder, real),
                 .next = "remove the link; if that file is the one you mean, name it itself: --config FILE"};
  auto const bytes = files.read(*found, project_limit);
  if (!bytes) {
    Error error = bytes.error();
    if (error.next.empty())
      error.next =
          "check --config and CPSCTL_CONFIG; without them cpsctl.yaml is looked for in this folder and above it";
    return std::move(error).within("reading the project file");
  }
  try {
    Findings findings;
    CPS_CHECK(read_settings(name, *bytes, loaded, findings));
    loaded.findings = findings.take();
  } catch (std::exception const& error) {
    return Error{.code = Errc::internal, .message = fmt::format("reading {} failed: {}", name, error.what())};
  }
  return loaded;
}

}  // namespace cpsctl::manifest
