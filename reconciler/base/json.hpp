#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A type mismatch inside RapidJSON is a bug of ours: it must end as exit 70, not as abort() or as silence.
#ifndef RAPIDJSON_ASSERT
#define RAPIDJSON_ASSERT(x)                             \
  do {                                                  \
    if (!(x)) throw std::logic_error("rapidjson: " #x); \
  } while (false)
#endif
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

/// JSON documents. RapidJSON is included through this header only.
namespace cpsctl::json {

using Value = rapidjson::Value;
using Document = rapidjson::Document;
using Pool = Document::AllocatorType;

/// For a pool that one document lives in. RapidJSON's own begins with 64 KB, which takes longer than what is put there.
inline constexpr std::size_t small_chunk = 1024;

/// A read-only value that keeps the memory it lives in alive; cheap to copy.
using Ref = std::shared_ptr<Value const>;

/// Whole-text parse: UTF-8 is validated, nesting deeper than 200, duplicate members and trailing bytes are errors.
/// `what` names the text in the message. Errors: protocol, with "offset N" in the message.
Result<Document> parse(std::string_view text, std::string_view what);

/// Parses into `pool`; used where many values share one memory pool. Same checks as parse().
Result<Value> parse_into(Pool& pool, std::string_view text, std::string_view what);

/// The member's value, or nullptr when `object` is null, is not an object, or lacks it.
Value const* find(Value const* object, std::string_view name);
inline Value const* find(Value const& object, std::string_view name) {
  return find(&object, name);
}
Value* find(Value& object, std::string_view name);

/// Follows an RFC 6901 pointer ("/csr/sans/0"); nullptr when a step is missing.
Value const* at(Value const& root, std::string_view pointer);
Value* at(Value& root, std::string_view pointer);
/// Removes the member at the pointer, if it is there.
void erase(Value& root, std::string_view pointer);

/// Copies `text` into `pool`'s memory.
Value string(std::string_view text, Pool& pool);
/// Sets a member, adding or replacing it.
void set(Value& object, std::string_view name, Value value, Pool& pool);
/// Removes a member if it is there.
void remove(Value& object, std::string_view name);

/// Removes members that are null, at every depth. Elements of lists stay; the order of members may change.
void drop_nulls(Value& value);

/// Not there, or null.
bool absent(Value const* value);
/// Nothing is in it: absent, "", [], or an object of such.
bool empty(Value const* value);

std::string_view view(Value const& string);

/// The value's text if it is a string, else `otherwise`.
std::string_view text_or(Value const* value, std::string_view otherwise);

/// A document that owns a deep copy of `value`.
Document clone(Value const& value);
/// A shared read-only copy in as much memory as it needs; a Document would keep a pool of 64 KB for four words.
Ref share(Value const& value);

/// Bytes that a buffer for a text begins with: an enrollment needs no second one.
inline constexpr std::size_t usual_text = 4096;

/// What a writer wrote. That this program writes nothing that it cannot read is held here: a text that is not UTF-8 is
/// a bug of whoever let it in, and ends as one.
std::string written(rapidjson::StringBuffer const& buffer);

std::string compact(Value const& value);
std::string pretty(Value const& value);
/// Members sorted by name, no white space: equal values give equal bytes (digests).
std::string canonical(Value const& value);

/// Writes canonical text from events. Whoever gives them sorts the members of objects by name; whole() does it by
/// itself.
class CanonicalWriter : public rapidjson::Writer<rapidjson::StringBuffer> {
 public:
  using Writer::Writer;
  void whole(Value const& value);
};

bool equal(Value const& left, Value const& right);

/// "/csr/sans/0" -> "csr.sans[0]"; unescapes ~0 and ~1.
std::string dotted(std::string_view pointer);
/// Appends a member name to a pointer, escaped.
std::string child(std::string_view pointer, std::string_view member);
std::string child(std::string_view pointer, std::size_t index);
/// Is one of them the other, or inside it?
bool overlap(std::string_view one, std::string_view other);
/// The deepest pointer that all of them are at or below; at least one must be given.
std::string common(std::vector<std::string> const& pointers);

}  // namespace cpsctl::json
