#include "manifest/lifecycle.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"
#include "schema/schema.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr char const* every_one = "*";

schema::Field const& warning_field() {
  static auto const manifests = schema::named("manifest").value();
  return *manifests->at("/spec/lifecycle/acknowledge/0/warning");
}

bool is_known(std::string_view warning) {
  auto const& words = warning_field().enumeration;
  return std::ranges::find(words, warning) != words.end();
}

/// Can the warning be answered whatever its text says? The schema lists those.
bool needs_no_text(std::string_view warning) {
  json::Value const* const without = json::find(warning_field().annotations.get(), "x-without-text");
  return std::ranges::any_of(without->GetArray(), [&](json::Value const& id) { return json::view(id) == warning; });
}

void check_acknowledgement(Acknowledgement const& one, std::string const& at, std::vector<LifecycleProblem>& problems) {
  bool const every = one.warning == every_one;
  if (!is_known(one.warning)) return;  // the schema has said it
  if (every && !one.class_)
    problems.push_back({.pointer = at + "/warning",
                        .message = "\"*\" does not say which warnings",
                        .hint = "add class: low; others are acknowledged one by one",
                        .rule = rule::answered_class});
  if (!every && one.class_)
    problems.push_back({.pointer = at + "/class",
                        .message = fmt::format("{} has its class already", one.warning),
                        .hint = "remove class",
                        .rule = rule::answered_class});
  if (every && !one.text.empty())
    problems.push_back({.pointer = at + "/text",
                        .message = "\"*\" stands for many texts",
                        .hint = "name the warning, or remove text",
                        .rule = rule::answered_text});
  if (!every && one.text.empty() && !needs_no_text(one.warning))
    problems.push_back({.pointer = at + "/warning",
                        .message = fmt::format("{} would be acknowledged whatever it says", one.warning),
                        .hint = "add text: sha256:…, which the plan prints once CPS has warned of it",
                        .rule = rule::answered_text});
}

/// Relative, and nowhere above the folder. A backslash is a separator somewhere.
bool stays_inside(std::string_view path) {
  bool const plain = !path.empty() && !path.starts_with('/') && path.find_first_of("\\:") == std::string_view::npos &&
                     path == text::printable(path);
  return plain && std::ranges::none_of(text::split(path, '/'), [](std::string_view part) { return part == ".."; });
}

}  // namespace

Lifecycle lifecycle_from(json::Value const* value) {
  Lifecycle lifecycle;
  if (value == nullptr || !value->IsObject()) return lifecycle;
  json::Document written = json::clone(*value);
  json::drop_nulls(written);
  static_cast<void>(fields::from_json(written, lifecycle));
  json::Value const* const answers = json::find(static_cast<json::Value const&>(written), "acknowledge");
  if (answers == nullptr || !answers->IsArray()) return lifecycle;
  // Each by itself: one that cannot be read hides no other.
  lifecycle.acknowledge.clear();
  for (json::Value const& answer : answers->GetArray()) {
    Acknowledgement& one = lifecycle.acknowledge.emplace_back();
    bool const fits = fields::from_json(answer, one);
    if (!fits && json::find(answer, "class") != nullptr) one.class_ = AnsweredClass::low;  // a wrong one is one mistake
  }
  return lifecycle;
}

std::vector<LifecycleProblem> lifecycle_problems(Lifecycle const& lifecycle) {
  std::vector<LifecycleProblem> problems;
  for (std::size_t i = 0; i < lifecycle.acknowledge.size(); ++i)
    check_acknowledgement(lifecycle.acknowledge[i], json::child("/acknowledge", i), problems);
  CertificateSource const& source = lifecycle.certificate;
  if (!source.signer.empty() && !source.files.empty())
    problems.push_back({.pointer = "/certificate/files",
                        .message = fmt::format("the certificate comes from the signer {} already", source.signer),
                        .hint = "remove one of them; signer: null leaves out a profile's",
                        .rule = rule::certificate_source});
  for (std::size_t i = 0; i < source.files.size(); ++i)
    if (!stays_inside(source.files[i]))
      problems.push_back({.pointer = json::child("/certificate/files", i),
                          .message = fmt::format("\"{}\" is not a path inside the project's folder",
                                                 text::excerpt(source.files[i], 60)),
                          .hint = "write it relative to the folder of cpsctl.yaml, without ..",
                          .rule = rule::certificate_file});
  return problems;
}

}  // namespace cpsctl::manifest
