// A hint is followed to the letter, and the manifest is read again: what it was about must be gone.
#include "base/text.hpp"
#include "findings.hpp"

#include <algorithm>
#include <optional>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

using manifest::load_text;

constexpr char const* good = R"(apiVersion: cpsctl.dev/v1
kind: Enrollment
metadata:
  name: www
  labels:
    team: web
spec:
  contractId: 1-1TJZH5
  deploy:
    notBefore: 2026-12-01
  lifecycle:
    adopt: never
    allowDuplicateCn: false
  enrollment:
    ra: lets-encrypt
    validationType: dv
    certificateType: san
    changeManagement: false
    enableMultiStackedCertificates: false
    signatureAlgorithm: SHA-256
    orgId: null
    csr:
      cn: www.example.com
      sans: [a.example.com]
      c: US
      st: MA
      l: Cambridge
      o: Example Inc
      ou: Web
    networkConfiguration:
      geography: core
      secureNetwork: enhanced-tls
      sniOnly: true
      quicEnabled: false
      ocspStapling: on
      disallowedTlsVersions: [TLSv1]
      dnsNameSettings:
        cloneDnsNames: true
    org:
      name: Example Inc
      addressLineOne: 1 Main St
      city: Cambridge
      region: MA
      postalCode: "02142"
      country: US
      phone: 617-555-0100
    adminContact:
      firstName: Ana
      lastName: Diaz
      email: ana@example.com
      phone: 617-555-0101
    techContact:
      firstName: Jo
      lastName: Smith
      email: jo@example.com
      phone: 617-555-0102
)";

