#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/command.hpp"
#include "cli/ids.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "manifest/write.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

namespace fs = std::filesystem;

struct Asked {
  std::string name = {};  ///< for the one enrollment of --id
  std::string out_dir = {};
  std::optional<std::string> id = {};  ///< as it was typed
};

/// What an import came to.
struct Imported {
  std::string folder = {};
  manifest::Written written = {};
  apply::ApplyResult taken = {};  ///< into the state
  plan::PlanView left = {};       ///< of the written manifests: what the next plan would do
};

/// What is written and not in the state.
std::vector<report::ResultRow> not_taken(Imported const& imported) {
  std::vector<report::ResultRow> rows = rows_of(imported.taken);
  std::erase_if(rows, [](report::ResultRow const& row) { return row.outcome == plan::Outcome::done; });
  for (report::ResultRow& row : rows) {
    if (row.message.empty()) row.message = "the run ended before its turn";
    // An import leaves alone what a manifest declares already.
    row.next = "cpsctl apply takes it into the state";
  }
  return rows;
}

struct ImportedName {
  std::string name = {};
  std::int64_t id = 0;
  std::string file = {};
};
BOOST_DESCRIBE_STRUCT(ImportedName, (), (name, id, file))
struct NotTaken {
  std::string name = {};
  std::int64_t id = 0;
  plan::Outcome outcome = plan::Outcome::skipped;
  std::string message = {};
  std::string next = {};
};
BOOST_DESCRIBE_STRUCT(NotTaken, (), (name, id, outcome, message, next))
struct ImportDocument {
  std::string folder = {};
  std::size_t profiles = 0;
  std::vector<ImportedName> enrollments = {};
  std::vector<manifest::WriteNote> notes = {};
  std::vector<NotTaken> not_taken = {};
  bool plan_is_empty = false;
};
BOOST_DESCRIBE_STRUCT(ImportDocument, (), (folder, profiles, enrollments, notes, not_taken, plan_is_empty))

json::Document document_of(Imported const& imported) {
  ImportDocument document{.folder = imported.folder,
                          .profiles = imported.written.profiles,
                          .notes = imported.written.notes,
                          .plan_is_empty = report::quiet(imported.left)};
  for (manifest::WrittenName const& one : imported.written.names)
    document.enrollments.push_back(
        {.name = one.name, .id = one.id, .file = (fs::path(imported.folder) / one.path).string()});
  for (report::ResultRow const& one : not_taken(imported))
    document.not_taken.push_back(
        {.name = one.name, .id = one.id, .outcome = one.outcome, .message = one.message, .next = one.next});
  return fields::versioned(document);
}

void text_of(Imported const& imported, report::Style const& style, std::ostream& out) {
  manifest::Written const& written = imported.written;
  for (manifest::WriteNote const& note : written.notes)
    screen::line(out, "? {} (id {}): {}{}{}", note.name, note.id, note.field.empty() ? "" : note.field + ": ",
                 text::printable(note.message), note.hint.empty() ? "" : "; " + note.hint);
  if (written.names.empty()) {
    screen::line(out, "Nothing to import: every enrollment is in the state, or described by a manifest that was read.");
    return;
  }
  screen::line(out, "Imported {} into {}: {}, {}.", text::counted(written.names.size(), "enrollment"), imported.folder,
               text::counted(written.files.size(), "file"), text::counted(written.profiles, "profile"));
  for (report::ResultRow const& one : not_taken(imported))
    screen::line(out, "! {} (id {}) is not in the state: {}; {}", one.name, one.id, text::printable(one.message),
                 one.next);
  if (report::quiet(imported.left))
    screen::line(out, "The plan is empty: the manifests say what CPS has.");
  else
    report::plan_text(imported.left, {}, style, out);
}

class Import {
 public:
  Import(Asked const& asked, Options const& options, std::optional<std::int64_t> only, Account& account, World& world)
      : asked_(asked), options_(options), only_(only), account_(account), settings_(account.settings()), world_(world) {
    bool const named = !settings_.project.manifests.empty();
    std::string const usual = named ? settings_.project.manifests.front() : "manifests";
    folder_ = asked_.out_dir.empty() ? usual : asked_.out_dir;
  }

