#pragma once
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "edgegrid/signer.hpp"
#include "sandbox/site.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What the sandbox's tests share: time that does not pass, files in memory, a signing client without a socket.
namespace cpsctl::sandbox::test {

/// 2026-11-23T10:15:00Z until somebody moves it on.
struct StoppedClock final : Clock {
  WallTime wall() const override { return wall_time; }
  SteadyTime steady() const override { return steady_time; }
  void pass(Duration time) {
    wall_time += time;
    steady_time += time;
  }
  WallTime wall_time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::minutes(615);
  SteadyTime steady_time = {};
};

/// A folder in memory; `writes_left` says how many appends succeed before the disk is full.
struct MemoryFiles final : Files {
  std::map<std::string, std::string> content;
  int writes_left = -1;

  struct Log final : Appender {
    MemoryFiles& files;
    std::string path;
    Log(MemoryFiles& owner, std::string name) : files(owner), path(std::move(name)) {}
    Result<> append(std::string_view bytes) override {
      if (files.writes_left == 0) return Error{.code = Errc::io, .message = "the disk is full"};
      if (files.writes_left > 0) --files.writes_left;
      files.content[path] += bytes;
      return {};
    }
    Result<> sync() override { return {}; }
  };

  Result<FileKind> kind(std::filesystem::path const& path) override {
    return content.contains(path.string()) ? FileKind::file : FileKind::missing;
  }
  Result<std::string> read(std::filesystem::path const& path, std::size_t) override {
    auto const found = content.find(path.string());
    if (found == content.end()) return Error{.code = Errc::io, .message = path.string() + ": no such file"};
    return found->second;
  }
  Result<> replace(std::filesystem::path const& path, std::string_view bytes) override {
    content[path.string()] = bytes;
    return {};
  }
  Result<std::unique_ptr<Appender>> append(std::filesystem::path const& path) override {
    content[path.string()];
    return std::unique_ptr<Appender>(std::make_unique<Log>(*this, path.string()));
  }
  Result<> truncate(std::filesystem::path const& path, std::uint64_t size) override {
    content[path.string()].resize(size);
    return {};
  }
  Result<> make_folders(std::filesystem::path const&) override { return {}; }
  Result<> remove(std::filesystem::path const& path) override {
    content.erase(path.string());
    return {};
  }
  Result<std::vector<std::string>> list(std::filesystem::path const&) override { return std::vector<std::string>{}; }
};

inline edgegrid::Credentials credentials() {
  edgegrid::Credentials known;
  known.host = "localhost:4711";
  known.client_token = Secret("akab-client");
  known.client_secret = Secret("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDA=");
  known.access_token = Secret("akab-access");
  return known;
}

inline std::string type_of(std::string_view entity, int version) {
  return media_type(entity, version);
}

/// What a client sends, before it is signed.
struct Sent {
  std::string method = "GET";
  std::string target = "/cps/v2/enrollments?contractId=C-1";
  std::string body = {};
  std::string accept = {};        ///< empty: none
  std::string content_type = {};  ///< empty: none
};

/// A sandbox without a socket. `restart()` opens the same files again.
class Bench {
 public:
  explicit Bench(Behaviour chosen = {}) : behaviour(std::move(chosen)) { restart(); }

  void restart() {
    site_.reset();
    auto store = Store::open(files, "folder");
    auto log = files.append("folder/requests.log");
    SiteOptions site{.behaviour = behaviour, .log = [this](std::string_view line) { lines.emplace_back(line); }};
    site_ = std::make_unique<Site>(std::move(site), credentials(), std::move(store.value()), std::move(log.value()),
                                   clock, random);
  }

  Request signed_request(Sent const& sent) {
    Request request{.method = sent.method, .target = sent.target, .body = sent.body};
    request.headers.push_back({"Host", "localhost:4711"});
    if (!sent.accept.empty()) request.headers.push_back({"Accept", sent.accept});
    if (!sent.content_type.empty()) request.headers.push_back({"Content-Type", sent.content_type});
    edgegrid::SignedRequest const what{
        .method = sent.method, .host = "localhost:4711", .target = sent.target, .body = sent.body};
    auto const now = std::chrono::floor<std::chrono::seconds>(clock.wall());
    request.headers.push_back(
        {"Authorization", edgegrid::authorization(credentials(), what, edgegrid::timestamp(now), random.uuid())});
    return request;
  }

  Response send(Sent const& sent) { return site_->answer(signed_request(sent)); }
  Response send_raw(Request const& request) { return site_->answer(request); }

