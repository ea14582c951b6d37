#include "dns/message.hpp"

#include "base/text.hpp"
#include "dns/ldns.hpp"
#include "dns/wire.hpp"

#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t internet = 1;
constexpr std::uint16_t nobody = 254;  ///< class NONE: deletes one value
constexpr int most_aliases = 16;

struct Freed {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
  void operator()(char* text) const { std::free(text); }
};
using RawRecord = std::unique_ptr<ldns_rr, Freed>;

Error garbled(std::string_view why) {
  return {.code = Errc::protocol,
          .message = fmt::format("the answer is no DNS message: {}", why),
          .next = "see what answers at this address and port"};
}

std::string_view bytes_of(ldns_rdf const* rdf) {
  return {reinterpret_cast<char const*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf)};
}

/// The text that a length precedes.
std::string_view counted_of(ldns_rdf const* rdf, std::size_t length_size = 1) {
  auto const bytes = bytes_of(rdf);
  return bytes.substr(std::min(bytes.size(), length_size));
}

Result<Name> name_of(ldns_rdf const* rdf) {
  std::unique_ptr<char, Freed> const text(rdf == nullptr ? nullptr : ldns_rdf2str(rdf));
  if (!text) return garbled("a name is missing");
  return Name::parse(text.get());
}

std::string shown(ldns_rdf const* rdf) {
  std::unique_ptr<char, Freed> const text(ldns_rdf2str(rdf));
  return text ? text.get() : "";
}

/// Reads a message's parts from left to right.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t at() const { return at_; }
  bool at_end() const { return at_ == bytes_.size(); }

  RawRecord next(ldns_pkt_section section) {
    ldns_rr* raw = nullptr;
    auto const* const start = reinterpret_cast<std::uint8_t const*>(bytes_.data());
    auto const status = ldns_wire2rr(&raw, start, bytes_.size(), &at_, section);
    return RawRecord(status == LDNS_STATUS_OK ? raw : nullptr);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = header_size;
};

Result<Data> data_of(ldns_rr const& record) {
  auto const count = ldns_rr_rd_count(&record);
  auto const field = [&record](std::size_t i) { return ldns_rr_rdf(&record, i); };
  switch (static_cast<Type>(ldns_rr_get_type(&record))) {
    case Type::a:
    case Type::aaaa:
      if (count != 1) return garbled("an address is missing");
      return Data(Address{shown(field(0))});
    case Type::ns:
    case Type::cname: {
      CPS_TRY(auto to, name_of(count == 0 ? nullptr : field(0)));
      return Data(Pointer{std::move(to)});
    }
    case Type::soa: {
      if (count != 7) return garbled("a zone's record is short");
      CPS_TRY(auto primary, name_of(field(0)));
      return Data(
          Soa{.primary = std::move(primary), .serial = static_cast<std::uint32_t>(wire::number(bytes_of(field(2))))});
    }
    case Type::txt: {
      Text text;
      for (std::size_t i = 0; i < count; ++i) text.value += counted_of(field(i));
      return Data(std::move(text));
    }
    case Type::caa:
      if (count < 2) return garbled("a CAA record is short");
      return Data(Caa{.critical = (wire::number(bytes_of(field(0))) & 0x80U) != 0,
                      .tag = text::lower(counted_of(field(1))),
                      .value = count > 2 ? std::string(bytes_of(field(2))) : std::string()});
    case Type::opt:
    case Type::tsig: break;
  }
  return Data();
}