  Result<Imported> run() {
    CPS_CHECK(check_stays("--out-dir", folder_));
    CPS_TRY(manifest::Loaded existing, load_existing());
    CPS_CHECK(account_.connect());
    CPS_CHECK(account_.open("cpsctl import"));
    std::vector<manifest::Desired> manifests = existing.desired;
    Connection const& connection = account_.connection();
    account_name_ = connection.default_account;
    account_key_ = account_name_ == connection.own_account ? "" : account_name_;
    for (manifest::Desired& one : manifests)
      if (one.account_key.empty() || one.account_key == account_name_) one.account_key = account_key_;
    plan::Inputs known = account_.inputs(std::move(existing));
    known.rebuild = true;
    list_too(settings_.selection.contracts, account_name_, known);
    known.selection = {};
    CPS_TRY(plan::Inputs inputs, account_.ask(std::move(known)));

    Imported imported{.folder = folder_};
    CPS_TRY(std::vector<manifest::Found> const found, unmanaged(inputs));
    if (found.empty()) return imported;
    CPS_TRY(imported.written, manifest::write_manifests(found, write_options(inputs, manifests)));
    CPS_CHECK(write_files(imported.written));
    CPS_TRY(inputs.desired, read_back(imported.written));
    CPS_TRY(imported.taken, take_over(imported.written, inputs));
    inputs.entries = account_.contents().entries;
    inputs.rebuild = false;
    inputs.only.emplace();
    for (manifest::Desired const& one : inputs.desired) inputs.only->insert(one.name);
    CPS_TRY(plan::Plan const left, plan::make_plan(inputs));
    imported.left = plan::view(left);
    return imported;
  }

 private:
  /// The project's manifests as far as there are any yet: what they declare is not imported a second time.
  Result<manifest::Loaded> load_existing() {
    std::vector<std::string> paths;
    for (std::string const& path :
         settings_.project.manifests.empty() ? std::vector<std::string>{"manifests"} : settings_.project.manifests)
      if (holds_something(path)) paths.push_back(path);
    if (std::ranges::count(paths, folder_) == 0 && holds_something(folder_)) paths.push_back(folder_);
    if (paths.empty()) return manifest::Loaded{};
    return load(std::move(paths), "the manifests that are there already");
  }

  bool holds_something(std::string const& path) {
    auto const kind = world_.files.kind(path);
    if (!kind || *kind == FileKind::missing) return false;
    if (*kind != FileKind::folder) return true;
    auto const names = world_.files.list(path);
    return names && std::ranges::any_of(*names, [](std::string const& name) { return !name.starts_with('.'); });
  }

  Result<manifest::Loaded> load(std::vector<std::string> paths, std::string const& what) {
    Settings settings = settings_;
    settings.paths = std::move(paths);
    manifest::Loaded loaded = load_manifests(settings, world_);
    if (!has_errors(loaded.findings)) return loaded;
    print_findings(loaded.findings, options_.global, world_);
    return Error{
        .code = Errc::manifest, .message = what + " have errors", .next = "fix them, and run the import again"};
  }

  /// What the contracts have and neither the state nor a manifest knows; with --id only that one.
  Result<std::vector<manifest::Found>> unmanaged(plan::Inputs const& inputs) const {
    CPS_TRY(plan::Plan const plan, plan::make_plan(inputs));
    std::set<std::int64_t> const managed = managed_ids(inputs, plan);
    std::vector<manifest::Found> found;
    for (auto const& [scope, listing] : inputs.listings) {
      bool const asked_for = std::ranges::count(settings_.selection.contracts, scope.second) > 0;
      if (scope.first != account_name_ || !asked_for) continue;
      for (cps::Live const& live : listing.enrollments)
        if (!managed.contains(live.id.value) && (!only_ || *only_ == live.id.value))
          found.push_back({.id = live.id.value,
                           .contract = scope.second,
                           .account_key = account_key_,
                           .api_schema = listing.api_schema,
                           .document = live.document});
    }
    if (!only_ || !found.empty()) return found;
    return usage(managed.contains(*only_) ? fmt::format("enrollment {} is managed already", *only_)
                                          : fmt::format("contract {} has no enrollment {}",
                                                        fmt::join(settings_.selection.contracts, ", "), *only_),
                 fmt::format("see: cpsctl status --unmanaged --contract {}",
                             fmt::join(settings_.selection.contracts, " --contract ")));
  }

