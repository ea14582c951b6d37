#include "manifest/load.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "manifest/foreign.hpp"
#include "manifest/lifecycle.hpp"
#include "manifest/paths.hpp"
#include "manifest/profiles.hpp"
#include "manifest/rules.hpp"
#include "manifest/yaml.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <istream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::manifest {
namespace {

constexpr std::string_view enrollment_at = "/spec/enrollment";
constexpr std::string_view lifecycle_at = "/spec/lifecycle";
constexpr std::size_t merged_values = 500'000;   // that all profiles together may lay under enrollments,
constexpr std::size_t merged_values_each = 300;  // and so many more for each of them
constexpr std::string_view our_group = "cpsctl.dev/";

std::string_view scalar(Tree const& tree, NodeId id) {
  return id != no_node && tree.is_scalar(id) ? tree.text(id) : std::string_view{};
}

/// At most `file_limit` bytes and a few more, so that too much is seen as such.
std::string read_stream(std::istream& in) {
  std::string bytes;
  std::array<char, 65536> block;
  while (bytes.size() <= file_limit && in) {
    in.read(block.data(), block.size());
    bytes.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  return bytes;
}

class Loader {
 public:
  Loader(LoadOptions const& options, Files& files, Loaded& out, Findings& findings)
      : options_(options),
        files_(files),
        out_(out),
        findings_(findings),
        project_folder_(project_folder(options.project_file)),
        environment_{options.allowed_env, options.env, options.is_secret} {}

  /// The passes, in order: files to trees, profiles, enrollments, then what only shows between them.
  void run() {
    for (std::string const& path : options_.paths) out_.paths.push_back(recorded(path, project_folder_));
    auto const manifest = schema::named("manifest");
    if (!manifest) return internal(manifest.error());
    manifest_ = *manifest;
    for (std::string const& file : find_files(options_, files_, findings_)) read(file);
    for (Tree const& tree : profile_trees_) profile(tree);
    out_.profiles = profiles_.size();
    out_.profile_names = profiles_.names();
    std::vector<Profiles::Chosen> chosen;
    chosen.reserve(enrollment_trees_.size());
    for (Tree const& tree : enrollment_trees_) chosen.push_back(profiles_.choose(tree, findings_));
    if (!can_be_merged(chosen)) return;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (is_read_on(enrollment_trees_[i].file)) enrollment(enrollment_trees_[i], chosen[i]);
    std::ranges::sort(out_.desired, {}, &Desired::name);
    check_rules_between(out_.desired, findings_);
  }

 private:
  void internal(Error const& error) {
    findings_.push_back({.mark = {.line = 0, .column = 0}, .message = describe(error), .hint = error.next});
  }

  void report(Mark mark, std::string path, char const* rule, std::string message, std::string hint) {
    findings_.push_back({.mark = std::move(mark),
                         .path = std::move(path),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .rule = rule});
  }

  /// No longer, once the file has so many errors that nobody wants more.
  bool is_read_on(std::string const& file) {
    if (!findings_.full(file)) return true;
    findings_.give_up(file);
    return false;
  }

  void read(std::string const& file) {
    ++out_.files;
    std::string bytes;
    if (file == "-") {
      if (options_.input != nullptr) bytes = read_stream(*options_.input);
    } else {
      auto content = files_.read(file, file_limit);
      if (!content)
        return report({.file = file, .line = 0, .column = 0}, "", rule::path, content.error().message,
                      content.error().next);
      bytes = std::move(*content);
    }
    if (auto const found = foreign_text(bytes))
      return report({.file = file, .line = found->line}, "", rule::foreign_document, found->what, found->next);
    std::size_t const before = findings_.size();
    std::size_t documents = 0;
    each_chunk(file, bytes, findings_, [&](Chunk const& chunk) {
      if (!is_read_on(file)) return false;
      for (Tree& tree : parse_yaml(chunk, findings_)) {
        ++documents;
        sort_in(std::move(tree));
      }
      return true;
    });
    if (documents == 0 && findings_.size() == before)
      report({.file = file, .line = 0, .column = 0}, "", rule::no_manifest, "this file holds no manifest",
             "write a document with apiVersion: cpsctl.dev/v1 and a kind, or remove the file");
  }

  /// Is the document one of ours, and which kind?
  void sort_in(Tree tree) {
    if (tree.at(0).kind != Kind::map) {
      if (auto const found = foreign_document(tree))
        return report(tree.mark(0), "", rule::foreign_document, found->what, found->next);
      std::string_view const text = scalar(tree, 0);
      bool const glued = text.find(':') != std::string_view::npos;
      return report(tree.mark(0), "", rule::wrong_type,
                    fmt::format("a document must be a map of fields, this is {}",
                                tree.at(0).kind == Kind::sequence ? "a list" : "a text"),
                    glued ? "write a space after ':'" : "begin with apiVersion: cpsctl.dev/v1");
    }
    std::string_view const version = scalar(tree, tree.find(0, "apiVersion"));
    std::string_view const kind = scalar(tree, tree.find(0, "kind"));
    if (!version.starts_with(our_group)) return foreign(tree, version, kind);
    if (kind == "Project" && std::filesystem::path(tree.file).filename() == "cpsctl.yaml") return;
    if (kind == "Profile")
      profile_trees_.push_back(std::move(tree));
    else
      enrollment_trees_.push_back(std::move(tree));
  }

  void foreign(Tree const& tree, std::string_view version, std::string_view kind) {
    NodeId const place = tree.find(0, "apiVersion");
    std::string message = "this is not a cpsctl.dev/v1 document: ";
    message += version.empty() ? std::string("it has no apiVersion")
                               : fmt::format("its apiVersion is \"{}\"", text::excerpt(version, 60));
    bool const ours = kind == "Enrollment" || kind == "Profile";
    if (auto const found = !version.empty() || ours || kind == "Plan" ? std::nullopt : foreign_document(tree))
      return report(tree.mark(0), "", rule::foreign_document, found->what, found->next);
    report(tree.mark(place == no_node ? 0 : place), place == no_node ? "" : "apiVersion", rule::foreign_document,
           std::move(message),
           kind == "Plan"            ? "a saved plan is carried out with cpsctl apply --plan FILE"
           : ours || version.empty() ? "add apiVersion: cpsctl.dev/v1, or list the file under exclude: in cpsctl.yaml"
                                     : "move the file away, or list it under exclude: in cpsctl.yaml");
  }

  /// The schema of spec.enrollment for a version word; an unknown word gets a finding, and the newest schema serves.
  std::shared_ptr<schema::Schema const> enrollment_schema(std::string const& version, Tree const& tree) {
    auto found = schema::enrollment(version);
    if (found) return *found;
    NodeId const place = tree.find(tree.find(0, "spec"), "apiSchema");
    bool const default_is_wrong = place == no_node && version == options_.default_schema;
    if (default_is_wrong)
      report({.file = options_.project_file.empty() ? tree.file : options_.project_file, .line = 0, .column = 0},
             "spec.api.schema", rule::malformed, fmt::format("there is no api schema \"{}\"", version),
             fmt::format("write one of {}", fmt::join(schema::enrollment_versions(), ", ")));
    else if (place != no_node && scalar(tree, place) == version)
      report(tree.mark(place), "spec.apiSchema", rule::malformed,
             fmt::format("there is no api schema \"{}\"", text::excerpt(version, 20)),
             fmt::format("write one of {}", fmt::join(schema::enrollment_versions(), ", ")));
    return newest();
  }

  static std::shared_ptr<schema::Schema const> newest() {
    auto const versions = schema::enrollment_versions();
    return schema::enrollment(versions.back()).value();
  }

  Document typed(Tree const& tree, schema::Schema const& enrollment) {
    auto const choose = [&](std::string const& pointer, schema::Field const* field) {
      return pointer == enrollment_at ? &enrollment.root() : field;
    };
    Document document = typed_document(tree, manifest_->root(), choose, environment_, findings_);
    out_.variables.insert(document.variables.begin(), document.variables.end());
    report_problems(schema::check(document.value, manifest_->root(), {}), document, document.marks, "", findings_);
    return document;
  }

  void profile(Tree const& tree) {
    auto made = std::make_unique<Profile>();
    NodeId const spec = tree.find(0, "spec");
    made->name = scalar(tree, tree.find(tree.find(0, "metadata"), "name"));
    made->api_schema = scalar(tree, tree.find(spec, "apiSchema"));
    auto const schema = made->api_schema.empty() ? newest() : enrollment_schema(made->api_schema, tree);
    made->document = typed(tree, *schema);
    Marks const& marks = made->document.marks;
    made->mark = marks.nearest("/metadata/name", false);
    if (auto const nested = marks.keys.find("/spec/profiles"); nested != marks.keys.end())
      report(nested->second, "spec.profiles", rule::nested_profile, "a profile cannot build on other profiles",
             "list them one after the other in spec.profiles of the enrollment");
    if (json::Value const* const part = json::at(made->document.value, enrollment_at); part != nullptr)
      report_problems(
          schema::check(*part, schema->root(), {.completeness = schema::Completeness::partial}, enrollment_at),
          made->document, marks, "", findings_);
    if (!made->name.empty()) profiles_.add(std::move(made), findings_);
  }

  /// What profiles repeat grows with the product of their size and the enrollments' number. That is bounded, as what
  /// aliases repeat is: by far more than anybody needs.
  bool can_be_merged(std::vector<Profiles::Chosen> const& all) {
    std::size_t const most = merged_values + merged_values_each * all.size();
    std::size_t values = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      values += all[i].values;
      if (values <= most) continue;
      Tree const& tree = enrollment_trees_[i];
      NodeId const list = tree.find(tree.find(0, "spec"), "profiles");
      report(
          tree.mark(list == no_node ? 0 : list), "spec.profiles", rule::too_much,
          fmt::format("the profiles of {} repeat more than {} values", text::counted(all.size(), "enrollment"), most),
          "write long lists in the enrollments that need them");
      return false;
    }
    return true;
  }

  void enrollment(Tree const& tree, Profiles::Chosen const& chosen) {
    std::string version(scalar(tree, tree.find(tree.find(0, "spec"), "apiSchema")));
    if (version.empty()) version = chosen.api_schema();
    if (version.empty()) version = options_.default_schema;
    auto const schema = enrollment_schema(version, tree);
    Document const own = typed(tree, *schema);
    Document const whole = merged(own, chosen);
    check_whole(own, whole, chosen, *schema);
    if (scalar(tree, tree.find(0, "kind")) != "Enrollment") return;  // the schema checker has said it
    Desired desired = make_desired(tree, own, whole);
    desired.api_schema = version;
    if (desired.enrollment != nullptr) desired.refusals = check_rules(desired, chosen.complete, findings_);
    check_deploy(whole, desired);
    check_lifecycle(whole, desired);
    if (!desired.name.empty() && is_new_name(desired) && !desired.contract.empty() && desired.enrollment != nullptr)
      out_.desired.push_back(std::move(desired));
  }

  /// spec.enrollment with the profiles under it, and what a whole spec cannot lack.
  void check_whole(Document const& own, Document const& whole, Profiles::Chosen const& chosen,
                   schema::Schema const& schema) {
    std::string lacking;
    if (!chosen.profiles.empty())
      lacking =
          fmt::format(", also in the {} {}", chosen.profiles.size() == 1 ? "profile" : "profiles", chosen.names());
    bool const has_spec = json::find(own.value, "spec") != nullptr && json::find(own.value, "spec")->IsObject();
    for (std::string_view const field : {"contractId", "enrollment"}) {
      if (!has_spec || !chosen.complete || json::at(whole.value, json::child("/spec", field)) != nullptr) continue;
      report(own.marks.nearest("/spec", true), "spec", rule::missing_field,
             fmt::format("the required field \"{}\" is missing{}", field, lacking),
             field == "contractId" ? "add it: a contract id such as 1-1TJZH5" : "add it: CPS's enrollment");
    }
    json::Value const* const part = json::at(whole.value, enrollment_at);
    if (part == nullptr) return;
    if (!part->IsObject() && own.marks.values.contains(enrollment_at)) return;  // the manifest's schema has said it
    auto const completeness = chosen.complete ? schema::Completeness::whole : schema::Completeness::partial;
    report_problems(schema::check(*part, schema.root(), {.completeness = completeness}, enrollment_at), whole,
                    own.marks, lacking, findings_);
  }

  Desired make_desired(Tree const& tree, Document const& own, Document const& whole) {
    Desired desired;
    desired.source = recorded(tree.file, project_folder_);
    desired.mark = own.marks.nearest("/metadata/name", false);
    desired.name = json::text_or(json::at(own.value, "/metadata/name"), "");
    if (auto const* const labels = json::at(own.value, "/metadata/labels"); labels != nullptr && labels->IsObject())
      for (auto const& label : labels->GetObject())
        desired.labels.emplace(json::view(label.name), json::text_or(&label.value, ""));
    desired.contract = contract(whole);
    desired.account_key = json::text_or(json::at(whole.value, "/spec/accountSwitchKey"), "");
    if (auto const* const part = json::at(whole.value, enrollment_at); part != nullptr && part->IsObject())
      desired.enrollment = json::share(*part);
    for (auto const& [pointer, mark] : whole.marks.values)
      if (pointer.starts_with(enrollment_at)) desired.marks.emplace(pointer.substr(enrollment_at.size()), mark);
    desired.deploy = {.not_before = day(whole, "/spec/deploy/notBefore"),
                      .not_after = day(whole, "/spec/deploy/notAfter")};
    desired.lifecycle = lifecycle_from(json::at(whole.value, lifecycle_at));
    return desired;
  }

  std::string contract(Document const& whole) {
    constexpr std::string_view prefix = "ctr_";
    std::string_view id = json::text_or(json::at(whole.value, "/spec/contractId"), "");
    if (!id.starts_with(prefix)) return std::string(id);
    id.remove_prefix(prefix.size());
    if (id.empty())
      report(whole.marks.nearest("/spec/contractId", false), "spec.contractId", rule::malformed,
             "there is nothing after ctr_", "write a contract id such as 1-1TJZH5");
    return std::string(id);
  }

  static std::optional<Day> day(Document const& whole, std::string_view pointer) {
    auto const parsed = parse_day(json::text_or(json::at(whole.value, pointer), ""));
    return parsed ? std::optional(*parsed) : std::nullopt;
  }

  void check_deploy(Document const& whole, Desired const& desired) {
    if (desired.deploy.has_a_day()) return;
    report(whole.marks.nearest("/spec/deploy/notAfter", false), "spec.deploy.notAfter", rule::deploy_window,
           fmt::format("{} lies before notBefore, {}", day_text(*desired.deploy.not_after),
                       day_text(*desired.deploy.not_before)),
           "write a notAfter on or after notBefore");
  }

  void check_lifecycle(Document const& whole, Desired const& desired) {
    for (LifecycleProblem const& problem : lifecycle_problems(desired.lifecycle)) {
      std::string const pointer = std::string(lifecycle_at) + problem.pointer;
      report(whole.marks.nearest(pointer, false), json::dotted(pointer), problem.rule, problem.message, problem.hint);
    }
    std::string const& signer = desired.lifecycle.certificate.signer;
    if (!signer.empty())
      check_named(whole, "/certificate/signer", signer,
                  {.what = "signer", .known = options_.signers, .rule = rule::unknown_signer});
    std::vector<std::string> const& publishers = desired.lifecycle.dv.publisher;
    for (std::size_t i = 0; i < publishers.size(); ++i)
      check_named(whole, json::child("/dv/publisher", i), publishers[i],
                  {.what = "publisher", .known = options_.publishers, .rule = rule::unknown_publisher});
  }

  /// What the project file has by name.
  struct OfProject {
    char const* what;
    std::vector<std::string> const& known;
    char const* rule;
  };
  void check_named(Document const& whole, std::string const& below, std::string const& name, OfProject const& of) {
    if (std::ranges::find(of.known, name) != of.known.end()) return;
    std::string const pointer = std::string(lifecycle_at) + below;
    auto const meant = text::nearest(name, of.known);
    std::string const add = fmt::format("name it under spec.{}s of {}", of.what,
                                        options_.project_file.empty() ? "a cpsctl.yaml" : options_.project_file);
    report(whole.marks.nearest(pointer, false), json::dotted(pointer), of.rule,
           fmt::format("there is no {} \"{}\" in the project file", of.what, text::excerpt(name, 60)),
           meant ? fmt::format("did you mean \"{}\"?", *meant) : add);
  }

  bool is_new_name(Desired const& desired) {
    auto const [first, fresh] = names_.emplace(desired.name, desired.mark);
    if (fresh) return true;
    report(desired.mark, "metadata.name", rule::duplicate_name,
           fmt::format("the name \"{}\" is used a second time; the first is at {}:{}:{}",
                       text::printable(text::shortened(desired.name, 60)), first->second.file, first->second.line,
                       first->second.column),
           "give one of them another name: it is the enrollment's identity");
    return false;
  }

  LoadOptions const& options_;
  Files& files_;
  Loaded& out_;
  Findings& findings_;
  std::string project_folder_;
  Environment environment_;
  std::shared_ptr<schema::Schema const> manifest_;
  std::vector<Tree> profile_trees_;
  std::vector<Tree> enrollment_trees_;
  Profiles profiles_;
  std::map<std::string, Mark> names_;
};

}  // namespace

Loaded load(LoadOptions const& options, Files& files) {
  Loaded loaded;
  Findings findings;
  try {
    Loader(options, files, loaded, findings).run();
  } catch (std::exception const& error) {
    findings.push_back({.mark = {.line = 0, .column = 0},
                        .message = fmt::format("reading the manifests failed: {}", error.what()),
                        .hint = "this is a bug of cpsctl"});
  }
  loaded.findings = findings.take();
  return loaded;
}

}  // namespace cpsctl::manifest
