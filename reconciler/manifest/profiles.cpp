#include "manifest/profiles.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::manifest {
namespace {

constexpr std::size_t longest_names = 200;  // bytes of a quoted list

}  // namespace

void Profiles::add(std::unique_ptr<Profile> profile, Findings& findings) {
  std::string const name = profile->name;
  Mark const mark = profile->mark;
  auto const [place, fresh] = by_name_.try_emplace(name, std::move(profile));
  if (fresh) return;
  Mark const& first = place->second->mark;
  findings.push_back({.mark = mark,
                      .path = "metadata.name",
                      .message = fmt::format("the profile \"{}\" is defined a second time; the first is at {}:{}:{}",
                                             text::printable(name), first.file, first.line, first.column),
                      .hint = "give one of them another name",
                      .rule = rule::duplicate_name});
}

std::vector<std::string> Profiles::names() const {
  std::vector<std::string> all;
  all.reserve(by_name_.size());
  for (auto const& [name, profile] : by_name_) all.push_back(name);
  return all;
}

Profiles::Chosen Profiles::choose(Tree const& tree, Findings& findings) const {
  Chosen chosen;
  NodeId const list = tree.find(tree.find(0, "spec"), "profiles");
  if (list == no_node || tree.at(list).kind != Kind::sequence) return chosen;
  std::size_t index = 0;
  for (NodeId item = tree.at(list).first; item != no_node; item = tree.at(item).next, ++index) {
    if (index == list_limit) {  // which has its finding
      chosen.complete = false;
      break;
    }
    if (!tree.is_scalar(item)) continue;  // the schema checker reports it
    std::string_view const name = tree.text(item);
    if (auto const found = by_name_.find(name); found != by_name_.end()) {
      chosen.profiles.push_back(found->second.get());
      chosen.values += found->second->document.marks.values.size();
      continue;
    }
    chosen.complete = false;
    std::vector<std::string> const known = names();
    auto const near = text::nearest(name, known);
    std::string hint = "no document of kind: Profile was read; is its file among the paths?";
    if (near)
      hint = fmt::format("did you mean \"{}\"?", *near);
    else if (!known.empty())
      hint =
          fmt::format("known profiles: {}", text::shortened(fmt::format("{}", fmt::join(known, ", ")), longest_names));
    findings.push_back(
        {.mark = tree.mark(item),
         .path = fmt::format("spec.profiles[{}]", index),
         .message = fmt::format("there is no profile \"{}\"", text::printable(text::shortened(name, 60))),
         .hint = std::move(hint),
         .rule = rule::unknown_profile});
  }
  return chosen;
}

std::string Profiles::Chosen::api_schema() const {
  std::string version;
  for (Profile const* profile : profiles)
    if (!profile->api_schema.empty()) version = profile->api_schema;
  return version;
}

std::string Profiles::Chosen::names() const {
  std::vector<std::string_view> all;
  all.reserve(profiles.size());
  for (Profile const* profile : profiles) all.emplace_back(profile->name);
  return text::shortened(fmt::format("{}", fmt::join(all, ", ")), longest_names);
}

Document merged(Document const& own, Profiles::Chosen const& chosen) {
  Document whole;
  whole.value.SetObject();
  json::set(whole.value, "spec", json::Value(rapidjson::kObjectType), whole.value.GetAllocator());
  auto const lay = [&](Document const& layer) {
    json::Value const* const spec = json::find(layer.value, "spec");
    if (spec != nullptr && spec->IsObject()) overlay(whole, layer, "spec");
  };
  for (Profile const* profile : chosen.profiles) lay(profile->document);
  lay(own);
  json::remove(*json::find(whole.value, "spec"), "profiles");
  return whole;
}

}  // namespace cpsctl::manifest