  manifest::WriteOptions write_options(plan::Inputs const& inputs,
                                       std::vector<manifest::Desired> const& existing) const {
    manifest::WriteOptions options{.default_schema = settings_.api_schema, .existing = existing};
    for (auto const& [name, entry] : inputs.entries) options.taken_names.insert(name);
    if (only_) {
      options.names.emplace(*only_, asked_.name);
      options.factor = manifest::Factor::no;
    }
    if (auto const names = world_.files.list(folder_)) options.taken_files.insert(names->begin(), names->end());
    return options;
  }

  Result<> write_files(manifest::Written const& written) const {
    CPS_CHECK(world_.files.make_folders(folder_));
    for (manifest::WrittenFile const& file : written.files)
      CPS_CHECK(world_.files.publish(fs::path(folder_) / file.path, file.text));
    return {};
  }

  Result<std::vector<manifest::Desired>> read_back(manifest::Written const& written) {
    std::vector<std::string> paths;
    for (manifest::WrittenFile const& file : written.files) paths.push_back((fs::path(folder_) / file.path).string());
    CPS_TRY(manifest::Loaded loaded, load(std::move(paths), "the manifests that were written"));
    return std::move(loaded.desired);
  }

  Result<apply::ApplyResult> take_over(manifest::Written const& written, plan::Inputs const& inputs) {
    std::map<std::string, std::int64_t> ids;
    for (manifest::WrittenName const& one : written.names) ids.emplace(one.name, one.id);
    CPS_TRY(plan::Plan const plan, plan::take_over(inputs, ids));
    plan::PlanView const seen = plan::view(plan);
    return account_.carry_out(plan, seen, inputs.listings, {}, Progress::silent);  // the document says it all
  }

  Asked const& asked_;
  Options const& options_;
  std::optional<std::int64_t> only_;  ///< --id
  Account& account_;
  Settings const& settings_;
  World& world_;
  std::string folder_;
  std::string account_name_ = {};  ///< whose contracts are imported
  std::string account_key_ = {};   ///< that manifests must name for it; empty: it is the credentials' own
};

/// cpsctl import: manifests for what exists, taken into the state; ends with an empty plan, or says what differs.
Result<Exit> run(Asked const& asked, Options const& options, World& world) {
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    if (asked.name.empty() != !asked.id)
      return usage("a NAME and --id belong together: they import one enrollment", "see: cpsctl help import");
    std::optional<std::int64_t> only;
    if (asked.id) {
      CPS_TRY(only, enrollment_id("--id", *asked.id, options.selection.contracts));
    }
    CPS_CHECK(account.read_settings());
    CPS_TRY(Imported const imported, Import(asked, options, only, account, world).run());
    Product const product{.text = [&](std::ostream& out, report::Style const& style) { text_of(imported, style, out); },
                          .json = [&] { return document_of(imported); }};
    if (auto const& error = imported.taken.error) say(*error, options.global, world);
    Exit const taken = exit_of(imported.taken);
    Exit const differs = report::quiet(imported.left) ? Exit::done : Exit::failed;
    return account.signals().exit_or(delivered(product, taken == Exit::done ? differs : taken, options.global, world));
  });
}

}  // namespace

Command import_command() {
  return {.name = "import",
          .what = "Write manifests for what exists at CPS",
          .examples = {{{"cpsctl import --contract 1-1TJZH5 --out-dir imported", "all of a contract"},
                        {"cpsctl import --contract 1-1TJZH5 -o json", "into the project, with a list as JSON"},
                        {"cpsctl import --sandbox --contract 1-1TJZH5", "from the sandbox"}}},
          .works = Works::changing_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({"NAME", "name for the one enrollment of --id"}, asked->name);
            flags.add({"--id", "only this enrollment", "ID"}, asked->id);
            flags.require({"--contract", "only this contract; repeatable", "ID", Names::contracts},
                          options.selection.contracts);
            flags.add({"--out-dir", "folder for the manifests (default: the project's)", "DIR", Names::folders},
                      asked->out_dir);
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