std::string with(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// A manifest as somebody edits it: by places and whole lines. Maps are in block style, as `good` has them.
class Editor {
 public:
  explicit Editor(std::string text) : text_(std::move(text)) {}
  std::string const& text() const { return text_; }

  /// Writes something else for the word, text or list at a place.
  void replace(Mark const& mark, std::string const& by) {
    auto const begin = offset(mark);
    text_.replace(begin, token_end(begin) - begin, by);
  }
  std::string token(Mark const& mark) const {
    auto const begin = offset(mark);
    return text_.substr(begin, token_end(begin) - begin);
  }
  /// Removes the line, and what is deeper below it; or the element, where the place is inside a list.
  void remove(Mark const& mark) {
    auto begin = offset(mark);
    auto const open = text_.rfind('[', begin);
    if (open != std::string::npos && open > line_start(begin) && open < begin) {
      auto end = token_end(begin);
      if (text_[end] == ',')
        end += 2;
      else if (text_[begin - 2] == ',')
        begin -= 2;
      text_.erase(begin, end - begin);
      return;
    }
    begin = line_start(begin);
    text_.erase(begin, block_end(begin) - begin);
  }
  /// From the place to the end of its line.
  void cut(Mark const& mark) {
    auto const begin = offset(mark);
    text_.erase(begin, text_.find('\n', begin) - begin);
  }
  /// A member of the map at a path ("spec.enrollment"), which is made if it is not there.
  void add(std::string_view path, std::string const& member) {
    std::size_t at = 0;
    std::string indent;
    auto const steps = text::split(path, '.');
    for (std::size_t i = 0; i < steps.size() && !path.empty(); ++i) {
      std::size_t const end = i == 0 ? text_.size() : block_end(line_start(at - 1));
      auto const found = text_.find("\n" + indent + std::string(steps[i]) + ":", i == 0 ? 0 : at - 1);
      bool const there = found != std::string::npos && found < end;
      if (!there) {
        text_.insert(at, indent + std::string(steps[i]) + ":\n");
        at = text_.find('\n', at) + 1;
      } else {
        at = text_.find('\n', found + 1) + 1;
      }
      indent += "  ";
    }
    text_.insert(at, indent + member + "\n");
  }
  /// A member next to the one whose line this is.
  void add_beside(Mark const& mark, std::string const& member) {
    auto const begin = line_start(offset(mark));
    text_.insert(begin, text_.substr(begin, text_.find_first_not_of(' ', begin) - begin) + member + "\n");
  }

 private:
  std::size_t offset(Mark const& mark) const {
    std::size_t at = 0;
    for (int line = 1; line < mark.line; ++line) at = text_.find('\n', at) + 1;
    return at + static_cast<std::size_t>(mark.column) - 1;
  }
  std::size_t line_start(std::size_t at) const {
    auto const before = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
    return before == std::string::npos ? 0 : before + 1;
  }
  /// Past the line and all deeper ones below it.
  std::size_t block_end(std::size_t begin) const {
    std::size_t const indent = text_.find_first_not_of(' ', begin) - begin;
    std::size_t end = text_.find('\n', begin) + 1;
    while (end < text_.size() && text_.find_first_not_of(' ', end) - end > indent) end = text_.find('\n', end) + 1;
    return end;
  }
  std::size_t token_end(std::size_t begin) const {
    char const first = text_[begin];
    if (first == '"' || first == '\'') return text_.find(first, begin + 1) + 1;
    if (first == '[') return text_.find(']', begin) + 1;
    if (first == '|' || first == '>') return block_end(line_start(begin)) - 1;
    bool const in_list = text_.rfind('[', begin) != std::string::npos && text_.rfind('[', begin) > line_start(begin);
    auto const line = text_.find('\n', begin);
    auto const key = text_.find(": ", begin), bare_key = text_.find(":\n", begin);
    return std::min({line, key, bare_key, in_list ? text_.find_first_of(",]", begin) : line});
  }

  std::string text_;
};

/// What follows `opening` in a hint, up to `closing`; the whole rest without one.
std::optional<std::string> between(std::string_view hint, std::string_view opening, std::string_view closing = {}) {
  auto const at = hint.find(opening);
  if (at == std::string_view::npos) return std::nullopt;
  hint.remove_prefix(at + opening.size());
  auto const end = closing.empty() ? std::string_view::npos : hint.find(closing);
  if (!closing.empty() && end == std::string_view::npos) return std::nullopt;
  return std::string(hint.substr(0, end));
}

std::string parent(std::string const& path) {
  return path.substr(0, path.rfind('.'));
}

/// Does what a finding's hint says; nothing where that takes a person (a choice, a fact that only they know).
std::optional<std::string> followed(std::string const& text, Finding const& finding) {
  Editor editor(text);
  std::string const& hint = finding.hint;
  auto const replace = [&](std::string const& by) {
    editor.replace(finding.mark, by);
    return editor.text();
  };
  if (auto const name = between(hint, "did you mean \"", "\"?")) return replace(*name);
  if (auto const target = between(hint, "write it as ")) {
    std::string const rest = text.substr(text.find(editor.token(finding.mark) + ":"));
    std::string const value = rest.substr(rest.find(':'), rest.find('\n') - rest.find(':'));
    editor.remove(finding.mark);
    editor.add(parent(*target), target->substr(target->rfind('.') + 1) + value);
    return editor.text();
  }
  if (auto const schema = between(hint, "set spec.apiSchema: ", " (")) {
    editor.add("spec", "apiSchema: " + *schema);
    return editor.text();
  }
  if (auto const list = between(hint, "write a list: ")) return replace(*list);
  if (auto const quoted = between(hint, "quote it: ")) return replace(*quoted);
  if (auto const quoted = between(hint, "begin with '*': ")) return replace(*quoted);
  if (auto const word = between(hint, "write ", " without quotes")) return replace(*word);
  if (auto const bound = between(hint, "write ", " or more")) return replace(*bound);
  if (auto const bound = between(hint, "write ", " or less")) return replace(*bound);
  if (hint == "write it so") return replace(*between(finding.message, " is sent as "));
  if (hint.find("|-") != std::string::npos) {
    std::string block = editor.token(finding.mark);
    return replace(block.insert(1, "-"));
  }
  if (hint.starts_with("write # instead")) {
    editor.cut(finding.mark);
    return editor.text();
  }
  if (auto const field = between(finding.message, "the required field \"", "\" is missing")) {
    auto value = between(hint, "add it: ");
    if (!value || value->find("map") != std::string::npos) return std::nullopt;
    auto const example = between(*value, " such as ");
    editor.add(finding.path, *field + ": " + example.value_or(value->substr(0, value->find_first_of(" ,"))));
    return editor.text();
  }
  if (auto const first = between(hint, "write one of ", ",")) return replace(*first);
  if (auto const example = between(hint, " such as ")) return replace(*example);
  if (auto const example = between(hint, ", as in ")) return replace(*example);
  if (hint == "remove the quotes") {
    std::string const token = editor.token(finding.mark);
    return replace(token.substr(1, token.size() - 2));
  }
  if (hint == "remove them") {
    std::string const token = editor.token(finding.mark);
    return replace(std::string(text::trimmed(token.substr(1, token.size() - 2))));
  }
  if (hint.starts_with("remove it") || hint.starts_with("leave it out") || hint.starts_with("remove the line") ||
      hint.starts_with("remove one of")) {
    editor.remove(finding.mark);
    return editor.text();
  }
  if (auto const member = between(hint, "add "); member && member->find(": ") != std::string::npos) {
    editor.add_beside(finding.mark, *member);
    return editor.text();
  }
  if (auto const word = between(hint, "write ")) {
    if (word->starts_with('"')) return replace(word->substr(0, word->find('"', 1) + 1));
    std::string const first = word->substr(0, word->find_first_of(":,"));
    if (first.find(' ') == std::string::npos) return replace(first);
  }
  return std::nullopt;
}

/// Is it the same finding, wherever it is now?
bool same(Finding const& left, Finding const& right) {
  return left.rule == right.rule && left.path == right.path && left.message == right.message;
}

}  // namespace