  Response post(std::string body, std::string query = "contractId=C-1", int version = 11) {
    return send({.method = "POST",
                 .target = "/cps/v2/enrollments?" + query,
                 .body = std::move(body),
                 .accept = type_of("enrollment-status", 1),
                 .content_type = type_of("enrollment", version)});
  }
  Response put(std::int64_t id, std::string body, std::string query = "", int version = 11) {
    return send({.method = "PUT",
                 .target = enrollment_path(id) + (query.empty() ? "" : "?" + query),
                 .body = std::move(body),
                 .accept = type_of("enrollment-status", 1),
                 .content_type = type_of("enrollment", version)});
  }
  Response get(std::int64_t id, int version = 11) {
    return send({.target = enrollment_path(id), .accept = type_of("enrollment", version)});
  }
  Response list(std::string query = "contractId=C-1", int version = 11) {
    return send({.target = "/cps/v2/enrollments" + (query.empty() ? "" : "?" + query),
                 .accept = type_of("enrollments", version)});
  }

  std::vector<Probe> looks() { return site_->looks(); }
  void take(std::vector<Sight> const& sights) { site_->take(sights); }
  /// What a look that is due finds: `sees` says it of each name. Empty when none is due.
  std::string look(std::function<Found(Probe const& probe)> const& sees) {
    std::vector<Sight> sights;
    std::string names;
    for (Probe& probe : looks()) {
      names += (names.empty() ? "" : " ") + probe.name;
      Found const found = sees(probe);
      sights.push_back({.probe = std::move(probe), .found = found});
    }
    site_->take(sights);
    return names;
  }

  Behaviour behaviour;  ///< a new one is heeded from restart() on
  StoppedClock clock;
  SeededRandom random{7};
  MemoryFiles files;
  std::vector<std::string> lines;

 private:
  std::unique_ptr<Site> site_;
};

inline json::Document parsed(std::string_view text) {
  auto document = json::parse(text, "a test's text");
  return std::move(document.value());
}

/// The compact text at a pointer; "(absent)" when there is nothing.
inline std::string at(std::string_view text, std::string_view pointer) {
  json::Document const document = parsed(text);
  json::Value const* const found = json::at(document, pointer);
  return found == nullptr ? "(absent)" : json::compact(*found);
}

/// `base` with a member replaced, added, or (with an empty `value`) removed; `pointer` names at most one inner object.
inline std::string with(std::string_view base, std::string_view pointer, std::string_view value) {
  json::Document document = parsed(base);
  auto& pool = document.GetAllocator();
  auto const slash = pointer.rfind('/');
  json::Value* object = &document;
  std::string_view outer = pointer.substr(0, slash);
  while (!outer.empty()) {
    auto const next = outer.find('/', 1);
    std::string_view const name = outer.substr(1, next == std::string_view::npos ? next : next - 1);
    object = json::find(*object, name);
    outer = next == std::string_view::npos ? std::string_view() : outer.substr(next);
  }
  std::string_view const member = pointer.substr(slash + 1);
  if (value.empty()) {
    json::remove(*object, member);
  } else {
    json::set(*object, member, json::Value(parsed(value), pool), pool);
  }
  return json::compact(document);
}

/// The last part of a problem's type.
inline std::string slug(Response const& response) {
  std::string const type = at(response.body, "/type");
  auto const from = type.rfind('/') + 1;
  return type.substr(from, type.size() - from - 1);
}

/// Makes the bench's only enrollment, deploys it and lets nothing else end by itself.
inline Bench& deployed(Bench& bench, std::string const& body, std::string const& query = "contractId=C-1") {
  bench.behaviour.complete_after = Duration(0);
  bench.restart();
  bench.post(body, query);
  bench.list();
  bench.behaviour.complete_after.reset();
  bench.restart();
  return bench;
}

inline constexpr char dv_body[] = R"({"ra":"lets-encrypt","validationType":"dv","certificateType":"san",
"changeManagement":false,"enableMultiStackedCertificates":false,
"csr":{"cn":"www.example.com","sans":["b.example.com","A.example.com"],"c":"US","o":"Example Inc","ou":""},
"networkConfiguration":{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,
"dnsNameSettings":{"cloneDnsNames":true}},
"org":{"name":"Example Inc","addressLineOne":"1 Main St","city":"Cambridge","region":"MA","postalCode":"02142",
"country":"US","phone":"3"},
"adminContact":{"firstName":"A","lastName":"B","email":"a@example.com","phone":"1"},
"techContact":{"firstName":"C","lastName":"D","email":"c@akamai.example","phone":"2"}})";

inline constexpr char third_party_body[] = R"({"ra":"third-party","validationType":"third-party",
"certificateType":"third-party","changeManagement":true,"enableMultiStackedCertificates":true,
"signatureAlgorithm":"SHA-256","thirdParty":{"excludeSans":false},"csr":{"cn":"shop.example.com"},
"networkConfiguration":{"geography":"core","secureNetwork":"standard-tls","sniOnly":false,"quicEnabled":false}})";

/// The same with the people that a strict server asks for; as dv_body has them.
inline std::string third_party_whole() {
  json::Document const dv = parsed(dv_body);
  std::string body = third_party_body;
  for (char const* const who : {"org", "adminContact", "techContact"})
    body = with(body, std::string("/") + who, json::compact(*json::find(dv, who)));
  return body;
}

}  // namespace cpsctl::sandbox::test
