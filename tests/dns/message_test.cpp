#include "dns/message.hpp"

#include "dns/names.hpp"
#include "dns/wire.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace names;
using program::says;
namespace wire = cpsctl::dns::wire;

namespace {

/// An answer of this many records, which follow as they are.
std::string answer_of(std::size_t records, std::string const& bytes, unsigned flags = 0x8400) {
  auto message = dns::question_message({.name = name("a.test"), .udp_size = 0}, 7);
  std::string head;
  for (std::size_t const number : {std::size_t{7}, std::size_t{flags}, std::size_t{1}, records})
    wire::put<2>(head, number);
  message.replace(0, 8, head);
  return message + bytes;
}

/// A record whose owner is the question's name.
std::string record(dns::Type type, std::string const& data, std::string owner = std::string("\xc0\x0c", 2)) {
  wire::put<2>(owner, static_cast<std::uint16_t>(type));
  wire::put<2>(owner, 1);
  wire::put<4>(owner, 60);
  wire::put<2>(owner, data.size());
  return owner + data;
}

std::string refusal(std::string const& bytes) {
  auto const message = dns::read_message(bytes);
  return message ? "read" : message.error().message;
}

}  // namespace

TEST_CASE("message: TXT pieces are one value") {
  auto const message = dns::read_message(answer_of(1, record(dns::Type::txt,
                                                             "\x03"
                                                             "abc"
                                                             "\x02"
                                                             "de")));
  REQUIRE(message);
  CHECK(dns::values_of<dns::Text>(*message, name("a.test")) == std::vector<dns::Text>{{"abcde"}});
  CHECK(message->authoritative());
  std::string pieces;
  for (int i = 0; i < 250; ++i) pieces += '\xff' + std::string(255, 'x');
  auto const large = dns::read_message(answer_of(1, record(dns::Type::txt, pieces)));
  REQUIRE(large);
  CHECK(dns::values_of<dns::Text>(*large, name("a.test")).front().value.size() == 250UL * 255);
}

TEST_CASE("message: what is none is an error") {
  auto const good = answer_of(1, record(dns::Type::txt, "\x01x"));
  REQUIRE(refusal(good) == "read");
  CHECK(says(refusal(""), "shorter than a header"));
  CHECK(says(refusal(good + "x"), "something follows its last record"));
  CHECK(says(refusal(std::string(65536, 'x')), "longer than a message can be"));
  for (std::size_t length = 0; length < good.size(); ++length) CHECK(refusal(good.substr(0, length)) != "read");
  // A name that points to itself, one that points ahead, and two that point to each other.
  for (char const* const owner : {"\xc0\x18", "\xc0\xff", "\xc0\x1a\xc0\x18"})
    CHECK(says(refusal(answer_of(1, record(dns::Type::txt, "\x01x", owner))), "a record cannot be read"));
  CHECK(says(refusal(answer_of(2, record(dns::Type::txt, "\x01x"))), "a record cannot be read"));
  CHECK(refusal(answer_of(2, record(dns::Type::txt, "\x01x"), 0x8600)) == "read");  // it says that it is truncated
}

TEST_CASE("message: CNAMEs inside an answer that go in a circle end") {
  auto const message = dns::read_message(answer_of(1, record(dns::Type::cname, std::string("\xc0\x0c", 2))));
  REQUIRE(message);
  CHECK(dns::values_of<dns::Text>(*message, name("a.test")).empty());
}

TEST_CASE("message: an answer belongs to its question") {
  auto const asked = dns::question_message({.name = name("a.test")}, 7);
  auto const good = answer_of(0, "");
  CHECK(dns::answers(good, asked));
  auto other_case = good;
  other_case[13] = 'A';
  CHECK(dns::answers(other_case, asked));
  struct Case {
    char const* title;
    std::size_t at;
    char byte;
  };
  Case const cases[] = {{"another id", 1, 8},      {"a question itself", 2, 4}, {"another operation", 2, '\xa8'},
                        {"another name", 13, 'b'}, {"another type", 21, 1},     {"no question", 5, 0}};
  for (Case const& c : cases) SUBCASE(c.title) {
      auto bytes = good;
      bytes[c.at] = c.byte;
      CHECK_FALSE(dns::answers(bytes, asked));
    }
  auto refused = good.substr(0, 12);
  refused[5] = 0;
  refused[3] = 5;
  CHECK(dns::answers(refused, asked));
}

