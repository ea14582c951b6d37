#include "base/text.hpp"
#include "places.hpp"
#include "support_changes.hpp"

#include <cstdio>
#include <fstream>
#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

// Recorded exchanges of Akamai's own clients, sent again. They lie next to the source tree and are not part of it:
// without them the test says so. What differs from run to run is put in its place: ids, and certificates for our CSRs.
namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

std::string const recordings = places::source("../shared/found/clients/");

/// One recorded exchange.
struct Exchange {
  Sent sent;
  int status = 0;
  std::string type, answer;
};

std::string member(json::Value const& line, char const* name) {
  return std::string(json::text_or(json::find(line, name), ""));
}

std::vector<Exchange> recorded(std::string const& name) {
  std::vector<Exchange> all;
  std::ifstream file(recordings + name);
  for (std::string text; std::getline(file, text);) {
    json::Document const line = parsed(text);
    all.push_back({.sent = {.method = member(line, "method"),
                            .target = member(line, "path"),
                            .body = member(line, "body"),
                            .accept = member(line, "accept"),
                            .content_type = member(line, "contentType")},
                   .status = static_cast<int>(json::find(line, "status")->GetInt64()),
                   .type = member(line, "answerType"),
                   .answer = member(line, "answer")});
  }
  return all;
}

char const* kind(json::Value const& value) {
  return value.IsObject()   ? "object"
         : value.IsArray()  ? "array"
         : value.IsString() ? "text"
         : value.IsBool()   ? "bool"
                            : "number";
}

/// Members and types that the two do not share. Null is as good as absent, and an empty list may be one of anything.
void differences(json::Value const& ours, json::Value const& theirs, std::string const& at,
                 std::vector<std::string>& found) {
  if (ours.IsNull() || theirs.IsNull()) return;
  if (std::string_view(kind(ours)) != kind(theirs)) {
    found.push_back(fmt::format("{}: {} and not {}", at, kind(ours), kind(theirs)));
    return;
  }
  if (ours.IsArray() && !ours.Empty() && !theirs.Empty()) differences(ours[0], theirs[0], at + "[]", found);
  if (!ours.IsObject()) return;
  for (auto const& one : theirs.GetObject()) {
    std::string const path = json::child(at, json::view(one.name));
    json::Value const* const same = json::find(ours, json::view(one.name));
    if (same == nullptr && !one.value.IsNull())
      found.push_back(path + ": missing");
    else if (same != nullptr)
      differences(*same, one.value, path, found);
  }
  for (auto const& one : ours.GetObject())
    if (!one.value.IsNull() && json::find(theirs, json::view(one.name)) == nullptr)
      found.push_back(json::child(at, json::view(one.name)) + ": added");
}

/// The ids of the recording, and ours.
class Ids {
 public:
  std::string translated(std::string_view path) const {
    std::vector<std::string> segments;
    for (std::string_view const segment : text::split(path.substr(0, path.find('?')), '/')) {
      auto const known = ours_.find(segment);
      segments.push_back(known == ours_.end() ? std::string(segment) : known->second);
    }
    auto const query = path.find('?');
    return fmt::format("{}{}", fmt::join(segments, "/"), query == std::string_view::npos ? "" : path.substr(query));
  }
  void learn(json::Value const& theirs, json::Value const& ours) {
    learn_path(json::text_or(json::find(theirs, "enrollment"), ""), json::text_or(json::find(ours, "enrollment"), ""));
    json::Value const* const changes = json::find(theirs, "changes");
    json::Value const* const mine = json::find(ours, "changes");
    if (changes == nullptr || mine == nullptr || changes->Empty() || mine->Empty()) return;
    learn_path(json::text_or(&(*changes)[0], ""), json::text_or(&(*mine)[0], ""));
  }

 private:
  static std::string last(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }
  void learn_path(std::string_view theirs, std::string_view mine) {
    if (!theirs.empty() && !mine.empty()) ours_[last(theirs)] = last(mine);
  }
  std::map<std::string, std::string, std::less<>> ours_;
};