Result<Signature> signature_of(ldns_rr const& record, std::size_t at) {
  if (ldns_rr_rd_count(&record) != 7) return garbled("its signature is short");
  auto const field = [&record](std::size_t i) { return ldns_rr_rdf(&record, i); };
  Signature signature{.at = at};
  CPS_TRY(signature.key, name_of(ldns_rr_owner(&record)));
  CPS_TRY(signature.algorithm, name_of(field(0)));
  signature.time = wire::number(bytes_of(field(1)));
  signature.fudge = static_cast<std::uint16_t>(wire::number(bytes_of(field(2))));
  signature.mac = counted_of(field(3), 2);
  signature.original_id = static_cast<std::uint16_t>(wire::number(bytes_of(field(4))));
  signature.error = static_cast<std::uint16_t>(wire::number(bytes_of(field(5))));
  signature.other = counted_of(field(6), 2);
  return signature;
}

Result<> take(Message& message, std::vector<Record>& into, ldns_rr const& record, std::size_t at) {
  auto const type = static_cast<Type>(ldns_rr_get_type(&record));
  if (message.signature) return garbled("something follows its signature");
  if (type == Type::opt) {
    auto const upper = ldns_rr_ttl(&record) >> 24U;
    message.rcode = static_cast<Rcode>(upper << 4U | (message.flags & 0xFU));
    return {};
  }
  if (type == Type::tsig) {
    CPS_TRY(message.signature, signature_of(record, at));
    return {};
  }
  if (ldns_rr_get_class(&record) != LDNS_RR_CLASS_IN) return {};
  CPS_TRY(auto owner, name_of(ldns_rr_owner(&record)));
  CPS_TRY(auto data, data_of(record));
  into.push_back({.owner = std::move(owner), .type = type, .ttl = ldns_rr_ttl(&record), .data = std::move(data)});
  return {};
}

std::string header(std::uint16_t id, unsigned flags, std::size_t first, std::size_t third, std::size_t fourth) {
  std::string out;
  for (std::size_t const number : {std::size_t{id}, std::size_t{flags}, first, std::size_t{0}, third, fourth})
    wire::put<2>(out, number);
  return out;
}

void put_question(std::string& out, Name const& name, Type type) {
  out += name.wire();
  wire::put<2>(out, static_cast<std::uint16_t>(type));
  wire::put<2>(out, internet);
}

}  // namespace

std::string word(Rcode code) {
  switch (code) {
    case Rcode::noerror: return "NOERROR";
    case Rcode::formerr: return "FORMERR";
    case Rcode::servfail: return "SERVFAIL";
    case Rcode::nxdomain: return "NXDOMAIN";
    case Rcode::notimp: return "NOTIMP";
    case Rcode::refused: return "REFUSED";
    case Rcode::yxdomain: return "YXDOMAIN";
    case Rcode::yxrrset: return "YXRRSET";
    case Rcode::nxrrset: return "NXRRSET";
    case Rcode::notauth: return "NOTAUTH";
    case Rcode::notzone: return "NOTZONE";
    case Rcode::badvers: return "BADVERS";
  }
  return fmt::format("RCODE {}", static_cast<int>(code));
}

Result<Message> read_message(std::string_view bytes) {
  if (bytes.size() < header_size) return garbled("it is shorter than a header");
  if (bytes.size() > 65535) return garbled("it is longer than a message can be");
  Message message{.id = wire::at16(bytes, 0), .flags = wire::at16(bytes, 2)};
  message.rcode = static_cast<Rcode>(message.flags & 0xFU);
  auto const questions = wire::at16(bytes, 4);
  if (questions > 1) return garbled("it has several questions");
  Reader reader(bytes);
  if (questions == 1) {
    auto const raw = reader.next(LDNS_SECTION_QUESTION);
    if (!raw) return garbled("its question cannot be read");
    CPS_TRY(auto name, name_of(ldns_rr_owner(raw.get())));
    message.question = Question{.name = std::move(name), .type = static_cast<Type>(ldns_rr_get_type(raw.get()))};
  }
  struct Section {
    ldns_pkt_section id;
    std::size_t count_at;
    std::vector<Record>& records;
  };
  Section const sections[] = {{LDNS_SECTION_ANSWER, 6, message.answers},
                              {LDNS_SECTION_AUTHORITY, 8, message.authority},
                              {LDNS_SECTION_ADDITIONAL, 10, message.additional}};
  for (Section const& section : sections)
    for (int left = wire::at16(bytes, section.count_at); left > 0; --left) {
      auto const at = reader.at();
      auto const raw = reader.next(section.id);
      if (!raw && message.truncated()) return message;
      if (!raw) return garbled("a record cannot be read");
      CPS_CHECK(take(message, section.records, *raw, at));
    }
  if (!reader.at_end() && !message.truncated()) return garbled("something follows its last record");
  return message;
}

