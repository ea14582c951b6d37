#include "cli/settings.hpp"

#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/manifests.hpp"
#include "cli/places.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// "512MB", "16 MB", "1000000". Decimal units mean powers of 1024 here: a limit may be generous.
Result<std::size_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    unsigned shift;
  };
  constexpr std::array<Unit, 4> units{{{"", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}}};
  std::uint64_t count = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  auto const unit = text::trimmed({end, static_cast<std::size_t>(text.data() + text.size() - end)});
  if (problem == std::errc{} && count > 0 && count < (std::uint64_t{1} << 33))
    for (Unit const& known : units)
      if (known.name == unit) return static_cast<std::size_t>(count << known.shift);
  return Error{
      .code = Errc::manifest, .message = fmt::format("invalid size \"{}\"", text), .next = "write it as 512MB"};
}

/// A value of the project file that is a text there and something else here.
template <class T, class Parse>
Result<> take(std::optional<std::string> const& text, T& to, Parse parse, std::string const& field) {
  if (!text) return {};
  auto value = parse(*text);
  if (!value) {
    Error error = std::move(value).error();
    error.code = Errc::manifest;
    return std::move(error).within("reading " + field + " of the project file");
  }
  to = *value;
  return {};
}

Result<> take_limits(Options const& options, Settings& settings) {
  bool const metered = !options.global.sandbox || options.behaviour.real_limits;
  if (metered && options.global.request_limits.empty()) settings.windows = cps::default_windows();
  for (std::string const& limit : options.global.request_limits) {
    CPS_TRY(cps::Window const window, cps::parse_window(limit));
    settings.windows.push_back(window);
    settings.unusual.push_back("a request limit of " + cps::window_text(window));
  }
  for (std::string const& limit : settings.project.limits) {
    cps::Window window;
    CPS_CHECK(take(limit, window, cps::parse_window, "spec.api.limits"));
    // It comes on top: a project can lower what CPS allows, never raise it.
    auto const implies = [&](cps::Window const& one) {
      return one.per >= window.per && one.requests <= window.requests;
    };
    if (metered && std::ranges::none_of(settings.windows, implies)) settings.windows.push_back(window);
  }
  auto left = cps::with_reserve(std::move(settings.windows), settings.project.reserve.value_or(0));
  if (!left) {
    Error error = std::move(left).error();
    error.code = Errc::manifest;
    return std::move(error).within("reading spec.api.reserve of the project file");
  }
  settings.windows = std::move(*left);
  if (!options.global.rate) return {};
  // A rate of one's own comes on top: it can lower what CPS allows, never raise it.
  settings.windows.insert(settings.windows.begin(),
                          {.requests = *options.global.rate, .per = std::chrono::seconds(60)});
  return {};
}

/// A time that the laws rest on, from the flag, the project and the default. The project makes it longer, only an
/// operator shorter; the embedded CPS has nothing to lose.
struct Span {
  std::optional<Duration> flag;
  std::optional<std::string> written;
  std::string name;
  std::string flag_name;
};

Result<> take_span(Span const& span, bool embedded, Duration& to, std::vector<std::string>& unusual) {
  Duration const usual = to;
  Duration wanted = usual;
  std::string const field = "spec.api." + span.name;
  CPS_CHECK(take(span.written, wanted, parse_duration, field));
  if (wanted < usual && !embedded && !span.flag) {
    log::warning("{} of the project file is shorter than {}, which only {} can ask for; {} is used", field,
                 duration_text(usual), span.flag_name, duration_text(usual));
    wanted = usual;
  }
  to = span.flag.value_or(wanted);
  if (to != usual && !embedded)
    unusual.push_back(fmt::format("{} {} instead of {}", span.name, duration_text(to), duration_text(usual)));
  return {};
}

