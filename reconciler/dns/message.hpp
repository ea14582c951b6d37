#pragma once
#include "base/result.hpp"
#include "dns/name.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// DNS messages, to and from bytes. Pure; what a server sent may be anything.
namespace cpsctl::dns {

/// What cpsctl asks for or reads; a record may be of any other type.
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  txt = 16,
  aaaa = 28,
  opt = 41,
  tsig = 250,
  caa = 257
};

/// Servers may answer with numbers that are not here.
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,
  yxrrset = 7,
  nxrrset = 8,
  notauth = 9,
  notzone = 10,
  badvers = 16
};
/// "NXDOMAIN"; "RCODE 11" for one without a name.
std::string word(Rcode code);

enum class Recursion : std::uint8_t { none, wanted };   ///< the bit RD: authorities are asked without
enum class Validation : std::uint8_t { server, none };  ///< none sets CD: a resolver gives what does not validate, too
enum class Signatures : std::uint8_t { none, wanted };  ///< the bit DO: a resolver tells by AD whether it validated

struct Question {
  Name name = {};
  Type type = Type::txt;
  Recursion recursion = Recursion::none;
  Validation validation = Validation::server;
  Signatures signatures = Signatures::none;
  std::uint16_t udp_size = 1232;  ///< what an answer may have over UDP; 0 asks without EDNS, for old servers
};

/// Of A and AAAA, as inet_ntop writes it.
struct Address {
  std::string text = {};
  bool operator==(Address const&) const = default;
};
/// Of NS and CNAME.
struct Pointer {
  Name to = {};
  bool operator==(Pointer const&) const = default;
};
struct Soa {
  Name primary = {};
  std::uint32_t serial = 0;
  bool operator==(Soa const&) const = default;
};
/// Of TXT: its pieces one after the other, any bytes.
struct Text {
  std::string value = {};
  bool operator==(Text const&) const = default;
};
struct Caa {
  bool critical = false;
  std::string tag = {};    ///< lower case
  std::string value = {};  ///< any bytes
  bool operator==(Caa const&) const = default;
};
using Data = std::variant<std::monostate, Address, Pointer, Soa, Text, Caa>;

struct Record {
  Name owner = {};
  Type type = Type::txt;
  std::uint32_t ttl = 0;
  Data data = {};  ///< monostate for types that are not read
};

/// What the TSIG record of a message says (RFC 8945 §4.2). Nobody has checked it yet.
struct Signature {
  std::size_t at = 0;  ///< where the record begins
  Name key = {};
  Name algorithm = {};
  std::uint64_t time = 0;  ///< seconds since 1970
  std::uint16_t fudge = 0;
  std::string mac = {};
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  std::string other = {};  ///< with BADTIME the server's time, 48 bits
};

struct Message {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  Rcode rcode = Rcode::noerror;           ///< with EDNS's upper bits
  std::optional<Question> question = {};  ///< name and type alone
  std::vector<Record> answers = {};
  std::vector<Record> authority = {};
  std::vector<Record> additional = {};
  std::optional<Signature> signature = {};

  bool is_answer() const { return (flags & 0x8000U) != 0; }
  int opcode() const { return (flags >> 11U) & 0xFU; }
  bool authoritative() const { return (flags & 0x0400U) != 0; }
  bool truncated() const { return (flags & 0x0200U) != 0; }
  bool validated() const { return (flags & 0x0020U) != 0; }  ///< AD: says the resolver
};

/// Any message. One that says it is truncated may end anywhere, every other ends with its last record. Errors:
/// protocol.
Result<Message> read_message(std::string_view bytes);

std::string question_message(Question const& question, std::uint16_t id);

/// Does this claim to be the answer to that message: same id, operation and question? If not, it is somebody else's, or
/// forged, and the true one may follow.
bool answers(std::string_view answer, std::string_view asked);

/// The values that the answer has for a name, CNAMEs inside the answer followed (a bounded number of them).
template <class T>
std::vector<T> values_of(Message const& answer, Name const& name);

/// One TXT value that is to be there, or not.
struct TxtChange {
  enum class Kind : std::uint8_t { add, remove };
  Kind kind = Kind::add;
  Name owner = {};
  std::string value = {};  ///< at most 255 bytes
};

/// RFC 2136. Adding what is there, and removing what is not, changes nothing; other values of the name stay.
std::string update_message(Name const& zone, std::vector<TxtChange> const& changes, std::uint32_t ttl,
                           std::uint16_t id);

}  // namespace cpsctl::dns
