#include "cli/output.hpp"

#include "base/fields.hpp"
#include "cli/manifests.hpp"
#include "cli/places.hpp"
#include "cli/settings.hpp"
#include "manifest/rules.hpp"
#include "report/failure.hpp"

#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace cpsctl::cli {
namespace {

std::string_view kind(Errc code) {
  switch (code) {
    case Errc::usage: return "usage";
    case Errc::manifest: return "manifest";
    case Errc::guard_rail: return "guardRail";
    case Errc::stale: return "stale";
    case Errc::locked: return "locked";
    case Errc::unauthorized: return "unauthorized";
    case Errc::not_found: return "notFound";
    case Errc::conflict: return "conflict";
    case Errc::not_served: return "notServed";
    case Errc::refused: return "refused";
    case Errc::rate_limited: return "rateLimited";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::protocol: return "protocol";
    case Errc::io: return "io";
    case Errc::internal: return "internal";
  }
  return "internal";
}

/// CI systems read commands such as ##vso[…] and ##[…] anywhere in a line of a log; JSON can say the same without.
std::string pretty(json::Document const& document) {
  std::string const plain = json::pretty(document) + '\n';
  std::string text;
  text.reserve(plain.size());
  for (std::size_t at = 0; at < plain.size(); ++at)
    if (plain.compare(at, 2, "##") == 0)
      text += "\\u0023";
    else
      text += plain[at];
  return text;
}

/// The document in one format. A format that the product lacks is a bug: the command line has been checked.
std::string rendered(Product const& product, Format format, report::Style const& style) {
  switch (format) {
    case Format::text: {
      std::ostringstream text;
      product.text(text, style);
      return text.str();
    }
    case Format::json: return pretty(product.json());
    case Format::md:
      if (product.md) return product.md();
      break;
    case Format::sarif:
      if (product.sarif) return pretty(product.sarif());
      break;
    case Format::github:
      if (product.github) return product.github();
      break;
    case Format::junit:
      if (product.junit) return product.junit();
      break;
  }
  throw std::logic_error("a command without the format " + fields::word(format));
}

/// The stream that a file name stands for, if it is one of ours. Opening it again would begin at another place of the
/// file behind it.
std::ostream* stream_of(std::string const& file, World& world) {
  if (file == "/dev/stdout" || file == "/dev/fd/1" || file == "/proc/self/fd/1") return &world.out;
  if (file == "/dev/stderr" || file == "/dev/fd/2" || file == "/proc/self/fd/2") return &world.err;
  return nullptr;
}

/// The descriptor that a file name stands for: "/dev/fd/3".
std::optional<int> descriptor_of(std::string_view file) {
  for (std::string_view const folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!file.starts_with(folder)) continue;
    std::string_view const digits = file.substr(folder.size());
    int number = -1;
    auto const [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem == std::errc{} && end == digits.data() + digits.size() && number >= 0) return number;
  }
  return std::nullopt;
}

/// Replaces the file. What is behind a descriptor must not be replaced, also when it is a regular file.
Result<> write_report(std::string const& file, std::string const& bytes, World& world) {
  if (std::ostream* const stream = stream_of(file, world)) {
    *stream << bytes;  // past the door: a whole report
    stream->flush();
    if (*stream) return {};
    return Error{.code = Errc::io, .message = "cannot write " + file};
  }
  if (auto const descriptor = descriptor_of(file)) return write_to(*descriptor, bytes, file);
  return world.files.publish(file, bytes);
}

/// A file's name below the root of the repository: annotations are shown only where the names agree.
std::string below(std::filesystem::path const& root, std::string const& file) {
  std::error_code problem;
  auto const whole = std::filesystem::absolute(file, problem).lexically_normal();
  auto const inside = whole.lexically_relative(root.lexically_normal());
  bool const outside = problem || inside.empty() || *inside.begin() == "..";
  return outside ? file : inside.string();
}

