#include "dns/edge_set.hpp"

#include "base/fields.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <boost/describe.hpp>
#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t longest_piece = 255;

/// A record set of any type, as it is in JSON.
struct Listed {
  std::string name = {};
  std::string type = {};
  std::int64_t ttl = 0;
  std::vector<std::string> rdata = {};
};
BOOST_DESCRIBE_STRUCT(Listed, (), (name, type, ttl, rdata))

struct Change {
  std::string op = {};
  std::string name = {};
  std::string type = "TXT";
  std::int64_t ttl = 0;
  std::vector<std::string> rdata = {};
};
BOOST_DESCRIBE_STRUCT(Change, (), (op, name, type, ttl, rdata))

Error not_understood(std::string_view why) {
  return {.code = Errc::protocol,
          .message = fmt::format("Edge DNS's answer is no record set: {}", why),
          .next = "check that the host is an Akamai API host"};
}

bool is_plain(char c) {
  return c >= ' ' && c < '\x7f' && c != '"' && c != '\\';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Reads master-file text from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool skip(char c) {
    if (at_end() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (!at_end() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  /// Up to the closing quote, or to a blank. Nothing when an escape is none.
  std::optional<std::string> piece(bool quoted) {
    std::string bytes;
    while (!at_end() && (quoted ? rest_.front() != '"' : !is_blank(rest_.front()))) {
      char c = take();
      if (c == '\\') {
        auto const escaped = after_backslash();
        if (!escaped) return std::nullopt;
        c = *escaped;
      } else if (c == '"') {
        return std::nullopt;
      }
      bytes += c;
    }
    return bytes;
  }

 private:
  char take() {
    char const c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::optional<char> after_backslash() {
    if (at_end()) return std::nullopt;
    if (rest_.front() < '0' || rest_.front() > '9') return take();
    auto const code = rest_.size() < 3 ? std::nullopt : text::number<int>(rest_.substr(0, 3));
    if (!code || *code > 255) return std::nullopt;
    rest_.remove_prefix(3);
    return static_cast<char>(*code);
  }

  std::string_view rest_;
};

bool has(TxtSet const* live, std::string const& value) {
  return live != nullptr &&
         std::ranges::any_of(live->rdata, [&](std::string const& rdata) { return txt_value(rdata) == value; });
}

Result<json::Document> object_of(std::string_view body) {
  auto document = json::parse(body, "Edge DNS's answer");
  if (!document) return not_understood(document.error().message);
  if (!document->IsObject()) return not_understood("no JSON object");
  return std::move(*document);
}

}  // namespace

std::string txt_rdata(std::string_view value) {
  std::string rdata;
  do {
    std::string_view const piece = value.substr(0, longest_piece);
    value.remove_prefix(piece.size());
    rdata += rdata.empty() ? "\"" : " \"";
    for (char const c : piece) {
      if (is_plain(c))
        rdata += c;
      else if (c == '"' || c == '\\')
        rdata += fmt::format("\\{}", c);
      else
        rdata += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
    rdata += '"';
  } while (!value.empty());
  return rdata;
}

std::optional<std::string> txt_value(std::string_view rdata) {
  Reader reader(rdata);
  std::string value;
  bool any = false;
  for (reader.skip_blanks(); !reader.at_end(); reader.skip_blanks()) {
    bool const quoted = reader.skip('"');
    auto const piece = reader.piece(quoted);
    if (!piece || (quoted && !reader.skip('"'))) return std::nullopt;
    value += *piece;
    any = true;
  }
  return any ? std::optional(std::move(value)) : std::nullopt;
}

bool holds(TxtSet const* live, Wanted const& wanted) {
  auto const is_there = [live](std::string const& value) { return has(live, value); };
  return std::ranges::all_of(wanted.there, is_there) && std::ranges::none_of(wanted.gone, is_there);
}

std::optional<TxtSet> merged(TxtSet const* live, Wanted const& wanted, std::int64_t ttl) {
  TxtSet set = live != nullptr ? *live : TxtSet{.ttl = ttl};
  std::erase_if(set.rdata, [&](std::string const& rdata) {
    auto const value = txt_value(rdata);
    return value && wanted.gone.contains(*value);
  });
  for (std::string const& value : wanted.there)
    if (!has(&set, value)) set.rdata.push_back(txt_rdata(value));
  return set.rdata.empty() ? std::nullopt : std::optional(std::move(set));
}

Result<TxtSet> read_record_set(std::string_view body, Name const& name) {
  CPS_TRY(json::Document const document, object_of(body));
  Listed listed;
  if (!fields::from_json(document, listed)) return not_understood("a member has the wrong type");
  auto const owner = Name::parse(listed.name);
  if (!owner || *owner != name || listed.type != "TXT") return not_understood("it is of another name or type");
  if (listed.ttl < 0 || listed.rdata.empty()) return not_understood("it has no records");
  return TxtSet{.ttl = listed.ttl, .rdata = std::move(listed.rdata)};
}

Result<TxtSets> read_record_sets(std::string_view body, Name const& zone) {
  CPS_TRY(json::Document const document, object_of(body));
  json::Value const* const list = json::find(document, "recordsets");
  if (list == nullptr || !list->IsArray()) return not_understood("recordsets is missing");
  TxtSets sets;
  for (json::Value const& one : list->GetArray()) {
    Listed listed;
    if (!fields::from_json(one, listed)) return not_understood("a record set has a member of the wrong type");
    auto const owner = Name::parse(listed.name);
    bool const ours = owner && owner->lies_in(zone) && listed.type == "TXT";
    if (!ours || listed.ttl < 0 || listed.rdata.empty()) continue;
    sets.insert_or_assign(*owner, TxtSet{.ttl = listed.ttl, .rdata = std::move(listed.rdata)});
  }
  return sets;
}

std::string record_set_body(Name const& name, TxtSet const& set, std::string_view op) {
  if (op.empty())
    return fields::to_text(Listed{.name = name.shown(), .type = "TXT", .ttl = set.ttl, .rdata = set.rdata});
  return fields::to_text(Change{.op = std::string(op), .name = name.shown(), .ttl = set.ttl, .rdata = set.rdata});
}

}  // namespace cpsctl::dns
