#include "sandbox/upload.hpp"

#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "sandbox/given.hpp"

using namespace cpsctl;

namespace {

/// For the certificates of the corpus; its key is nowhere.
constexpr char csr[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIHUMHwCAQAwGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0C\n"
    "AQYIKoZIzj0DAQcDQgAEwkOqtmS0S/Jr8jJ/4fBV6knLaTFojH9prnfluIKnRXNN\n"
    "bRYgkmnJc4DIQbEfiCBhnsfcbxqkg3IEt5OxduQNbKAAMAoGCCqGSM49BAMCA0gA\n"
    "MEUCIQCrskRMpmFeEW5JEmW0JnA6G5rJKP0yrtf43If2P7u9OgIgWsOhRMuqRLNU\n"
    "RqAZNEBmDJhiJ0B6D3tSMBMbF/I+iB0=\n"
    "-----END CERTIFICATE REQUEST-----\n";

void check(std::vector<sandbox::Uploaded> const& uploaded) {
  sandbox::Order const order{.keys = {{.algorithm = "ECDSA", .csr = csr}}};
  sandbox::Expectation const expected{.common_name = "www.example.com",
                                      .names = {"b.example.com", "www.example.com"},
                                      .live = {"c.example.com"},
                                      .now = WallTime(std::chrono::hours(500'000))};
  sandbox::Verdict const verdict = sandbox::verify(uploaded, order, expected);
  for (std::string const& text : verdict.warnings) {
    fuzz::holds(!text.empty() && fuzz::is_printable(text), "a warning is one line", text);
    fuzz::holds(!text::invalid_utf8(text), "a warning is text", text);
  }
  if (verdict.refusal.empty()) fuzz::holds(!verdict.warnings.empty(), "a name that is live is never covered here");
}

}  // namespace

/// Whatever is given to a change is taken or refused in one line of text; what is taken comes with CPS's warnings.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const body = fuzz::text(bytes, size);
  auto const refused = [](std::optional<sandbox::Problem> const& problem) {
    if (problem) fuzz::holds(problem->status == 400 && !problem->detail.empty(), "a refusal says why", problem->detail);
    return problem.has_value();
  };
  sandbox::Acknowledgement acknowledgement;
  bool const hashed = !refused(sandbox::read_acknowledgement(body, sandbox::Hash::required, acknowledgement));
  fuzz::holds(!hashed || acknowledgement.hash.has_value(), "a hash that is required is there");
  sandbox::Schedule schedule;
  if (!refused(sandbox::read_schedule(body, schedule)))
    fuzz::holds(schedule.not_before.empty() || parse_timestamp(schedule.not_before).has_value(), "a date is a date",
                schedule.not_before);
  std::vector<sandbox::Uploaded> uploaded;
  if (!refused(sandbox::read_upload(body, uploaded))) check(uploaded);
  check({{.algorithm = "ECDSA", .certificate = std::string(body), .trust_chain = std::string(body)}});
  return 0;
}
