#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

/// The zones of the sandbox's Edge DNS: record sets, and the change lists that are open. Pure; the store keeps them.
namespace cpsctl::sandbox {

/// As Edge DNS shows and takes it: names in lower case without a last dot, rdata in the format of master files.
struct RecordSet {
  std::string name = {};
  std::string type = {};
  std::int64_t ttl = 0;
  std::vector<std::string> rdata = {};
};
BOOST_DESCRIBE_STRUCT(RecordSet, (), (name, type, ttl, rdata))

/// What a list does to one record set. `op`: ADD | EDIT | DELETE.
struct ListedChange {
  std::string op = {};
  RecordSet set = {};
};
BOOST_DESCRIBE_STRUCT(ListedChange, (), (op, set))

/// Changes of a zone that are carried out together, or not at all.
struct ChangeList {
  std::string tag = {};
  std::int64_t version = 0;  ///< of the zone when it was made: it is stale when there is another
  std::string modified = {};
  std::vector<ListedChange> changes = {};
};
BOOST_DESCRIBE_STRUCT(ChangeList, (), (tag, version, modified, changes))

/// One write to a zone. `dropped` names sets by name and type. `list` is the one that is open afterwards.
struct ZoneWrite {
  std::string zone = {};
  std::int64_t version = 0;
  std::string modified = {};
  std::vector<RecordSet> put = {};
  std::vector<RecordSet> dropped = {};
  std::optional<ChangeList> list = {};
};
BOOST_DESCRIBE_STRUCT(ZoneWrite, (), (zone, version, modified, put, dropped, list))

struct Zone {
  std::int64_t version = 1;
  std::string modified = {};
  std::map<std::pair<std::string, std::string>, RecordSet> sets = {};  ///< by name and type
  std::optional<ChangeList> list = {};
};
using Zones = std::map<std::string, Zone, std::less<>>;

RecordSet const* find_set(Zone const& zone, std::string const& name, std::string const& type);
void carry_out(Zones& zones, ZoneWrite write);
/// The write that makes all of a zone.
ZoneWrite whole(std::string const& name, Zone const& zone);

/// Does a name lie in a zone, or is it the zone's own?
bool lies_in(std::string_view name, std::string_view zone);

/// The bytes of a TXT value in the format of master files: quoted pieces of at most 255 bytes each, one after the
/// other, or one word without quotes. Nothing when it is neither.
std::optional<std::string> txt_bytes(std::string_view rdata);

/// What is at a name of the DNS: values, or another name instead.
struct TxtAnswer {
  std::vector<std::string> values = {};
  std::string alias = {};  ///< a CNAME's target, lower case, without a last dot; empty: none
};
TxtAnswer txt_at(Zone const& zone, std::string const& name);

}  // namespace cpsctl::sandbox