Result<plan::Selection> selection_of(SelectionOptions const& options) {
  plan::Selection selection{.names = options.names, .contracts = options.contracts};
  for (std::string const& label : options.labels) {
    auto const equals = label.find('=');
    if (equals == std::string::npos || equals == 0)
      return usage(fmt::format("invalid label -l {}", label), "write -l key=value");
    selection.labels.insert_or_assign(label.substr(0, equals), label.substr(equals + 1));
  }
  for (std::string& contract : selection.contracts)
    if (contract.starts_with("ctr_")) contract.erase(0, 4);
  return selection;
}

/// "20%" of the state, or a number.
Result<> take_max_changes(std::string const& text, plan::Consent& consent) {
  bool const percent = text.ends_with('%');
  std::string_view const digits = std::string_view(text).substr(0, text.size() - (percent ? 1 : 0));
  auto const value = text::number<std::int64_t>(digits);
  if (!value || *value < 0 || (percent && *value > 100))
    return usage(fmt::format("invalid number of changes \"{}\"", text), "write it as 10 or 20%");
  (percent ? consent.max_changes_percent : consent.max_changes) = *value;
  return {};
}

/// Flags come before the project file, guard rail by guard rail. How many deletes are allowed the operator says alone;
/// the project file may say how many at most.
Result<plan::Consent> consent_of(GuardOptions const& options, manifest::Project const& project) {
  if (auto const most = project.max_deletes; most && options.max_deletes.value_or(0) > *most)
    return usage(fmt::format("--max-deletes {} is more than {} allows: {} (spec.guard.maxDeletes)",
                             *options.max_deletes, project.file, *most),
                 "delete fewer at once, or raise that limit there");
  plan::Consent consent{.allow_delete = options.allow_delete,
                        .max_deletes = options.max_deletes.value_or(0),
                        .confirm_delete = options.confirm_delete,
                        .recreate = options.recreate,
                        .override_renewal_window = options.override_renewal_window};
  std::string const limit = options.max_changes.value_or(project.max_changes.value_or(""));
  if (!limit.empty()) CPS_CHECK(take_max_changes(limit, consent));
  if (options.on_pending) consent.on_pending = fields::enumerator<manifest::OnPendingChange>(*options.on_pending);
  return consent;
}

/// The variables that the operator grants; the project can only narrow them.
std::set<std::string> allowed_env(GlobalOptions const& options, manifest::Project const& project) {
  std::set<std::string> allowed(options.env.begin(), options.env.end());
  if (!project.env.empty())
    std::erase_if(allowed, [&](std::string const& name) { return std::ranges::count(project.env, name) == 0; });
  return allowed;
}

/// What an option grants to a program that is not there was meant for another one. The variable may be for several
/// projects.
Result<> check_hooks(GlobalOptions const& options, manifest::Project const& project) {
  std::vector<std::string> known;
  for (auto const& [name, program] : project.signers) known.push_back(name);
  for (auto const& [name, publisher] : project.publishers) known.push_back(name);
  for (std::string const& pair : options.hook_env) {
    std::string const hook = pair.substr(0, pair.find('='));
    if (std::ranges::find(known, hook) != known.end()) continue;
    auto const meant = text::nearest(hook, known);
    return usage(fmt::format("--hook-env {}: the project has no program \"{}\"", pair, hook),
                 meant ? fmt::format("did you mean \"{}\"?", *meant)
                       : "programs have their names in cpsctl.yaml: cpsctl help hooks");
  }
  return {};
}

