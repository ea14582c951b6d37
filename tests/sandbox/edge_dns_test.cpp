#include "support.hpp"

#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char const* base = "/config-dns/v2";

Behaviour two_zones() {
  return {.edge_zones = {"example.com", "sub.example.com"}};
}

/// Requests to the bench's Edge DNS; `said` says how an answer was.
struct EdgeBench : Bench {
  using Bench::Bench;

  Response edge(std::string method, std::string const& path, std::string body = "",
                std::string type = "application/json") {
    return send({.method = std::move(method),
                 .target = base + path,
                 .body = std::move(body),
                 .accept = "application/json",
                 .content_type = std::move(type)});
  }
  Response set(std::string method, std::string const& name, std::string const& rdata = "",
               std::string const& zone = "example.com") {
    return edge(std::move(method), fmt::format("/zones/{}/names/{}/types/TXT", zone, name),
                rdata.empty() ? "" : body_of(name, rdata));
  }
  static std::string body_of(std::string const& name, std::string const& rdata) {
    return fmt::format(R"({{"name":"{}","type":"TXT","ttl":60,"rdata":[{}]}})", name, rdata);
  }
  Response change(std::string const& op, std::string const& name, std::string const& rdata) {
    return edge("POST", "/changelists/example.com/recordsets/add-change",
                with(body_of(name, rdata), "/op", fmt::format("\"{}\"", op)));
  }
  std::string values(std::string const& name) {
    Response const answer = set("GET", name);
    return answer.status == 200 ? at(answer.body, "/rdata") : std::to_string(answer.status);
  }
};

/// "409 duplicateRecordSet", "204".
std::string said(Response const& answer) {
  return answer.status < 300 ? std::to_string(answer.status) : fmt::format("{} {}", answer.status, slug(answer));
}

