#pragma once
#include "base/json.hpp"
#include "schema/schema.hpp"

#include <string>
#include <string_view>

/// The JSON side of a schema: where its texts come from and how its parts are put together. Private to the module.
namespace cpsctl::schema {

/// The document of schema `name` with x-extends merged: laid over the schema it extends, member by member.
/// Errors: internal.
Result<json::Document> load_source(std::string_view name, std::string_view text, Schema::Resolver const& resolve);

/// `source` as one document for people and editors: every schema that it refers to by file name is copied under $defs,
/// a root that is put together with allOf is written out, and definitions that nobody needs then are left out. Errors:
/// internal.
Result<json::Document> bundle(json::Value const& source, Schema::Resolver const& resolve);

/// One node of `source` with its $ref and allOf replaced by what they say; the node's own members win. Children are
/// left as they are. `if`, `then`, `anyOf` and the like stay: they are for editors. Errors: internal.
Result<json::Document> expand(json::Value const& node, json::Value const& source);

}  // namespace cpsctl::schema