/// For a shell.
std::string for_shell(std::string_view word) {
  bool const plain = !word.empty() && std::ranges::all_of(word, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("/._-:@%+=,~").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(word);
  std::string text = "'";
  for (char const c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// The flags that say where a run looks: another command needs them to look there, too.
std::string flags_of(GlobalOptions const& options) {
  std::string flags;
  auto const flag = [&](char const* name, std::optional<std::string> const& value, char const* between = " ") {
    if (value) flags += fmt::format(" {}{}{}", name, between, for_shell(*value));
  };
  if (!options.chdir.empty()) flag("-C", options.chdir);
  flag("--config", options.config);
  flag("--state", options.state);
  flag("--edgerc", options.edgerc);
  flag("--section", options.section);
  flag("--account-key", options.account_key);
  flag("--ca-file", options.ca_file);
  flag("--sandbox", options.sandbox, "=");
  return flags;
}

}  // namespace

Result<std::vector<std::string>> manifest_paths(Options const& options, manifest::Project const& project,
                                                World& world) {
  if (!options.paths.empty()) return options.paths;
  if (!project.manifests.empty()) return project.manifests;
  CPS_TRY(FileKind const kind, world.files.kind("manifests"));
  if (kind != FileKind::missing) return std::vector<std::string>{"manifests"};
  return usage(
      "there is nothing to read: no PATH was given, and there is neither a project file with "
      "manifests: nor a folder ./manifests",
      "give a PATH, or go to the project with -C DIR");
}

Result<Settings> make_settings(Options const& options, World& world) {
  GlobalOptions const& global = options.global;
  auto loaded = manifest::load_project({.file = global.config.value_or(""),
                                        .folder = std::filesystem::current_path(),
                                        .home = world.environment("HOME").value_or("")},
                                       world.files);
  if (!loaded) {
    Error error = std::move(loaded).error();
    error.code = Errc::manifest;
    return error;
  }
  if (!loaded->findings.empty()) print_findings(loaded->findings, global, world);
  if (has_errors(loaded->findings))
    return Error{.code = Errc::manifest,
                 .message = fmt::format("{} has errors", loaded->project.file),
                 .next = "fix them; nothing was read from CPS or sent to it"};

  Settings settings{.project = std::move(loaded->project)};
  manifest::Project const& project = settings.project;
  CPS_CHECK(take(project.timeout, settings.timeout, parse_duration, "spec.api.timeout"));
  Span const settle{global.settle, project.settle, "settle", "--settle"};
  Span const spacing{global.create_spacing, project.create_spacing, "createSpacing", "--create-spacing"};
  bool const embedded = global.sandbox.has_value();
  CPS_CHECK(take_span(settle, embedded, settings.settle, settings.unusual));
  CPS_CHECK(take_span(spacing, embedded, settings.create_spacing, settings.unusual));
  CPS_CHECK(take(project.max_list_bytes, settings.max_list_bytes, parse_bytes, "spec.api.maxListBytes"));
  CPS_CHECK(take_limits(options, settings));
  settings.budget_group = project.budget_group.value_or("");
  settings.api_schema = project.schema.value_or("v11");
  settings.timeout = global.timeout.value_or(settings.timeout);
  settings.parallelism = static_cast<std::size_t>(global.parallelism.value_or(project.parallelism.value_or(8)));
  settings.lock_timeout = global.lock_timeout.value_or(Duration{});
  if (global.deadline) settings.deadline = world.clock.steady() + *global.deadline;
  settings.credentials.edgerc = global.edgerc.value_or("");
  settings.credentials.section = global.section.value_or(project.section.value_or("default"));
  if (!global.section && project.section) settings.credentials.named_by = edgegrid::NamedBy::project;
  CPS_TRY(settings.selection, selection_of(options.selection));
  CPS_TRY(settings.consent, consent_of(options.guard, project));
  settings.allowed_env = allowed_env(global, project);
  CPS_CHECK(check_hooks(global, project));
  settings.hook_grants = global.hook_grants;
  for (std::string const& host : global.allow_hosts) settings.allowed_hosts.insert(text::lower(host));
  settings.paths_of_project = options.paths.empty() && !project.manifests.empty();
  CPS_TRY(settings.state, state_place(global, project));
  settings.flags = flags_of(global);
  return settings;
}

report::Style style_for(GlobalOptions const& options, World const& world, bool terminal) {
  bool const wanted = terminal && world.environment("NO_COLOR").value_or("").empty() &&
                      world.environment("TERM").value_or("") != "dumb";
  bool const colour = options.colour == Colour::always || (options.colour == Colour::automatic && wanted);
  return {.colour = colour, .flags = flags_of(options)};
}

}  // namespace cpsctl::cli