TEST_CASE("Edge DNS: a record set is made, read, replaced and taken away") {
  EdgeBench bench(two_zones());
  std::string const name = "_acme-challenge.www.example.com";
  CHECK(said(bench.set("GET", name)) == "404 recordSetNotFound");
  CHECK(said(bench.set("PUT", name, R"("\"a\"")")) == "400 recordSetNotFound");
  CHECK(said(bench.set("DELETE", name)) == "404 recordSetNotFound");
  Response const made = bench.set("POST", name, R"("\"a\"")");
  CHECK(made.status == 201);
  CHECK(made.body == R"({"name":"_acme-challenge.www.example.com","type":"TXT","ttl":60,"rdata":["\"a\""]})");
  CHECK(bench.set("GET", name).body == made.body);
  CHECK(said(bench.set("POST", name, R"("\"b\"")")) == "409 duplicateRecordSet");
  CHECK(bench.values(name) == R"(["\"a\""])");
  CHECK(said(bench.set("PUT", name, R"("\"a\"","\"b\"")")) == "200");
  CHECK(bench.values(name) == R"(["\"a\"","\"b\""])");
  CHECK(at(bench.edge("GET", "/zones/example.com/recordsets?types=TXT").body, "/recordsets/0/name") ==
        fmt::format("\"{}\"", name));
  CHECK(said(bench.set("DELETE", name)) == "204");
  CHECK(bench.values(name) == "404");
}

TEST_CASE("Edge DNS: what it refuses changes nothing") {
  EdgeBench bench(two_zones());
  std::string const name = "a.example.com";
  struct Case {
    char const* what;
    std::string body;
    char const* answer;
  };
  std::string const good = EdgeBench::body_of(name, R"("\"a\"")");
  Case const cases[] = {
      {"no JSON", "{", "400 invalidRecordSet"},
      {"an unknown member", with(good, "/comment", R"("x")"), "400 invalidRecordSet"},
      {"no name", with(good, "/name", ""), "400 invalidRecordSet"},
      {"no type", with(good, "/type", ""), "400 invalidRecordSet"},
      {"no ttl", with(good, "/ttl", ""), "400 invalidRecordSet"},
      {"no rdata", with(good, "/rdata", ""), "400 invalidRecordSet"},
      {"a text for a list", with(good, "/rdata", R"("x")"), "400 invalidRecordSet"},
      {"nothing in it", with(good, "/rdata", "[]"), "400 invalidRecordSet"},
      {"another name", with(good, "/name", R"("b.example.com")"), "400 invalidRecordSet"},
      {"another type", with(good, "/type", R"("A")"), "400 invalidRecordSet"},
      {"a ttl of zero", with(good, "/ttl", "0"), "400 invalidRecordSet"},
      {"an open quote", with(good, "/rdata", R"(["\"a"])"), "400 invalidRecordSet"},
      {"words without quotes", with(good, "/rdata", R"(["a b"])"), "400 invalidRecordSet"},
      {"a quote inside", with(good, "/rdata", R"(["\"a\"b\""])"), "400 invalidRecordSet"},
      {"a piece that is too long", with(good, "/rdata", fmt::format(R"(["\"{}\""])", std::string(256, 'a'))),
       "400 invalidRecordSet"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.what);
    CHECK(said(bench.edge("POST", "/zones/example.com/names/a.example.com/types/TXT", c.body)) == c.answer);
  }
  CHECK(said(bench.edge("POST", "/zones/example.com/names/a.example.com/types/TXT", good, "text/plain")) ==
        "415 unsupportedMediaType");
  CHECK(said(bench.set("POST", "a.example.org", R"("a")")) == "400 invalidRecordSet");
  CHECK(said(bench.set("POST", "badexample.com", R"("a")")) == "400 invalidRecordSet");
  CHECK(said(bench.set("PATCH", name)) == "405 methodNotAllowed");
  CHECK(said(bench.edge("PUT", "/zones/example.com/recordsets", R"({"recordsets":[]})")) == "404 notFound");
  CHECK(said(bench.edge("GET", "/zones/example.org")) == "404 zoneNotFound");
  CHECK(said(bench.edge("GET", "/data/authorities")) == "404 notFound");
  CHECK(at(bench.edge("GET", "/zones/example.com/recordsets").body, "/recordsets") == "[]");
}

TEST_CASE("Edge DNS: values in every spelling of master files are kept byte for byte") {
  EdgeBench bench(two_zones());
  struct Case {
    std::string rdata, bytes;
  };
  std::string const long_piece(255, 'a');
  Case const cases[] = {{R"("a b")", "a b"},
                        {R"(unquoted)", "unquoted"},
                        {R"("first " "second")", "first second"},
                        {R"("a\"b\\c")", R"(a"b\c)"},
                        {R"("\097\195\188")", "aü"},
                        {R"("")", ""},
                        {'"' + long_piece + R"(" "b")", long_piece + "b"}};
  for (Case const& c : cases) {
    CAPTURE(c.rdata);
    CHECK(txt_bytes(c.rdata) == c.bytes);
    json::Document document(rapidjson::kArrayType);
    document.PushBack(json::string(c.rdata, document.GetAllocator()), document.GetAllocator());
    std::string const list = json::compact(document);
    REQUIRE(said(bench.set("POST", "a.example.com", list.substr(1, list.size() - 2))) == "201");
    CHECK(bench.values("a.example.com") == list);
    REQUIRE(said(bench.set("DELETE", "a.example.com")) == "204");
  }
  for (char const* const wrong : {R"("\09")", R"("\256")", R"("a\)", R"("a" b)", "", " "})
    CHECK_FALSE(txt_bytes(wrong));
}

TEST_CASE("Edge DNS: zones are found by name, and only those that were chosen exist") {
  EdgeBench bench(two_zones());
  CHECK(at(bench.edge("GET", "/zones/sub.example.com").body, "/activationState") == R"("ACTIVE")");
  CHECK(at(bench.edge("GET", "/zones?search=sub&types=PRIMARY&showAll=true").body, "/zones/0/zone") ==
        R"("sub.example.com")");
  EdgeBench none;
  CHECK(said(none.edge("GET", "/zones/example.com")) == "404 zoneNotFound");
}

TEST_CASE("Edge DNS: record sets are shown in pages, unless all are asked for") {
  EdgeBench bench(two_zones());
  for (int i = 0; i < 30; ++i)
    REQUIRE(said(bench.set("POST", fmt::format("h{:02}.example.com", i), R"("a")")) == "201");
  struct Case {
    char const *query, *count, *first;
  };
  Case const cases[] = {{"", "25", "h00"},
                        {"?page=2", "5", "h25"},
                        {"?page=3&pageSize=7", "7", "h14"},
                        {"?showAll=true&types=TXT", "30", "h00"}};
  for (Case const& c : cases) {
    CAPTURE(c.query);
    std::string const body = bench.edge("GET", std::string("/zones/example.com/recordsets") + c.query).body;
    json::Document const shown = parsed(body);
    CHECK(std::to_string(json::find(shown, "recordsets")->Size()) == c.count);
    CHECK(at(body, "/metadata/totalElements") == "30");
    CHECK(at(body, "/recordsets/0/name") == fmt::format("\"{}.example.com\"", c.first));
  }
  CHECK(said(bench.edge("GET", "/zones/example.com/recordsets?page=0")) == "400 invalidParameter");
  CHECK(said(bench.edge("GET", "/zones/example.com/recordsets?pageSize=x")) == "400 invalidParameter");
}

TEST_CASE("Edge DNS: signatures are checked as CPS's, requests are logged and do not count as CPS's") {
  Behaviour behaviour = two_zones();
  behaviour.real_limits = true;
  EdgeBench bench(behaviour);
  Request request = bench.signed_request({.target = std::string(base) + "/zones/example.com"});
  request.target += "?x=y";
  CHECK(bench.send_raw(request).status == 401);
  for (int i = 0; i < 50; ++i) REQUIRE(bench.edge("GET", "/zones/example.com").status == 200);
  CHECK(bench.list().status == 200);
  CHECK(bench.files.content["folder/requests.log"].find(R"("target":"/config-dns/v2/zones/example.com")") !=
        std::string::npos);
}

TEST_CASE("Edge DNS: a write locks its zone, and no other") {
  Behaviour behaviour = two_zones();
  behaviour.edge_write_time = 2s;
  EdgeBench bench(behaviour);
  Response const first = bench.set("POST", "a.example.com", R"("a")");
  CHECK(first.status == 201);
  CHECK(first.delivery.wait == Duration(2s));
  CHECK(said(bench.set("POST", "b.example.com", R"("b")")) == "409 concurrentZoneModification");
  CHECK(said(bench.set("DELETE", "a.example.com")) == "409 concurrentZoneModification");
  CHECK(bench.values("a.example.com") == R"(["a"])");
  CHECK(said(bench.set("POST", "b.sub.example.com", R"("b")", "sub.example.com")) == "201");
  bench.clock.pass(2s);
  CHECK(said(bench.set("POST", "b.example.com", R"("b")")) == "201");
}

TEST_CASE("Edge DNS: a change list is carried out as a whole") {
  EdgeBench bench(two_zones());
  REQUIRE(said(bench.set("POST", "old.example.com", R"("old")")) == "201");
  REQUIRE(said(bench.set("POST", "gone.example.com", R"("gone")")) == "201");
  CHECK(said(bench.change("ADD", "a.example.com", R"("a")")) == "404 changeListNotFound");
  Response const made = bench.edge("POST", "/changelists?zone=example.com");
  CHECK(made.status == 201);
  CHECK(at(made.body, "/zone") == R"("example.com")");
  CHECK(at(made.body, "/stale") == "false");
  CHECK(said(bench.change("ADD", "a.example.com", R"("a")")) == "204");
  CHECK(said(bench.change("ADD", "old.example.com", R"("new")")) == "409 duplicateRecordSet");
  CHECK(said(bench.change("EDIT", "b.example.com", R"("b")")) == "400 recordSetNotFound");
  CHECK(said(bench.change("EDIT", "old.example.com", R"("first")")) == "204");
  CHECK(said(bench.change("EDIT", "old.example.com", R"("old","new")")) == "204");
  CHECK(said(bench.change("DELETE", "gone.example.com", R"("gone")")) == "204");
  CHECK(said(bench.change("ADD", "a.example.org", R"("a")")) == "400 invalidChange");
  CHECK(said(bench.change("RENAME", "a.example.com", R"("a")")) == "400 invalidChange");
  CHECK(bench.values("a.example.com") == "404");
  bench.restart();
  CHECK(said(bench.edge("POST", "/changelists/example.com/submit")) == "204");
  CHECK(bench.values("a.example.com") == R"(["a"])");
  CHECK(bench.values("old.example.com") == R"(["old","new"])");
  CHECK(bench.values("gone.example.com") == "404");
  CHECK(said(bench.edge("POST", "/changelists/example.com/submit")) == "404 changeListNotFound");
}

TEST_CASE("Edge DNS: one change list for a zone, and one that is stale is not carried out") {
  EdgeBench bench(two_zones());
  REQUIRE(said(bench.edge("POST", "/changelists?zone=example.com&overwrite=none")) == "201");
  REQUIRE(said(bench.edge("POST", "/changelists?zone=sub.example.com")) == "201");
  CHECK(said(bench.edge("POST", "/changelists?zone=example.com")) == "409 duplicateChangeList");
  CHECK(said(bench.edge("POST", "/changelists?zone=example.com&overwrite=stale")) == "409 duplicateChangeList");
  CHECK(said(bench.edge("POST", "/changelists?zone=example.com&overwrite=all")) == "400 invalidParameter");
  REQUIRE(said(bench.change("ADD", "a.example.com", R"("a")")) == "204");
  REQUIRE(said(bench.set("POST", "foreign.example.com", R"("f")")) == "201");
  CHECK(at(bench.edge("GET", "/changelists/example.com").body, "/stale") == "true");
  CHECK(said(bench.edge("POST", "/changelists/example.com/submit")) == "409 staleChangeList");
  CHECK(bench.values("a.example.com") == "404");
  CHECK(said(bench.edge("POST", "/changelists?zone=example.com&overwrite=stale")) == "201");
  CHECK(said(bench.edge("POST", "/changelists?zone=example.com&overwrite=any")) == "201");
  CHECK(said(bench.edge("POST", "/changelists/example.com/submit")) == "204");
  CHECK(bench.values("a.example.com") == "404");  // the new list was empty
  REQUIRE(said(bench.edge("POST", "/changelists?zone=example.com")) == "201");
  CHECK(said(bench.edge("DELETE", "/changelists/example.com")) == "204");
  CHECK(said(bench.edge("GET", "/changelists/example.com")) == "404 changeListNotFound");
}

TEST_CASE("Edge DNS: what was written is there after a restart, and a full disk is told") {
  EdgeBench bench(two_zones());
  REQUIRE(said(bench.set("POST", "a.example.com", R"("a")")) == "201");
  bench.restart();
  bench.restart();  // from what the first one has compacted
  CHECK(bench.values("a.example.com") == R"(["a"])");
  bench.files.writes_left = 0;
  CHECK(said(bench.set("PUT", "a.example.com", R"("b")")) == "500 internalError");
  CHECK(bench.values("a.example.com") == R"(["a"])");
}

}  // namespace
}  // namespace cpsctl::sandbox::test