/// Every --out file is tried; the first error is returned.
Result<> write_files(Product const& product, GlobalOptions const& options, World& world) {
  Result<> outcome;
  for (OutFile const& out : options.out) {
    report::Style const style{.colour = options.colour == Colour::always};
    Result<> written = check_stays("--out", out.file);
    if (written) written = write_report(out.file, rendered(product, out.format, style), world);
    if (!written && outcome) {
      Error error = std::move(written).error();
      if (error.next.empty()) error.next = "check the path of --out";
      outcome = std::move(error);
    }
  }
  return outcome;
}

Result<> print(Product const& product, GlobalOptions const& options, World& world) {
  report::Style const style = style_for(options, world, world.out_is_terminal);
  bool const below = world.out_below_err && product.text_below_err && options.output == Format::text;
  std::string const report = below ? rendered({.text = product.text_below_err, .json = {}}, Format::text, style)
                                   : rendered(product, options.output, style);
  world.out << report;  // past the door: a whole report
  world.out.flush();
  if (world.out) return {};
  return Error{.code = Errc::io, .message = "cannot write to stdout", .next = "check where the output goes"};
}

/// `exit`, or the exit code of what could not be written, which is reported.
Exit exit_after(Exit exit, Result<> const& written, GlobalOptions const& options, World& world) {
  if (written) return exit;
  report::error_text(written.error(), style_for(options, world, world.err_is_terminal), world.err);
  return worse(exit, exit_for(written.error().code));
}

}  // namespace

std::vector<Format> formats_of(Command command) {
  switch (command) {
    case Command::validate: return {Format::text, Format::json, Format::sarif, Format::github, Format::junit};
    case Command::plan:
    case Command::show:
    case Command::apply: return {Format::text, Format::json, Format::md, Format::junit};
    case Command::status:
    case Command::import_:
    case Command::state_list:
    case Command::state_show:
    case Command::state_log:
    case Command::state_forget:
    case Command::state_mv:
    case Command::state_settle:
    case Command::state_unlock:
    case Command::state_rebuild:
    case Command::sandbox:
    case Command::schema:
    case Command::version: return {Format::text, Format::json};
    case Command::help: return {Format::text};
  }
  return {Format::text};
}

Result<> deliver(Product const& product, GlobalOptions const& options, World& world) {
  auto const filed = write_files(product, options, world);
  auto const printed = print(product, options, world);
  return filed ? printed : filed;
}

Exit delivered(Product const& product, Exit exit, GlobalOptions const& options, World& world) {
  return exit_after(exit, deliver(product, options, world), options, world);
}

Exit fail(Error const& error, GlobalOptions const& options, World& world) {
  report::error_text(error, style_for(options, world, world.err_is_terminal), world.err);
  Exit const exit = exit_for(error.code);
  report::Failure const failure{
      .command = options.command, .error = error, .kind = kind(error.code), .exit = static_cast<int>(exit)};
  Product const product{
      .text = [&](std::ostream& out, report::Style const& style) { report::error_text(error, style, out); },
      .json = [&] { return report::failure_document(failure); },
      .md = [&] { return report::failure_markdown(failure); },
      .sarif = [&] { return report::failure_sarif(failure, surroundings(world)); },
      .github = [&] { return report::failure_github(failure, surroundings(world)); },
      .junit = [&] { return report::failure_junit(failure); }};
  auto const filed = write_files(product, options, world);
  // The words for people are on stderr already.
  auto const printed = options.output == Format::text ? Result<>() : print(product, options, world);
  return exit_after(exit, filed ? printed : filed, options, world);
}

std::vector<report::RuleText> all_rules() {
  std::vector<report::RuleText> rules;
  for (auto const& rule : schema::rules()) rules.push_back({.id = rule.id, .demands = rule.demands});
  for (auto const& rule : manifest::rules())
    rules.push_back({.id = rule.id, .severity = rule.severity, .demands = rule.demands});
  return rules;
}

report::Surroundings surroundings(World& world) {
  report::Surroundings around{.source = source_text(world), .rules = all_rules(), .version = program_version()};
  if (auto root = world.environment("GITHUB_WORKSPACE"); root && !root->empty())
    around.path_in_repository = [root = std::move(*root)](std::string const& file) { return below(root, file); };
  return around;
}

}  // namespace cpsctl::cli
