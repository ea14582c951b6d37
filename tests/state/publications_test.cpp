#include "state/failing_files.hpp"
#include "state/open.hpp"
#include "state/store.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

std::string const path = "p/state.json";
std::string const realm = "sandbox";

state::Publication publication(std::string value, std::int64_t change = 10) {
  return {.name = "www",
          .contract = "1-A",
          .id = 7,
          .change = change,
          .publisher = "corp-dns",
          .domain = "www.example.com",
          .at = "_acme-challenge.www.example.com.",
          .target = "www.acme.example.com.",
          .value = std::move(value),
          .zone = "acme.example.com"};
}

/// "AAA/10 BBB/10": what the files say.
std::string told(failing::Disk& disk) {
  auto const contents = at_files::read(path, realm, disk);
  REQUIRE(contents.has_value());
  std::string text;
  for (state::Publication const& one : contents->publications) text += fmt::format("{}/{} ", one.value, one.change);
  return text;
}

}  // namespace

TEST_CASE("publications: known from before they are sent until they are gone, by journal and snapshot") {
  failing::Disk disk;
  auto opened = at_files::open(path, realm, "run", disk);
  REQUIRE(opened.has_value());
  state::Store& store = **opened;
  REQUIRE(store.write({.phase = state::Phase::published, .publications = {publication("AAA"), publication("BBB")}}));
  CHECK(told(disk) == "AAA/10 BBB/10 ");
  REQUIRE(store.save());
  CHECK(told(disk) == "AAA/10 BBB/10 ");
  // The same again is the same, with what is known of it now.
  state::Publication again = publication("AAA");
  again.reference = "r1";
  REQUIRE(store.write({.phase = state::Phase::published, .publications = {again, publication("AAA", 11)}}));
  CHECK(told(disk) == "BBB/10 AAA/10 AAA/11 ");
  CHECK(store.contents().publications[1].reference == "r1");
  REQUIRE(store.write({.phase = state::Phase::withdrawn, .publications = {publication("AAA")}}));
  CHECK(told(disk) == "BBB/10 AAA/11 ");
  // They outlive their entry, and are no history.
  REQUIRE(store.write({.phase = state::Phase::dropped, .name = "www"}));
  REQUIRE(store.save());
  CHECK(told(disk) == "BBB/10 AAA/11 ");
  CHECK(store.contents().history.size() <= 1);
}
