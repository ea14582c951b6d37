#pragma once
#include "base/embedded.hpp"
#include "base/finding.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

/// JSON Schemas of schemas/, compiled into field rules and a checker. A field is described there and nowhere else.
namespace cpsctl::schema {

enum class Type : std::uint8_t { object, array, string, integer, number, boolean, null };
enum class ListKind : std::uint8_t { atomic, set };
enum class Normalize : std::uint8_t { none, hostname, text };  ///< text: NFC
// schedule: of no field, but of when a change is deployed (spec.deploy of a manifest).
BOOST_DEFINE_FIXED_ENUM_CLASS(Effect, std::uint8_t, metadata, deployment, certificate, immutable, schedule)
enum class OnRemove : std::uint8_t { release, null, empty };

/// Values of the server that are not differences (x-derived; schemas/README.md). Pointers are into the enrollment.
struct Derived {
  std::string includes = {};  ///< the value there is always a member of this set, written or not
  std::vector<std::pair<std::string, json::Ref>> when = {};  ///< while all of these hold the server decides the value
  bool only_when_empty = false;                              ///< … and only while the live value is null or absent
  json::Ref missing = {};                                    ///< what an absent live value means
  bool fills_in = false;                                     ///< CPS puts a default of its own where nothing is wanted
};

/// What the schema says about one field: JSON Schema's keywords, and our annotations (schemas/README.md).
/// A node without `types` accepts anything (fields that no schema knows).
struct Field {
  std::string schema = {};   ///< name of the schema that knows the field: "enrollment.v11"
  std::string pointer = {};  ///< where it is in a document, list elements as "-": "/csr/sans/-"
  std::string name = {};     ///< the last part of the pointer
  std::string title = {};    ///< the description, for help and messages
  std::vector<Type> types = {};
  std::vector<std::string> enumeration = {};
  std::vector<std::string> required = {};
  std::string pattern = {};                            ///< ECMAScript regular expression
  std::string wanted = {};                             ///< patternErrorMessage: the pattern in words
  std::function<bool(std::string_view)> matches = {};  ///< `pattern`, compiled; empty without one
  std::string format = {};                             ///< date | dns-name | email; others are not checked
  std::optional<std::int64_t> minimum = {}, maximum = {};
  std::size_t min_items = 0;
  std::optional<std::size_t> max_length = {};  ///< bytes
  bool closed = false;                         ///< additionalProperties: false
  std::map<std::string, std::unique_ptr<Field>, std::less<>> properties = {};
  std::size_t position = 0;             ///< place among its siblings in the schema file, from 0
  std::vector<std::string> order = {};  ///< property names as the schema file has them
  std::unique_ptr<Field> items = {};
  std::unique_ptr<Field> values = {};  ///< additionalProperties: {…}
  std::unique_ptr<Field> names = {};   ///< propertyNames: {…}

  ListKind list = ListKind::atomic;
  Normalize normalize = Normalize::none;
  Effect effect = Effect::metadata;  ///< inherited from the object around; `immutable` when the field is
  OnRemove on_remove = OnRemove::release;
  bool immutable = false;
  bool read_only = false;  ///< inherited
  bool null_equals_absent = false;
  bool defer_on_create = false;  ///< inherited
  bool not_all_created = false;  ///< it is, or holds, something that a create does not carry: read-only or deferred
  std::string sensitive = {};    ///< "contact" or empty; inherited
  std::string operators = {};    ///< x-operator: how the operator says it, who alone may; empty: files may say it
  std::string identity = {};     ///< x-identity: name | part | kind; empty: does not tell enrollments apart
  std::string tells = {};        ///< x-tells: what the planner learns from it, as "production"
  std::unique_ptr<Derived> derived = {};
  json::Ref annotations = {};  ///< the schema object itself: description, examples, default, x-…

  bool allows(Type type) const;
  bool nullable() const { return allows(Type::null); }
  bool is_object() const { return allows(Type::object); }
  Field const* child(std::string_view member) const;  ///< nullptr: the schema does not know it
};

/// A compiled schema. Immutable and thread-safe after compile().
class Schema {
 public:
  /// `resolve` gives the text of another schema by name, for $ref to a file and x-extends.
  /// Errors: internal (a schema of ours that does not compile is a bug).
  using Resolver = std::function<std::optional<std::string_view>(std::string_view name)>;
  static Result<std::shared_ptr<Schema const>> compile(std::string_view name, std::string_view text,
                                                       Resolver const& resolve);

  std::string_view name() const { return name_; }
  Field const& root() const { return root_; }
  /// The field at a pointer into a document; list elements by any index. nullptr: unknown to the schema.
  Field const* at(std::string_view pointer) const;
  /// Those of its fields (not of list elements) that say something apart from their value: identity, tells, derived.
  std::vector<Field const*> const& telling() const { return telling_; }
  /// The complete schema as one JSON document: x-extends merged, $ref to files bundled under $defs.
  std::string const& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
  Field root_;
  std::vector<Field const*> telling_ = {};  ///< in root_, which stays where it is
};

/// The schemas that are compiled into the program (CMake generates it from schemas/*.schema.json).
std::span<EmbeddedFile const> embedded_schemas();

/// Names as in `cpsctl schema NAME`: "enrollment.v11", "enrollment.v12", "manifest", "project" …
std::vector<std::string> names();

/// An embedded schema, compiled on first use. Errors: usage, naming the known ones.
Result<std::shared_ptr<Schema const>> named(std::string_view name);

/// The enrollment schema of a version word ("v11"). Errors: usage, naming the known versions.
Result<std::shared_ptr<Schema const>> enrollment(std::string_view version);
/// Known versions, lowest first: "v11", "v12". The number goes into CPS's media types.
std::vector<std::string> enrollment_versions();

enum class Completeness : std::uint8_t {
  whole,   ///< required members must be there
  partial  ///< a part of a document (a profile): required is not checked
};

enum class Direction : std::uint8_t {
  manifest,  ///< what people write: x-read-only fields are refused, unknown ones too
  request,   ///< what a client sends to CPS: as manifest, but without patterns and formats, which are advice of ours;
             ///< read-only fields are let through when `echo` (PUT)
  any        ///< types only
};

struct CheckOptions {
  Completeness completeness = Completeness::whole;
  Direction direction = Direction::manifest;
  bool echo = false;  ///< with `request`: read-only fields may be there, as a PUT sends a GET's answer back
};

/// A problem at a place in a document; the caller turns pointers into file positions.
struct Problem {
  std::string pointer;  ///< RFC 6901, of the value, or of the member whose name is wrong
  bool at_key = false;  ///< the member's name is the problem, not its value
  std::string message = {};
  std::string hint = {};
  std::string rule = {};  ///< CPS001 … (schemas/README.md lists them)
};

/// A rule of the checker, for reports.
struct RuleInfo {
  std::string_view id;
  std::string_view demands;  ///< what must hold, one sentence
};
/// All of them, by id.
std::span<RuleInfo const> rules();

/// All problems of `document` at once, in document order.
std::vector<Problem> check(json::Value const& document, Field const& field, CheckOptions options,
                           std::string_view at = {});

}  // namespace cpsctl::schema