TEST_CASE("names: one spelling") {
  CHECK(name("WWW.Example.COM").text() == "www.example.com.");
  CHECK(name("www.example.com.") == name("www.example.com"));
  CHECK(name(".").is_root());
  CHECK(name("a.b.c").parent() == name("b.c"));
  CHECK(name("c").parent().is_root());
  CHECK(name("a.b.c").lies_in(name("b.c")));
  CHECK_FALSE(name("ab.c").lies_in(name("b.c")));
  CHECK_FALSE(name("a\\.b.c").lies_in(name("b.c")));  // a dot inside a label
  for (std::string const& wrong : {std::string(), std::string("a..b"), std::string(64, 'a'), std::string("a\0b", 3)})
    CHECK_FALSE(dns::Name::parse(wrong));
  CHECK(dns::challenge_name("*.example.com")->text() == "_acme-challenge.example.com.");
}

TEST_CASE("servers: as people and resolv.conf write them") {
  CHECK(dns::parse_server("192.0.2.1")->text() == "192.0.2.1:53");
  CHECK(dns::parse_server("192.0.2.1:5353")->text() == "192.0.2.1:5353");
  CHECK(dns::parse_server("2001:db8::1")->text() == "[2001:db8::1]:53");
  CHECK(dns::parse_server("[2001:db8::1]:5353")->text() == "[2001:db8::1]:5353");
  for (char const* const wrong :
       {"", "ns1.example.com", "192.0.2.1:0", "192.0.2.1:99999", "192.0.2.1:", "[::1", "[::1]53"})
    CHECK_FALSE(dns::parse_server(wrong));
  auto const found =
      dns::resolvers_of("# a comment\nsearch x\nnameserver 192.0.2.1\n nameserver\t::1 \nnameserver junk\n");
  REQUIRE(found.size() == 2);
  CHECK(found[1].text() == "[::1]:53");
  CHECK(dns::resolvers_of("").front().text() == "127.0.0.1:53");
}

TEST_CASE("keys: by a variable and by named's file, and never quoted") {
  auto const by_text = dns::parse_key(fmt::format("HMAC-SHA512:writer.example:{}\n", secret));
  REQUIRE(by_text);
  CHECK(by_text->algorithm == dns::Algorithm::hmac_sha512);
  CHECK(by_text->secret.reveal() == "writerwriterwriterwriterwriter12");
  auto const file =
      fmt::format("# ours\nkey \"writer\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{}\"; // !\n}};\n", secret);
  auto const by_file = dns::parse_key_file(file);
  REQUIRE(by_file);
  CHECK(by_file->name == name("writer"));
  CHECK(by_file->secret.reveal() == by_text->secret.reveal());
  CHECK(says(dns::parse_key_file(file + file).error().message, "more than one key"));
  for (std::string const& wrong :
       {std::string(secret), fmt::format("writer:{}", secret), fmt::format("hmac-md5:writer:{}", secret),
        fmt::format("{}:writer:x", secret), fmt::format("hmac-sha256:a..b:{}", secret),
        fmt::format("hmac-sha256:w:{}x", secret)}) {
    auto const refused = dns::parse_key(wrong);
    REQUIRE_FALSE(refused);
    CHECK_FALSE(says(describe(refused.error()) + refused.error().next, "d3JpdGVy"));
  }
  program::Folder const folder;
  auto const path = folder.write("keys/writer.key", file);
  auto const in_project = dns::read_key_file(system_files(), path, folder.path());
  CHECK(says(in_project.error().message, "lies in the project's folder"));
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  CHECK(says(dns::read_key_file(system_files(), path, {}).error().message, "everybody may read"));
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  CHECK(dns::read_key_file(system_files(), path, folder / "elsewhere"));
}
