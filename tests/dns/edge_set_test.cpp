#include "dns/edge_set.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

dns::Name name(std::string const& text) {
  return dns::Name::parse(text).value();
}

TEST_CASE("txt: values are written in quotes, and read in every spelling of master files") {
  CHECK(dns::txt_rdata("token-A_z9") == R"("token-A_z9")");
  CHECK(dns::txt_rdata(R"(a "b"\c)") == R"("a \"b\"\\c")");
  CHECK(dns::txt_rdata("a\nü\x7f") == R"("a\010\195\188\127")");
  CHECK(dns::txt_rdata("") == R"("")");
  CHECK(dns::txt_rdata(std::string(256, 'a')) == '"' + std::string(255, 'a') + R"(" "a")");
  for (auto const& value :
       {std::string("a"), std::string(R"("\)"), std::string(600, '"'), std::string("\0\xff", 2), std::string()}) {
    CAPTURE(value);
    CHECK(dns::txt_value(dns::txt_rdata(value)) == value);
  }
  CHECK(dns::txt_value("unquoted") == "unquoted");
  CHECK(dns::txt_value(R"( "a"  b "c")") == "abc");
  CHECK(dns::txt_value(R"("a""b")") == "ab");
  CHECK(dns::txt_value(R"("\097")") == "a");
  for (char const* const wrong : {"", " ", R"("a)", R"(a"b)", R"("\25")", R"("\256")", R"("a\)", R"(a\)"})
    CHECK_FALSE(dns::txt_value(wrong));
}

TEST_CASE("merge: what others wrote stays byte for byte, in its place and with its TTL") {
  dns::TxtSet const live{.ttl = 3600, .rdata = {R"("theirs")", "bare", R"("ou" "rs")", R"(broken")"}};
  auto const both = dns::merged(&live, {.there = {"new"}, .gone = {"ours"}}, 60);
  REQUIRE(both);
  CHECK(both->ttl == 3600);
  CHECK(both->rdata == std::vector<std::string>{R"("theirs")", "bare", R"(broken")", R"("new")"});
  CHECK(dns::merged(&live, {.there = {"theirs", "bare", "ours"}}, 60) == live);
  CHECK(dns::merged(&live, {.gone = {"absent"}}, 60) == live);
  auto const fresh = dns::merged(nullptr, {.there = {"a", "b"}}, 60);
  REQUIRE(fresh);
  CHECK(*fresh == dns::TxtSet{.ttl = 60, .rdata = {R"("a")", R"("b")"}});
  CHECK_FALSE(dns::merged(nullptr, {.gone = {"a"}}, 60));
  dns::TxtSet const last{.ttl = 60, .rdata = {R"("a")"}};
  CHECK_FALSE(dns::merged(&last, {.gone = {"a"}}, 60));
}

TEST_CASE("merge: what is so already needs nothing") {
  dns::TxtSet const live{.ttl = 60, .rdata = {"a", R"("b")"}};
  CHECK(dns::holds(&live, {.there = {"a", "b"}, .gone = {"c"}}));
  CHECK_FALSE(dns::holds(&live, {.there = {"c"}}));
  CHECK_FALSE(dns::holds(&live, {.gone = {"b"}}));
  CHECK(dns::holds(nullptr, {.gone = {"b"}}));
  CHECK_FALSE(dns::holds(nullptr, {.there = {"b"}}));
}

TEST_CASE("answers: a record set is read, or the answer is not believed") {
  std::string const good = R"({"name":"A.example.com","type":"TXT","ttl":60,"rdata":["\"a\""],"more":1})";
  auto const set = dns::read_record_set(good, name("a.example.com"));
  REQUIRE(set);
  CHECK(*set == dns::TxtSet{.ttl = 60, .rdata = {R"("a")"}});
  for (char const* const wrong : {"", "[]", "{}", R"({"name":"b.example.com","type":"TXT","ttl":60,"rdata":["a"]})",
                                  R"({"name":"a.example.com","type":"A","ttl":60,"rdata":["a"]})",
                                  R"({"name":"a.example.com","type":"TXT","ttl":60,"rdata":[]})",
                                  R"({"name":"a.example.com","type":"TXT","ttl":60,"rdata":[1]})",
                                  R"({"name":"a.example.com","type":"TXT","ttl":-1,"rdata":["a"]})"}) {
    CAPTURE(wrong);
    auto const read = dns::read_record_set(wrong, name("a.example.com"));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::protocol);
  }
}

TEST_CASE("answers: of a zone's record sets, those of TXT are read") {
  auto const sets =
      dns::read_record_sets(R"({"recordsets":[{"name":"a.example.com","type":"TXT","ttl":60,"rdata":["a"]},)"
                            R"({"name":"a.example.com","type":"A","ttl":60,"rdata":["192.0.2.1"]},)"
                            R"({"name":"a.example.org","type":"TXT","ttl":60,"rdata":["a"]},)"
                            R"({"name":"*.example.com","type":"TXT","ttl":60,"rdata":["w"]}]})",
                            name("example.com"));
  REQUIRE(sets);
  CHECK(sets->size() == 2);
  CHECK(sets->at(name("*.example.com")).rdata == std::vector<std::string>{"w"});
  for (char const* const wrong : {"{}", R"({"recordsets":{}})", R"({"recordsets":[1]})"})
    CHECK_FALSE(dns::read_record_sets(wrong, name("example.com")));
}

TEST_CASE("requests: exactly the members that Edge DNS takes") {
  dns::TxtSet const set{.ttl = 60, .rdata = {R"("a")"}};
  CHECK(dns::record_set_body(name("a.example.com."), set) ==
        R"({"name":"a.example.com","type":"TXT","ttl":60,"rdata":["\"a\""]})");
  CHECK(dns::record_set_body(name("a.example.com."), set, "ADD") ==
        R"({"op":"ADD","name":"a.example.com","type":"TXT","ttl":60,"rdata":["\"a\""]})");
}

}  // namespace
