#include "hooks/publish.hpp"

#include "base/fields.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

hooks::PublishRequest request() {
  return {.subject = {.realm = "sandbox", .enrollment = {.name = "www", .id = 7}, .change = {.id = 8}},
          .records = {{.domain = "www.example.com",
                       .name = "_acme-challenge.www.example.com.",
                       .target = "www.acme.example.com.",
                       .zone = "acme.example.com.",
                       .value = "AAA"}},
          .files = {{.domain = "www.example.com",
                     .url = "http://www.example.com/.well-known/acme-challenge/t",
                     .path = "/.well-known/acme-challenge/t",
                     .body = "t.print"}}};
}

hooks::Hook hook() {
  return {.name = "ours", .path = "/bin/true"};
}

/// "done reference [left…]", "later", or why it failed.
std::string told(std::string const& answer) {
  auto const document = json::parse(answer, "answer");
  REQUIRE(document);
  auto const outcome = hooks::published_by("ours", request(), hooks::Done{json::share(*document)});
  if (auto const* const failed = std::get_if<hooks::Failed>(&outcome)) return failed->reason;
  auto const& took = std::get<hooks::TookOver>(outcome);
  std::string text = "done " + took.reference;
  for (std::string const& name : took.left) text += " " + name;
  return text;
}

}  // namespace

TEST_CASE("publish: what a publisher is told") {
  hooks::Request const asked = hooks::publish_request(hooks::PublishOperation::publish, hook(), request());
  CHECK(asked.repeats == hooks::Repeats::must);
  CHECK(asked.about == "www");
  json::Document const document = json::parse(asked.text, "request").value();
  CHECK(json::text_or(json::find(document, "operation"), "") == "publish");
  CHECK(json::text_or(json::find(document, "request"), "") == asked.id);
  json::Value const& record = (*json::find(document, "records"))[0];
  CHECK(json::text_or(json::find(record, "type"), "") == "TXT");
  CHECK(json::text_or(json::find(record, "target"), "") == "www.acme.example.com.");
  CHECK(json::find(record, "ttl")->GetInt64() == 120);
  CHECK(json::text_or(json::find((*json::find(document, "files"))[0], "path"), "") == "/.well-known/acme-challenge/t");
}

TEST_CASE("publish: the same work has the same request, and other work another") {
  auto const id = [](hooks::PublishOperation operation, hooks::PublishRequest const& of) {
    return hooks::publish_request(operation, hook(), of).id;
  };
  std::string const first = id(hooks::PublishOperation::publish, request());
  hooks::PublishRequest other = request();
  other.subject.reference = "r1";
  CHECK(id(hooks::PublishOperation::publish, other) == first);
  CHECK(id(hooks::PublishOperation::withdraw, request()) != first);
  other.records[0].value = "BBB";
  CHECK(id(hooks::PublishOperation::publish, other) != first);
}

TEST_CASE("publish: what it answers is read, and no more believed than it is") {
  CHECK(told("{}") == "done ");
  CHECK(told(R"({"reference":"r1"})") == "done r1");
  CHECK(told(R"({"published":["_acme-challenge.www.example.com."]})") ==
        "done  http://www.example.com/.well-known/acme-challenge/t");
  CHECK(told(R"({"published":[7]})") ==
        "done  _acme-challenge.www.example.com. http://www.example.com/.well-known/acme-challenge/t");
  CHECK(told(R"({"published":"all"})") == "the publisher ours failed: published in its answer is no list of names");
  CHECK(told(R"({"reference":7})") == "the publisher ours failed: the reference in its answer is no text, or too long");
  CHECK(told(R"({"reference":"a\u001b[2Jb"})").find('\x1b') == std::string::npos);
}
