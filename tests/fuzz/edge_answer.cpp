#include "dns/edge_set.hpp"
#include "fuzz/fuzz.hpp"

#include <algorithm>

using namespace cpsctl;

/// What Edge DNS may answer: what is read of it is written again without a loss, whatever of ours comes or goes.
namespace {

dns::Name const& zone() {
  static auto const name = dns::Name::parse("example.com").value();
  return name;
}

void is_kept(dns::Name const& name, dns::TxtSet const& set) {
  auto const again = dns::read_record_set(dns::record_set_body(name, set), name);
  fuzz::holds(again && *again == set, "what was read is written as it was", name.text());

  auto const with = dns::merged(&set, {.there = {"ours"}}, 60);
  fuzz::holds(with && with->ttl == set.ttl, "a set keeps its TTL");
  fuzz::holds(dns::holds(&*with, {.there = {"ours"}}), "what is wanted is there afterwards");
  fuzz::holds(std::equal(set.rdata.begin(), set.rdata.end(), with->rdata.begin()), "nothing of others is touched");
  fuzz::holds(with->rdata.size() <= set.rdata.size() + 1, "nothing else is added");

  auto const without = dns::merged(&set, {.gone = {"ours"}}, 60);
  fuzz::holds(dns::holds(without ? &*without : nullptr, {.gone = {"ours"}}), "what is to go is gone afterwards");
  for (auto const& rdata : set.rdata) {
    bool const ours = dns::txt_value(rdata) == "ours";
    bool const there = without && std::ranges::find(without->rdata, rdata) != without->rdata.end();
    fuzz::holds(there != ours, "only what is ours goes", rdata);
  }
}

void is_one_line(Error const& error) {
  fuzz::holds(fuzz::is_printable(error.message), "an error is one line", error.message);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  auto const value = dns::txt_value(dns::txt_rdata(text));
  fuzz::holds(value && *value == text, "a value is written and read again", text);
  static_cast<void>(dns::txt_value(text));

  auto const set = dns::read_record_set(text, zone());
  if (set) is_kept(zone(), *set);
  auto const sets = dns::read_record_sets(text, zone());
  if (sets)
    for (auto const& [name, one] : *sets) is_kept(name, one);
  if (!set) is_one_line(set.error());
  if (!sets) is_one_line(sets.error());
  return 0;
}
