#include "findings.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

/// A manifest around one line of metadata.labels and one of spec; enough to see what YAML makes of a value.
std::string labelled(std::string const& labels) {
  return "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata:\n  name: p\n  labels:\n" + labels + "spec: {}\n";
}

std::string repeated(std::string const& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("yaml: what yaml-cpp lets through, or explains badly, is an error with a place and a next step") {
  struct Case {
    std::string title, text, expect;
  };
  std::string const bomb =
      "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
      "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
      "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
  Case const cases[] = {
      {"a root that is a comma would loop for ever", ",",
       "-:1:1: error CPS011: not valid YAML: a document cannot begin with ','; write a map of fields\n"},
      {"so would one in a second document", labelled("    a: b\n") + "---\n, b",
       "-:9:1: error CPS011: not valid YAML: a document cannot begin with ','; write a map of fields\n"},
      {"a double quote that is never closed", labelled("    a: \"b\n    c: d\n"),
       "-:6:8: error CPS011: the double quote that opens here is never closed; close it on the same line\n"},
      {"a single quote that is never closed", labelled("    a: 'b\n    c: d\n"),
       "-:6:8: error CPS011: the single quote that opens here is never closed; close it on the same line\n"},
      {"a quote that swallows the next key", labelled("    a: \"b\n    c: d\"\n"),
       "-:6:8: error CPS011: the double quote that opens here runs over the keys below it; close it on the same line, "
       "or indent its other lines deeper\n"},
      {"a quoted text over deeper lines is fine", labelled("    a: \"b\n      -c\"\n"),
       "-:6:8: error CPS006 metadata.labels.a: \"b -c\" does not fit; write letters, digits, '.', '_', '-' and '/', "
       "with a letter or digit at both ends\n"},
      {"a second document without a separator", "- a\nb: 1\n",
       "-:1:1: error CPS002: a document must be a map of fields, this is a list; begin with apiVersion: "
       "cpsctl.dev/v1\n-:2:1: error CPS016: the document ends before this line; align it with the lines above, or "
       "begin a new document with a line \"---\"\n"},
      {"junk after the end of a document", labelled("    a: b\n") + "... junk\n",
       "-:8:5: error CPS016: the document ends before this line; align it with the lines above, or begin a new "
       "document with a line \"---\"\n"},
      {"nothing between two commas", labelled("    a: [x,,y]\n"),
       "-:6:8: error CPS002 metadata.labels.a: is a list, must be a text; write one text\n"
       "-:6:11: error CPS011: there is nothing between two commas; remove one of them\n"},
      {"bytes that are not UTF-8", labelled("    a: \xff\n"),
       "-:6:8: error CPS012: byte 0xff is not UTF-8; save the file as UTF-8\n"},
      {"a control character", labelled("    a: b\x04\n"),
       "-:6:9: error CPS012: control character 0x04 is not allowed; remove it, or write it as an escape in double "
       "quotes\n"},
      {"DEL", labelled("    a: b\x7f\n"),
       "-:6:9: error CPS012: control character 0x7f is not allowed; remove it, or write it as an escape in double "
       "quotes\n"},
      {"a carriage return alone", "kind: a\rb: c\n",
       "-:1:8: error CPS012: control character 0x0d is not allowed; end lines with LF or CRLF\n"},
      {"UTF-16 with a mark",
       "\xff\xfe"
       "a",
       "-:1:1: error CPS012: is not UTF-8: it looks like UTF-16 or binary data; save it as UTF-8\n"},
      {"UTF-16 without one", std::string("\0a\0:", 4),
       "-:1:1: error CPS012: is not UTF-8: it looks like UTF-16 or binary data; save it as UTF-8\n"},
      {"NUL", labelled(std::string("    a: \0\n", 9)),
       "-:6:8: error CPS012: control character 0x00 is not allowed; save the file as UTF-8 text\n"},
      {"a byte order mark at the start is fine", "\xEF\xBB\xBF" + labelled("    a: b\n"), ""},
      {"CRLF is fine", "apiVersion: cpsctl.dev/v1\r\nkind: Profile\r\nmetadata: { name: p }\r\nspec: {}\r\n", ""},
      {"a key that occurs twice", labelled("    a: b\n    c: d\n    a: e\n"),
       "-:8:5: error CPS013: the key \"a\" appears here a second time; the first is at line 6, column 5; keep one of "
       "them\n"},
      {"a key that occurs twice, once in quotes", labelled("    a: b\n    \"a\": e\n"),
       "-:7:5: error CPS013: the key \"a\" appears here a second time; the first is at line 6, column 5; keep one of "
       "them\n"},
      {"a merge key", labelled("    <<: { a: b }\n"),
       "-:6:5: error CPS014: merge keys (<<) are not supported; share values with a document of kind: Profile, and "
       "name it in spec.profiles\n"},
      {"an alias inside its anchor", labelled("    a: &a { self: *a }\n"),
       "-:6:19: error CPS015: this alias is inside what it repeats; write the value without the alias\n"},
      {"a billion laughs", bomb,
       "-:4:29: error CPS015: the aliases of this document repeat more than 10000 values; write the values out, or "
       "share them with a document of kind: Profile\n"},
      {"an alias repeats a value", labelled("    a: &x b\n    c: *x\n"), ""},
      {"an alias as a key", labelled("    a: &x b\n    *x : c\n"),
       "-:7:5: error CPS014: a key cannot be an alias; write the name itself\n"},
      {"a map as a key", labelled("    ? { a: b }\n    : c\n"),
       "-:6:7: error CPS014: a key cannot be a map or a list; write a name\n"},
      {"a list as a key", labelled("    ? [a]\n    : c\n"),
       "-:6:7: error CPS014: a key cannot be a map or a list; write a name\n"},
      {"no key", labelled("    : c\n"), "-:6:5: error CPS014: the key is missing; write a name before ':'\n"},
      {"nested too deeply", "a: " + repeated("[", 100) + repeated("]", 100),
       "-:1:67: error CPS015: is nested deeper than 64 levels; write it flatter\n"},
      {"nested far too deeply", "a: " + repeated("[", 5000),
       "-:1:5: error CPS014: a key cannot be a map or a list; write a name\n"
       "-:1:36: error CPS015: is nested deeper than 64 levels; write it flatter\n"},
      {"a tag of one's own", labelled("    a: !mine b\n"),
       "-:6:8: error CPS014: the tag !mine is not supported; remove it: the schema says what a field is\n"},
      {"binary", labelled("    a: !!binary aGVsbG8=\n"),
       "-:6:8: error CPS006 metadata.labels.a: \"aGVsbG8=\" does not fit; write letters, digits, '.', '_', '-' and "
       "'/', with a letter or digit at both ends\n"
       "-:6:8: error CPS014: the tag !!binary is not supported; remove it: the schema says what a field is\n"},
      {"the tag of a text", labelled("    a: !!str 12\n"), ""},
      {"a tag that lies", labelled("    a: !!int \"twelve\"\n"),
       "-:6:8: error CPS014: \"twelve\" is not what the tag !!int says; remove the tag\n"},
      {"a wildcard without quotes",
       "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: { name: p }\nspec: { enrollment: { csr: { cn: "
       "*.example.com } } }\n",
       "-:4:34: error CPS011: not valid YAML: '*' begins an alias, and there is no anchor of that name; quote names "
       "that begin with '*': \"*.example.com\"\n"},
      {"a wildcard without quotes in a list", "a:\n  - *.example.com\n",
       "-:2:5: error CPS011: not valid YAML: '*' begins an alias, and there is no anchor of that name; quote names "
       "that begin with '*': \"*.example.com\"\n"},
      {"an at sign", "a: @b\n",
       "-:1:4: error CPS011: not valid YAML: this character cannot begin a value; a text cannot begin with '@': quote "
       "it, \"@b\"\n"},
      {"a backtick", "a: `b`\n",
       "-:1:4: error CPS011: not valid YAML: this character cannot begin a value; a text cannot begin with '`': quote "
       "it, \"`b`\"\n"},
      {"a percent sign", "a: %b\n",
       "-:1:4: error CPS011: not valid YAML: this character cannot begin a value; a text cannot begin with '%': quote "
       "it, \"%b\"\n"},
      {"indented with a tab", "a:\n\tb: c\n",
       "-:2:3: error CPS011: not valid YAML: illegal map value; indent with spaces, not with tabs\n"},
      {"no space after the colon", "a:1\n",
       "-:1:1: error CPS002: a document must be a map of fields, this is a text; write a space after ':'\n"},
      {"no space after the colon in braces", "{apiVersion:x}\n",
       "-:1:1: error CPS023: this is not a cpsctl.dev/v1 document: it has no apiVersion; add apiVersion: "
       "cpsctl.dev/v1, "
       "or list the file under exclude: in cpsctl.yaml\n"
       "-:1:2: error CPS011: \"apiVersion:x\" is a key without a value; write a space after ':'\n"},
      {"a colon inside a text", "a: b: c\n",
       "-:1:5: error CPS011: not valid YAML: illegal map value; quote a text that contains \": \", and align the keys "
       "of a map\n"},
      {"an open bracket", "a: [b, c\nd: e\n",
       "-:1:4: error CPS011: the bracket that opens here is not closed, or a ',' is missing in it; close it with "
       "']'\n"},
      {"comments of JavaScript, all at once, and what else is wrong",
       "{ \"apiVersion\": \"cpsctl.dev/v1\", // ours\n  /* two\n lines */\n  \"kind\": \"Profile\", // of\n"
       "  \"metadata\": { \"name\": \"p\", }, \"spec\": { \"contract\": \"http://x\", }, // end\n}\n",
       "-:1:34: error CPS011: a comment begins with # here, not with //; write # instead, or remove it\n"
       "-:2:3: error CPS011: a comment begins with # here, not with /*; begin each of its lines with #, or remove it\n"
       "-:4:22: error CPS011: a comment begins with # here, not with //; write # instead, or remove it\n"
       "-:5:43: error CPS001 spec.contract: unknown field \"contract\"; did you mean \"contractId\"?\n"
       "-:5:70: error CPS011: a comment begins with # here, not with //; write # instead, or remove it\n"},
      {"a comment of JavaScript before the first key", labelled("    a: {\n      // b\n      c: d }\n"),
       "-:6:8: error CPS002 metadata.labels.a: is a map, must be a text\n"
       "-:7:7: error CPS011: a comment begins with # here, not with //; write # instead, or remove it\n"},
      {"slashes that are not a comment", labelled("    a: &x a//b\n    b: a/b # [ // c\n    c: [//a]\n"),
       "-:8:8: error CPS002 metadata.labels.c: is a list, must be a text; write \"//a\"\n"},
      {"a bad document does not hide the next", "a: [b\n---\n" + labelled("    a: \xC3\xA9\n") + "---\nb: }\n",
       "-:1:4: error CPS011: the bracket that opens here is not closed, or a ',' is missing in it; close it with ']'\n"
       "-:8:8: error CPS006 metadata.labels.a: \"é\" does not fit; write letters, digits, '.', '_', '-' and '/', with "
       "a letter or digit at both ends\n"
       "-:11:4: error CPS011: not valid YAML: illegal flow end\n"},
      {"a wrong version of YAML", "%YAML 2.0\n---\na: b\n",
       "-:1:1: error CPS011: not valid YAML: YAML major version too large\n"},
      {"a directive belongs to its document", "%YAML 1.2\n---\n" + labelled("    a: b\n"), ""},
      {"empty documents are skipped", "---\n" + labelled("    a: b\n") + "---\n---\n# nothing\n---\n", ""},
      {"nothing but comments is not a manifest", "# nothing\n",
       "-:0:0: error CPS022: this file holds no manifest; write a document with apiVersion: cpsctl.dev/v1 and a kind, "
       "or remove the file\n"},
      {"an empty text is not a manifest", "",
       "-:0:0: error CPS022: this file holds no manifest; write a document with apiVersion: cpsctl.dev/v1 and a kind, "
       "or remove the file\n"},
      {"a missing value is reported at its key",
       "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata:\n  name:\n\nspec: {}\n",
       "-:4:3: error CPS002 metadata.name: is empty (null), must be a text; remove the line, or give it a value\n"},
      {"columns count bytes", "\xC3\xA9: [\n",
       "-:1:5: error CPS011: the bracket that opens here is not closed, or a ',' is missing in it; close it with "
       "']'\n"},
      {"a JSON escape pair in YAML", labelled("    a: \"\\ud83d\\ude00\"\n"),
       "-:6:15: error CPS011: not valid YAML: invalid unicode: 55357; write the character itself, or one escape such "
       "as \\U0001F600\n"},
      {"a long line", "a: " + std::string(2 << 20, 'x'),
       "-:1:1: error CPS012: this line is longer than 1 MB; break it\n"},
      {"a document that is too large", "a: b\n---\n" + repeated("#" + std::string(1000, 'x') + "\n", 5000),
       "-:1:1: error CPS023: this is not a cpsctl.dev/v1 document: it has no apiVersion; add apiVersion: "
       "cpsctl.dev/v1, "
       "or list the file under exclude: in cpsctl.yaml\n"
       "-:2:1: error CPS012: this document is larger than 4 MB; a manifest describes one enrollment: split it at "
       "\"---\"\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title.c_str()) {
      CHECK(manifest::lines(manifest::load_text(c.text).findings) == c.expect);
    }
  }
}
