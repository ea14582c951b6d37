#include "cli/output.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "cli/places.hpp"
#include "cli/settings.hpp"
#include "report/failure.hpp"

#include <optional>
#include <sstream>

namespace cpsctl {

BOOST_DESCRIBE_ENUM(Errc, usage, manifest, guard_rail, stale, locked, unauthorized, not_found, conflict, not_served,
                    refused, rate_limited, unavailable, timeout, cancelled, protocol, io, internal)
static_assert(boost::mp11::mp_size<boost::describe::describe_enumerators<Errc>>::value ==
                  static_cast<std::size_t>(Errc::internal) + 1,
              "every code has a word in the JSON of a failure");

namespace cli {
namespace {

std::string rendered(Product const& product, Format format, report::Style const& style) {
  if (format == Format::json) return pretty(product.json());
  if (format != Format::text) return product.others(format);
  std::ostringstream text;
  product.text(text, style);
  return text.str();
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
    auto const number = text::number<int>(file.substr(folder.size()));
    if (number && *number >= 0) return number;
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
  say(written.error(), options, world);
  return worse(exit, exit_for(written.error().code));
}

}  // namespace

void say(Error const& error, GlobalOptions const& options, World& world) {
  report::error_text(error, style_for(options, world, world.err_is_terminal), world.err);
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
  say(error, options, world);
  Exit const exit = exit_for(error.code);
  std::string const kind = fields::word(error.code);
  report::Failure const failure{
      .command = options.command, .error = error, .kind = kind, .exit = static_cast<int>(exit)};
  Product const product{
      .text = [&](std::ostream& out, report::Style const& style) { report::error_text(error, style, out); },
      .json = [&] { return report::failure_document(failure); },
      .others = forms_of(failure, world)};
  auto const filed = write_files(product, options, world);
  // The words for people are on stderr already.
  auto const printed = options.output == Format::text ? Result<>() : print(product, options, world);
  return exit_after(exit, filed ? printed : filed, options, world);
}

}  // namespace cli
}  // namespace cpsctl