class Replay {
 public:
  explicit Replay(Bench& bench) : bench_(bench) {}

  void send(Exchange const& exchange) {
    Sent sent = exchange.sent;
    sent.target = ids_.translated(sent.target);
    CAPTURE(sent.method);
    CAPTURE(sent.target);
    if (sent.target.ends_with("third-party-cert-and-trust-chain")) sent.body = certificates_for(sent);
    Response answer = bench_.send(sent);
    if (sent.accept == type_of("change", 2) || sent.accept == type_of("change", 1)) catch_up(exchange, sent, answer);
    CAPTURE(answer.body);
    CHECK(answer.status == exchange.status);
    CHECK(answer.content_type == exchange.type);
    if (exchange.answer.empty() || answer.body.empty() || answer.status != exchange.status) return;
    json::Document const theirs = parsed(exchange.answer);
    json::Document const ours = parsed(answer.body);
    std::vector<std::string> found;
    differences(ours, theirs, "", found);
    // The recording has it everywhere; CPS leaves it out unless third-party (cps-api.md §3.1).
    std::erase_if(found, [](std::string const& what) {
      return what.find("enableMultiStackedCertificates: missing") != std::string::npos;
    });
    CHECK(fmt::format("{}", fmt::join(found, "\n")) == "");
    if (sent.method != "GET") ids_.learn(theirs, ours);
  }

 private:
  /// Lets time pass until the change waits for what it waited for then, or has come to its end.
  void catch_up(Exchange const& exchange, Sent const& sent, Response& answer) {
    std::string const wanted = at(exchange.answer, "/allowedInput/0/type");
    bool const ended = at(exchange.answer, "/statusInfo/state") == "\"completed\"";
    for (int minutes = 0; minutes < 120 && answer.status == 200; ++minutes) {
      bool const there = ended ? at(answer.body, "/statusInfo/state") == "\"completed\""
                               : wanted == "(absent)" || at(answer.body, "/allowedInput/0/type") == wanted;
      if (there) return;
      bench_.clock.pass(1min);
      answer = bench_.send(sent);
    }
  }

  /// The upload, with certificates for the keys that are ours.
  std::string certificates_for(Sent const& sent) {
    std::string path = sent.target.substr(0, sent.target.find("/input/"));
    Response const csrs = bench_.send({.target = path + "/input/info/third-party-csr", .accept = type_of("csr", 2)});
    json::Document const offered = parsed(csrs.body);
    json::Document const upload = parsed(sent.body);
    std::vector<UploadPart> parts;
    for (auto const& entry : json::find(upload, "certificatesAndTrustChains")->GetArray())
      for (auto const& csr : json::find(offered, "csrs")->GetArray())
        if (member(csr, "keyAlgorithm") == member(entry, "keyAlgorithm"))
          parts.push_back({member(entry, "keyAlgorithm"),
                           ca_.sign(member(csr, "csr"), {.until = "2027-03-01T00:00:00Z"}),
                           ca_.authority.intermediate});
    return upload_body(parts);
  }

  Bench& bench_;
  Ids ids_;
  CustomerCa ca_;
};

TEST_CASE("replay: Akamai's own clients are understood, and understand") {
  for (char const* const name : {"terraform.jsonl", "cli-cps.jsonl"}) {
    CAPTURE(name);
    std::vector<Exchange> const exchanges = recorded(name);
    if (exchanges.empty()) {
      std::fprintf(stderr, "SKIPPED: no recorded exchanges at %s%s\n", recordings.c_str(), name);
      continue;
    }
    Bench bench({.pace = Pace::usual, .inputs = Inputs::wait, .ended = Ended::shown});
    Replay replay(bench);
    for (std::size_t line = 0; line < exchanges.size(); ++line) {
      CAPTURE(line + 1);
      replay.send(exchanges[line]);
    }
  }
}

}  // namespace
}  // namespace cpsctl::sandbox::test