std::string question_message(Question const& question, std::uint16_t id) {
  bool const edns = question.udp_size > 0;
  unsigned const flags = (question.recursion == Recursion::wanted ? 0x0100U : 0U) |
                         (question.validation == Validation::none ? 0x0010U : 0U);
  std::string out = header(id, flags, 1, 0, edns ? 1 : 0);
  put_question(out, question.name, question.type);
  if (!edns) return out;
  out += Name().wire();
  wire::put<2>(out, static_cast<std::uint16_t>(Type::opt));
  wire::put<2>(out, question.udp_size);
  wire::put<4>(out, question.signatures == Signatures::wanted ? 0x8000U : 0U);
  wire::put<2>(out, 0);
  return out;
}

bool answers(std::string_view answer, std::string_view asked) {
  if (answer.size() < header_size || asked.size() < header_size) return false;
  auto const flags = wire::at16(answer, 2);
  auto const same_operation = ((flags ^ wire::at16(asked, 2)) & 0x7800U) == 0;
  if (wire::at16(answer, 0) != wire::at16(asked, 0) || (flags & 0x8000U) == 0 || !same_operation) return false;
  // Who could not read the question, or will not do what it says, need not repeat it.
  if (wire::at16(answer, 4) == 0) return (flags & 0xFU) != 0 || (flags & 0x7800U) != 0;
  // Both are without compression: nothing stands before them that they could point to.
  std::size_t end = header_size;
  while (end < asked.size() && asked[end] != '\0') end += static_cast<unsigned char>(asked[end]) + std::size_t{1};
  auto const length = end + 5 - header_size;
  return text::lower(asked.substr(header_size, length)) == text::lower(answer.substr(header_size, length));
}

template <class T>
std::vector<T> values_of(Message const& answer, Name const& name) {
  std::vector<T> values;
  Name at = name;
  for (int aliases = 0; aliases < most_aliases && values.empty(); ++aliases) {
    Name const here = at;
    for (Record const& one : answer.answers) {
      if (one.owner != here) continue;
      if (auto const* const value = std::get_if<T>(&one.data)) values.push_back(*value);
      if (one.type == Type::cname) at = std::get<Pointer>(one.data).to;
    }
    if (at == here) break;
  }
  return values;
}
template std::vector<Text> values_of(Message const& answer, Name const& name);
template std::vector<Address> values_of(Message const& answer, Name const& name);
template std::vector<Caa> values_of(Message const& answer, Name const& name);
template std::vector<Pointer> values_of(Message const& answer, Name const& name);

std::string update_message(Name const& zone, std::vector<TxtChange> const& changes, std::uint32_t ttl,
                           std::uint16_t id) {
  constexpr unsigned opcode_update = 5U << 11U;
  std::string out = header(id, opcode_update, 1, changes.size(), 0);
  put_question(out, zone, Type::soa);
  for (TxtChange const& change : changes) {
    bool const adds = change.kind == TxtChange::Kind::add;
    out += change.owner.wire();
    wire::put<2>(out, static_cast<std::uint16_t>(Type::txt));
    wire::put<2>(out, adds ? internet : nobody);
    wire::put<4>(out, adds ? ttl : 0);
    wire::put<2>(out, change.value.size() + 1);
    wire::put<1>(out, change.value.size());
    out += change.value;
  }
  return out;
}

}  // namespace cpsctl::dns
