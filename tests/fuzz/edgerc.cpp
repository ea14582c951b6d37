#include "edgegrid/credentials.hpp"
#include "fuzz/fuzz.hpp"
#include "state/failing_files.hpp"

#include <algorithm>

#include <fmt/format.h>

using namespace cpsctl;

/// Any bytes as .edgerc give credentials or words; what the file has as a secret is never among the words.
namespace {

constexpr std::string_view secret = "s3cr3t+c4nary/f0r-th3-t3st=";

Result<edgegrid::Credentials> load(std::string text) {
  failing::Disk disk;
  disk.bytes()["home/.edgerc"] = std::move(text);
  auto const nothing = [](std::string const&) { return std::optional<std::string>(); };
  return edgegrid::load_credentials({.edgerc = "home/.edgerc", .section = "default"}, nothing, disk);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text(fuzz::text(bytes, size));
  auto const plain = load(text);
  if (plain) {
    fuzz::holds(!plain->host.empty() && plain->host.find('/') == std::string::npos, "the host is bare", plain->host);
    fuzz::holds(!plain->client_secret.reveal().empty() && !plain->client_token.reveal().empty() &&
                    !plain->access_token.reveal().empty(),
                "nothing that is needed is missing");
    fuzz::holds(plain->max_body > 0, "some of a body is hashed");
  }
  if (text.find(secret) != std::string::npos) return 0;  // the fuzzer has learned it: it may be anywhere
  // The secret in a line of its own somewhere in the file: whatever is wrong there, it is not repeated.
  std::size_t const guess = text.empty() ? 0 : (static_cast<unsigned char>(text.back()) * text.size()) / 256;
  std::size_t const at = std::min(text.size(), text.find('\n', guess) + 1);
  constexpr std::string_view before[] = {
      "", "client_secret = ", "client_secret ", "access_token = \"", "max_body = ", "= "};
  std::string const line = fmt::format("\n{}{}\n", before[text.size() % std::size(before)], secret);
  auto const broken = load(text.substr(0, at) + line + text.substr(at));
  if (broken) return 0;
  std::string const words = describe(broken.error()) + broken.error().next;
  fuzz::holds(words.find(secret) == std::string::npos, "no secret in an error", words);
  fuzz::holds(fuzz::is_printable(words), "an error is one line", words);
  return 0;
}
