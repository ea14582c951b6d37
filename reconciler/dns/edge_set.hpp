#pragma once
#include "base/result.hpp"
#include "dns/name.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// TXT record sets as Edge DNS writes them (facts-2026.md C1), and what a publication makes of one. Pure; what Edge DNS
/// answers may be anything.
namespace cpsctl::dns {

struct TxtSet {
  std::int64_t ttl = 0;
  std::vector<std::string> rdata = {};  ///< in the format of master files, byte for byte as it came
  bool operator==(TxtSet const&) const = default;
};
/// By name; a name that is not in it has no TXT records.
using TxtSets = std::map<Name, TxtSet>;

/// A value as rdata: in quotes, in pieces of at most 255 bytes, odd bytes escaped.
std::string txt_rdata(std::string_view value);
/// The value that rdata stands for, quoted or not; nothing: it cannot be read.
std::optional<std::string> txt_value(std::string_view rdata);

/// What is wanted of one name: values, not rdata. None is in both.
struct Wanted {
  std::set<std::string> there = {};
  std::set<std::string> gone = {};
};

/// Is it so already? `live`: null when the name has no set.
bool holds(TxtSet const* live, Wanted const& wanted);

/// The set as it is to be; nothing: there is to be none. Everybody else's rdata stays as it is, and where it is; so
/// does the set's TTL. `ttl`: of a new set.
std::optional<TxtSet> merged(TxtSet const* live, Wanted const& wanted, std::int64_t ttl);

/// The answer to one record set. Errors: protocol, also when it is that of another name or type.
Result<TxtSet> read_record_set(std::string_view body, Name const& name);
/// The TXT record sets of a zone; other types, and names outside the zone, are passed over. Errors: protocol.
Result<TxtSets> read_record_sets(std::string_view body, Name const& zone);

/// The body of a request. `op`: ADD, EDIT or DELETE in a change list, else empty.
std::string record_set_body(Name const& name, TxtSet const& set, std::string_view op = {});

}  // namespace cpsctl::dns