TEST_CASE("hints: the manifest that the bad ones are made of has no findings") {
  CHECK(manifest::lines(load_text(good).findings).empty());
}

TEST_CASE("hints: a hint that says what to write is right: followed, its finding is gone, and no error came instead") {
  struct Case {
    char const *title, *from, *to, *rule;
  };
  Case const cases[] = {
      {"a typo in a field", "changeManagement:", "changeManagment:", "CPS001"},
      {"a field's name in Terraform", "firstName:", "first_name:", "CPS001"},
      {"another word for it", "      st: MA", "      state: MA", "CPS001"},
      {"the organisation", "    org:\n", "    organization:\n", "CPS001"},
      {"the older SNI block", "dnsNameSettings:", "sni:", "CPS001"},
      {"in the wrong place", "    ra: lets", "    mustHaveCiphers: ak-akamai-2020q1\n    ra: lets", "CPS001"},
      {"next to the enrollment", "  enrollment:\n", "  preferred_ciphers: ak-akamai-2020q1\n  enrollment:\n", "CPS001"},
      {"of the manifest, in the enrollment", "    ra: lets", "    account_switch_key: 1-5C0YLB:1-8BYUX\n    ra: lets",
       "CPS001"},
      {"into a map that is not there", "  deploy:\n    notBefore: 2026-12-01\n", "  not_before: 2026-12-01\n",
       "CPS001"},
      {"of another version", "      geography:", "      fipsMode: false\n      geography:", "CPS008"},
      {"a boolean in quotes", "sniOnly: true", "sniOnly: \"true\"", "CPS002"},
      {"a boolean in capitals", "sniOnly: true", "sniOnly: True", "CPS002"},
      {"yes", "sniOnly: true", "sniOnly: yes", "CPS002"},
      {"a number in quotes", "orgId: null", "orgId: \"5\"", "CPS002"},
      {"an octal number", "orgId: null", "orgId: 0017", "CPS002"},
      {"a text for a list", "sans: [a.example.com]", "sans: a.example.com", "CPS002"},
      {"several lines for a list", "sans: [a.example.com]", "sans: |\n        a.example.com\n        \"*.example.com\"",
       "CPS002"},
      {"a text with commas for a list", "sans: [a.example.com]", "sans: a.example.com, *.b.example.com ,c.example.com",
       "CPS002"},
      {"a block of dashes for a list", "sans: [a.example.com]",
       "sans: |\n        - a.example.com\n        - 'b.example.com'", "CPS002"},
      {"a list for a text", "ou: Web", "ou: [Web]", "CPS002"},
      {"a list for a text that needs quotes", "ou: Web", "ou: [\"Web: team\"]", "CPS002"},
      {"no value", "    team: web", "    team:", "CPS002"},
      {"a field that is required", "    certificateType: san\n", "", "CPS003"},
      {"a switch that is required", "      quicEnabled: false\n", "", "CPS003"},
      {"a contract that is required", "  contractId: 1-1TJZH5\n", "", "CPS003"},
      {"a typo in a word", "geography: core", "geography: cor", "CPS004"},
      {"a blank word", "signatureAlgorithm: SHA-256", "signatureAlgorithm: \"\"", "CPS004"},
      {"CPS's own field", "    ra: lets", "    id: 10001\n    ra: lets", "CPS005"},
      {"a day that is none", "2026-12-01", "2026-13-01", "CPS006"},
      {"no e-mail address", "ana@example.com", "ana", "CPS006"},
      {"no contract", "1-1TJZH5", "\"?\"", "CPS006"},
      {"a wildcard without quotes", "cn: www.example.com", "cn: *.example.com", "CPS011"},
      {"a comment of JavaScript", "sans: [a.example.com]", "sans: [a.example.com, // and\n        b.example.com]",
       "CPS011"},
      {"the CA of dv", "ra: lets-encrypt", "ra: symantec", "CPS101"},
      {"the kind of dv", "certificateType: san", "certificateType: single", "CPS102"},
      {"the stack of dv", "enableMultiStackedCertificates: false", "enableMultiStackedCertificates: true", "CPS103"},
      {"what is not for dv", "    csr:\n", "    thirdParty: { excludeSans: false }\n    csr:\n", "CPS107"},
      {"no names for SNI", "      dnsNameSettings:\n        cloneDnsNames: true\n", "", "CPS113"},
      {"names without SNI", "sniOnly: true", "sniOnly: false", "CPS112"},
      {"a SAN twice", "[a.example.com]", "[a.example.com, A.example.com]", "CPS119"},
      {"UK", "c: US", "c: UK", "CPS121"},
      {"a country in small letters", "country: US", "country: us", "CPS121"},
      {"no country", "country: US", "country: Atlantis", "CPS121"},
      {"a short name", "[a.example.com]", "[intranet]", "CPS124"},
      {"a phone without digits", "phone: 617-555-0100", "phone: call me", "CPS126"},
      {"blanks around", "ou: Web", "ou: \" Web \"", "CPS128"},
      {"a block with a line end", "ou: Web", "ou: |\n        Web", "CPS128"},
      {"a wildcard and a name under it", "[a.example.com]", "[a.example.com, \"*.example.com\"]", "CPS130"},
      {"capitals with a dot behind", "[a.example.com]", "[a.example.com.]", "CPS133"},
      {"a U-label", "[a.example.com]",
       "[b\xC3\xBC"
       "cher.example.com]",
       "CPS133"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::string const bad = with(good, c.from, c.to);
      auto const before = load_text(bad).findings;
      bool of_this_rule = false;
      for (Finding const& finding : before) {
        auto const fixed = followed(bad, finding);
        INFO(manifest::line(finding), "\n", fixed.value_or("(a person has to)"));
        if (!fixed) continue;
        of_this_rule = of_this_rule || finding.rule == c.rule;
        auto const after = load_text(*fixed).findings;
        INFO(manifest::lines(after));
        CHECK(std::ranges::none_of(after, [&](Finding const& left) { return same(left, finding); }));
        for (Finding const& left : after) {
          bool const was_there = std::ranges::any_of(before, [&](Finding const& one) { return one.rule == left.rule; });
          CHECK((was_there || left.severity == Severity::warning));
        }
      }
      INFO(manifest::lines(before));
      CHECK(of_this_rule);
    }
  }
}
