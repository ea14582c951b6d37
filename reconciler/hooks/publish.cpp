#include "hooks/publish.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace cpsctl::hooks {
namespace {

Failed bad(std::string const& publisher, std::string_view what) {
  return {.cause = Cause::answer,
          .reason = fmt::format("the publisher {} failed: {}", publisher, what),
          .next = "let it answer as cpsctl help hooks says"};
}

/// What names the request: each value and its place.
std::vector<std::string> keys_of(PublishRequest const& request) {
  std::vector<std::string> keys;
  for (PublishedRecord const& one : request.records)
    keys.push_back(text::sha256_hex(fmt::format("TXT {} {}", one.target, one.value)));
  for (PublishedFile const& one : request.files)
    keys.push_back(text::sha256_hex(fmt::format("file {} {}", one.url, one.body)));
  return keys;
}

/// Everything that was asked for, by the names that an answer may use.
std::vector<std::string> names_of(PublishRequest const& request) {
  std::vector<std::string> names;
  std::ranges::transform(request.records, std::back_inserter(names), &PublishedRecord::name);
  std::ranges::transform(request.files, std::back_inserter(names), &PublishedFile::url);
  return names;
}

}  // namespace

Request publish_request(PublishOperation operation, Hook const& hook, PublishRequest const& request) {
  std::string const word = fields::word(operation);
  std::string id = request_id(word, request.subject, keys_of(request));
  json::Document document = request_document(word, id, hook.program.config, request.subject);
  json::Pool& pool = document.GetAllocator();
  json::set(document, "records", fields::to_json(request.records, pool), pool);
  json::set(document, "files", fields::to_json(request.files, pool), pool);
  return {.id = std::move(id),
          .text = json::compact(document) + "\n",
          .repeats = operation == PublishOperation::publish ? Repeats::must : Repeats::may,
          .about = request.subject.enrollment.name};
}

PublishOutcome published_by(std::string const& publisher, PublishRequest const& request, Outcome const& outcome) {
  if (auto const* const later = std::get_if<Later>(&outcome)) return *later;
  if (auto const* const failed = std::get_if<Failed>(&outcome)) return *failed;
  json::Value const& answer = *std::get<Done>(outcome).document;
  TookOver took;
  json::Value const* const reference = json::find(answer, "reference");
  if (!json::absent(reference)) {
    if (!reference->IsString() || reference->GetStringLength() > longest_reference)
      return bad(publisher, "the reference in its answer is no text, or too long");
    took.reference = text::printable(json::view(*reference));
  }
  json::Value const* const some = json::find(answer, "published");
  if (json::absent(some)) return took;
  if (!some->IsArray()) return bad(publisher, "published in its answer is no list of names");
  std::set<std::string> done;
  for (json::Value const& name : some->GetArray())
    if (name.IsString()) done.emplace(json::view(name));
  for (std::string& name : names_of(request))
    if (!done.contains(name)) took.left.push_back(std::move(name));
  return took;
}

http::Task<PublishOutcome> publish(Runner& runner, PublishOperation operation, Hook hook, PublishRequest request) {
  Request asked = publish_request(operation, hook, request);
  std::string const publisher = hook.name;
  Outcome const outcome = co_await runner.run(std::move(hook), std::move(asked));
  co_return published_by(publisher, request, outcome);
}

}  // namespace cpsctl::hooks
