#include "lifecycle/warnings.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using lifecycle::read_warnings;
using lifecycle::Warning;
using lifecycle::WarningClass;

namespace {

/// "ID low; ? high": what a text is read as.
std::string read_as(std::string_view text) {
  std::string said;
  for (Warning const& warning : read_warnings(text)) {
    char const* const level = warning.level == WarningClass::low      ? "low"
                              : warning.level == WarningClass::review ? "review"
                                                                      : "high";
    said += fmt::format("{}{} {}", said.empty() ? "" : "; ", warning.known() ? warning.id : "?", level);
  }
  return said;
}

}  // namespace

TEST_CASE("warnings: each line is an entry, known by its opening, by a slug, or not at all") {
  struct Case {
    char const* title;
    char const* text;
    char const* entries;
  };
  std::vector<Case> const cases{
      {"nothing", "", ""},
      {"blank lines", "\n  \r\n\n", ""},
      {"one", "DNS name www.example.com not CNAMEd to Akamai.", "DNS_NAME_NOT_CNAMED low"},
      {"a header line", "[WARNINGS]\nUnsorted trust chain found", "UNSORTED_TRUST_CHAIN low"},
      {"several lines", "Unsorted trust chain\nThe Issuer and Subject are the same",
       "UNSORTED_TRUST_CHAIN low; CERTIFICATE_SELF_SIGNED high"},
      {"a comma before another one", "Unsorted trust chain, The Issuer and Subject are the same",
       "UNSORTED_TRUST_CHAIN low; CERTIFICATE_SELF_SIGNED high"},
      {"a comma that separates nothing", "DNS name a.example.com, b.example.com not CNAMEd", "DNS_NAME_NOT_CNAMED low"},
      {"a variable at the beginning", "certificate contains 300 entries", "CERTIFICATE_DATA_EXCEEDS_MAXIMUM review"},
      {"a variable that takes far too much",
       "this is a line of its own that goes on and on and on and then, as if by chance, contains 300 entries",
       "? high"},
      {"a whole message with more behind it", "Error parsing CSR. And now for something else", "? high"},
      {"a whole message", "Error parsing CSR.", "CSR_PARSING_ERROR high"},
      {"two that begin alike: the longer one",
       "This certificate is set to expire in [3] years, [1] months. Akamai recommends validity of [1] years",
       "CERTIFICATE_EXPIRATION_DATE_TOO_LATE low"},
      {"a field that is missing on one side",
       "Value for OU differs between the CSR and the certificate: [Web] vs missing.",
       "CSR_VS_CERTIFICATE_OU_FIELD_MISSING_IN_CERTIFICATE review"},
      {"a field that differs", "Value for OU differs between the CSR and the certificate: [Web] vs [Shop].",
       "CSR_VS_CERTIFICATE_OU_FIELD_MISMATCH review"},
      {"a slug", "sans-removed-require-acknowledgement: the names old.example.com go",
       "SANS_REMOVED_REQUIRE_ACKNOWLEDGEMENT high"},
      {"a slug that nobody knows", "something-new: it is new", "? high"},
      {"no slug", "www.example.com: it is new", "? high"},
      {"an unknown line behind a known one", "Unsorted trust chain\nYour house is on fire",
       "UNSORTED_TRUST_CHAIN low; ? high"},
      {"a chain behind a message that carries one",
       "The trust chain includes a standard root certificate. This is not a typical practice.\nSubject: CN=Root, "
       "O=Example\n-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\nUnsorted trust chain",
       "TRUST_CHAIN_INCLUDES_STANDARD_ROOT_CERTIFICATE_DETAILED low; UNSORTED_TRUST_CHAIN low"},
      {"prose behind a message that carries a chain",
       "The trust chain includes a standard root certificate. This is not a typical practice.\nand it is revoked",
       "TRUST_CHAIN_INCLUDES_STANDARD_ROOT_CERTIFICATE low; ? high"},
      {"a chain behind one that carries none", "Unsorted trust chain\nSubject: CN=Root",
       "UNSORTED_TRUST_CHAIN low; ? high"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(read_as(c.text) == c.entries);
  }
}

TEST_CASE("warnings: a digest is the same however blanks are written, and another for another text") {
  auto const digest = [](std::string_view text) { return read_warnings(text).at(0).digest; };
  CHECK(digest("Unexpected trust  chain \r\n") == digest("Unexpected trust chain"));
  CHECK(digest("Unexpected trust chain a") != digest("Unexpected trust chain b"));
  CHECK(digest("Unexpected trust chain").starts_with("sha256:"));
  CHECK(digest("Unexpected trust chain").size() == 7 + 64);
}

TEST_CASE("warnings: every known message is read as itself, with anything for its variables") {
  CHECK(lifecycle::warning_ids().size() == 114);
  std::set<std::string> const ids(lifecycle::warning_ids().begin(), lifecycle::warning_ids().end());
  CHECK(ids.size() == 114);
}

TEST_CASE("warnings: the names that are to go are told, whatever their case") {
  auto const names = [](std::string_view text) { return lifecycle::removed_names(read_warnings(text).at(0)); };
  CHECK(names("The SANs [b.example.com, A.example.com] are scheduled for removal") ==
        std::vector<std::string>{"a.example.com", "b.example.com"});
  CHECK(names("sans-removed-require-acknowledgement: The SANs [a.example.com] are gone") ==
        std::vector<std::string>{"a.example.com"});
  CHECK(names("The SANs [a.example.com are scheduled").empty());
  CHECK(names("Unsorted trust chain [a.example.com]").empty());
}

TEST_CASE("warnings: a text that is far too long is one entry that nobody knows, and hostile ones take no time") {
  std::string long_text;
  while (long_text.size() < 300'000) long_text += "Unsorted trust chain\n";
  CHECK(read_as(long_text) == "? high");
  std::string commas;
  while (commas.size() < 250'000) commas += "DNS name x, ";
  CHECK(read_warnings(commas).size() >= 1);
}

TEST_CASE("property: no text loses a line, and what is unknown is never taken for something harmless") {
  std::vector<std::string> const lines{
      "Unsorted trust chain", "Your house is on fire", "Subject: CN=Root",          "MIIB",
      "Error parsing CSR.",   "something-new: x",      "DNS Unknown Host Exception"};
  for (std::size_t seed = 0; seed < 2000; ++seed) {
    std::string text;
    std::size_t unknown = 0;
    std::size_t rest = seed;
    for (int i = 0; i < 4; ++i, rest /= lines.size()) {
      std::string const& line = lines[rest % lines.size()];
      text += line + "\n";
      unknown += line.starts_with("Your") || line.starts_with("something") ? 1 : 0;
    }
    CAPTURE(text);
    auto const warnings = read_warnings(text);
    std::string read;
    for (Warning const& warning : warnings) read += warning.text + "\n";
    CHECK(read == text);
    CHECK(static_cast<std::size_t>(std::ranges::count(warnings, false, &Warning::known)) >= unknown);
    for (Warning const& warning : warnings) CHECK((warning.known() || warning.level == WarningClass::high));
  }
}
