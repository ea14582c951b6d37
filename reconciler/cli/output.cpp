#include "cli/output.hpp"

#include "base/fields.hpp"
#include "cli/settings.hpp"

#include <sstream>

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

json::Document error_document(Error const& error) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value problem(rapidjson::kObjectType);
  json::set(problem, "kind", json::string(kind(error.code), pool), pool);
  json::set(problem, "exitCode", json::Value(static_cast<int>(exit_for(error.code))), pool);
  json::set(problem, "message", json::string(describe(error), pool), pool);
  json::set(problem, "next", json::string(error.next, pool), pool);
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "error", std::move(problem), pool);
  return document;
}

}  // namespace

Result<> deliver(Product const& product, GlobalOptions const& options, World& world) {
  // One place that cannot be written to does not keep the document from the others; the first problem is returned.
  Result<> outcome;
  for (OutFile const& out : options.out) {
    std::ostringstream text;
    if (out.format == "json")
      text << json::pretty(product.json()) << '\n';
    else
      product.text(text, {.colour = options.colour == Colour::always});
    auto written = world.files.replace(out.file, text.str());
    if (!written && outcome) {
      Error error = std::move(written).error();
      error.next = "check the path of --out";
      outcome = std::move(error);
    }
  }
  if (options.output == "json")
    world.out << json::pretty(product.json()) << '\n';
  else
    product.text(world.out, style_for(options, world, world.out_is_terminal));
  world.out.flush();
  if (!world.out && outcome)
    outcome = Error{.code = Errc::io, .message = "cannot write to stdout", .next = "check where the output goes"};
  return outcome;
}

Exit fail(Error const& error, GlobalOptions const& options, World& world) {
  report::error_text(error, style_for(options, world, world.err_is_terminal), world.err);
  Product const product{.text = [](std::ostream&, report::Style) {}, .json = [&] { return error_document(error); }};
  if (auto const written = deliver(product, options, world); !written)
    report::error_text(written.error(), style_for(options, world, world.err_is_terminal), world.err);
  return exit_for(error.code);
}

Exit delivered(Product const& product, Exit exit, GlobalOptions const& options, World& world) {
  auto const written = deliver(product, options, world);
  if (written) return exit;
  report::error_text(written.error(), style_for(options, world, world.err_is_terminal), world.err);
  return worse(exit, exit_for(written.error().code));
}

}  // namespace cpsctl::cli
