#include "pki/pem.hpp"

#include "base/text.hpp"
#include "pki/openssl.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

namespace cpsctl::pki {
namespace {

constexpr std::string_view dashes = "-----";
constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::size_t longest_label = 64;
constexpr std::size_t most_findings = 50;  // of one source; what is behind them is not read

/// What is wrong, and what to do.
struct Words {
  FindingCode code = FindingCode::unreadable;
  std::string_view message = {};
  std::string_view next = {};
};

constexpr std::string_view key_next =
    "take it out: the key of a CSR never leaves CPS, and no other is needed; a key that was committed or sent to "
    "others is known to them, replace it";
constexpr Words pem_key{.code = FindingCode::private_key, .message = "holds a private key", .next = key_next};
constexpr Words trusted_form{.code = FindingCode::wrong_form,
                             .message = "has a TRUSTED CERTIFICATE, a form of OpenSSL's own",
                             .next = "convert it: openssl x509 -in FILE -out certificate.pem"};
constexpr Words pkcs7_form{.code = FindingCode::wrong_form,
                           .message = "has certificates in a PKCS#7 envelope",
                           .next = "take them out: openssl pkcs7 -print_certs -in FILE -out chain.pem"};

/// Forms that are no PEM, known by their first bytes or by what OpenSSL can read.
constexpr Words utf16_form{.code = FindingCode::wrong_form,
                           .message = "is UTF-16, as PowerShell's > writes it",
                           .next = "save it as UTF-8 or ASCII"};
constexpr Words der_certificate{.code = FindingCode::wrong_form,
                                .message = "is a certificate in DER form, not PEM",
                                .next = "convert it: openssl x509 -inform DER -in FILE -out certificate.pem"};
constexpr Words der_pkcs7{.code = FindingCode::wrong_form,
                          .message = "is a PKCS#7 envelope in DER form, not PEM",
                          .next = "convert it: openssl pkcs7 -inform DER -print_certs -in FILE -out chain.pem"};
constexpr Words der_pkcs12{.code = FindingCode::wrong_form,
                           .message = "is PKCS#12 (.p12, .pfx), which is for private keys with their certificates",
                           .next = "take the certificates out: openssl pkcs12 -in FILE -nokeys -out chain.pem"};
constexpr Words der_key{.code = FindingCode::private_key, .message = "is a private key in DER form", .next = key_next};

Finding finding_at(Mark at, Words const& words, Level level = Level::error) {
  return {.level = level,
          .code = words.code,
          .at = std::move(at),
          .message = std::string(words.message),
          .next = std::string(words.next)};
}

/// A private key in DER form. All begin with a version, which no certificate and no CSR does: theirs are told from keys
/// without OpenSSL, which tries one kind of key after the other.
bool is_key(std::string_view der) {
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());
  long length = 0;
  int tag = 0;
  int of_class = 0;
  int const header = ASN1_get_object(&at, &length, &tag, &of_class, static_cast<long>(der.size()));
  if ((header & 0x80) != 0 || tag != V_ASN1_SEQUENCE || length < 1 || *at != V_ASN1_INTEGER) return false;
  using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
  auto const any_key = [](EVP_PKEY** key, unsigned char const** from, long size) {
    return d2i_AutoPrivateKey(key, from, size);
  };
  return openssl::from_der<Key>(der, any_key) != nullptr;
}

/// What bytes are that no PEM text is around.
std::optional<Words> binary_form(std::string_view bytes) {
  if (text::looks_like_utf16(bytes)) return utf16_form;
  constexpr char sequence = 0x30;  // which all of these begin with
  if (!bytes.starts_with(sequence)) return std::nullopt;
  using namespace openssl;
  using Envelope = std::unique_ptr<PKCS7, Freed<PKCS7_free>>;
  using Store = std::unique_ptr<PKCS12, Freed<PKCS12_free>>;
  using Locked = std::unique_ptr<X509_SIG, Freed<X509_SIG_free>>;
  if (from_der<X509Owner>(bytes, d2i_X509)) return der_certificate;
  if (from_der<Envelope>(bytes, d2i_PKCS7)) return der_pkcs7;
  if (from_der<Store>(bytes, d2i_PKCS12)) return der_pkcs12;
  if (is_key(bytes) || from_der<Locked>(bytes, d2i_X509_SIG)) return der_key;
  return std::nullopt;
}

/// A key that is in no PEM block of today: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", PuTTY's, a BEGIN line with a
/// dash too few. The words alone mean nothing: people write them into comments.
bool has_odd_key(std::string_view all) {
  return std::ranges::any_of(text::split(all, '\n'), [](std::string_view line) {
    line = text::trimmed(line);
    if (line.starts_with("PuTTY-User-Key-File-")) return true;
    return line.starts_with("--") && text::lower(line).find("private key") != std::string::npos;
  });
}

/// The bytes behind base64, with any blanks in it; nothing if it is none.
std::optional<std::string> decoded(std::string_view body) {
  std::string clean;
  clean.reserve(body.size());
  for (char const c : body)
    if (std::string_view(" \t\r\n\v\f").find(c) == std::string_view::npos) clean += c;
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::size_t const end = clean.find_first_not_of(alphabet);
  std::size_t const padding = end == std::string::npos ? 0 : clean.size() - end;
  bool const whole = !clean.empty() && clean.size() % 4 == 0 && padding <= 2 &&
                     clean.find_first_not_of('=', clean.size() - padding) == std::string::npos;
  if (!whole) return std::nullopt;
  std::string bytes(clean.size() / 4 * 3, '\0');
  int const size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<unsigned char const*>(clean.data()), static_cast<int>(clean.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

/// Walks through a text from block to block.
class Reader {
 public:
  explicit Reader(Source const& source) : name_(source.name), text_(source.text) {}

  Blocks read() {
    for (auto begin = text_.find(begin_mark); begin != std::string_view::npos; begin = text_.find(begin_mark, at_)) {
      line_ += static_cast<int>(std::ranges::count(text_.substr(counted_, begin - counted_), '\n'));
      counted_ = begin;
      at_ = begin + begin_mark.size();
      ++begins_;
      if (read_.findings.size() == most_findings) {
        find({.code = FindingCode::too_large,
              .message = "has more blocks that cannot be used, from here on nothing is read",
              .next = "give certificates alone"});
        break;
      }
      block();
    }
    return std::move(read_);
  }
  bool saw_any() const { return begins_ > 0; }

 private:
  Mark here() const { return {.file = name_, .line = line_, .column = 1}; }
  void find(Words const& words, Level level = Level::error) {
    read_.findings.push_back(finding_at(here(), words, level));
  }
  void damaged(std::string_view message) {
    find({.message = message, .next = "get the text again, whole: from the BEGIN line to the END line"});
  }

  /// From behind "-----BEGIN ", which is where at_ is, to behind what belongs to it.
  void block() {
    auto const label_end = text_.find(dashes, at_);
    std::string_view const label = text_.substr(at_, label_end - at_);
    // A key is one even if its block is broken; and so is what only begins like one.
    if (label.substr(0, longest_label).find("PRIVATE KEY") != std::string_view::npos) return find(pem_key);
    if (label_end == std::string_view::npos || label.size() > longest_label ||
        label.find_first_of("\r\n") != std::string_view::npos)
      return damaged("has a BEGIN line that does not end in -----");
    at_ = label_end + dashes.size();
    auto const body_end = text_.find(dashes, at_);
    std::string const end_mark = fmt::format("-----END {}-----", label);
    if (body_end == std::string_view::npos || !text_.substr(body_end).starts_with(end_mark))
      return damaged("has a block without its END line");
    std::string_view const body = text_.substr(at_, body_end - at_);
    at_ = body_end + end_mark.size();
    take(label, body);
  }

  void take(std::string_view label, std::string_view body) {
    if (label == "TRUSTED CERTIFICATE") return find(trusted_form);
    if (label == "PKCS7" || label == "CMS" || label == "PKCS #7 SIGNED DATA") return find(pkcs7_form);
    bool const certificate = label == "CERTIFICATE" || label == "X509 CERTIFICATE";
    bool const csr = label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST";
    if (!certificate && !csr) {
      std::string const message = fmt::format("has a block of another kind, {}", text::excerpt(label, longest_label));
      return find({.code = FindingCode::other_block, .message = message, .next = "take it out, it is not used"},
                  Level::warning);
    }
    if (body.size() > longest_block / 3 * 4 + longest_block / 8) {
      std::string const message = fmt::format("has a block of more than {} KB", longest_block >> 10);
      return find({.code = FindingCode::too_large, .message = message, .next = "give certificates alone"});
    }
    auto der = decoded(body);
    if (!der) return damaged("has a block that is not base64");
    if (is_key(*der)) return find(pem_key);
    read_.blocks.push_back(
        {.kind = csr ? BlockKind::csr : BlockKind::certificate, .at = here(), .der = std::move(*der)});
  }

  std::string const& name_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  ///< up to here, the lines are counted
  int line_ = 1;
  std::size_t begins_ = 0;
  Blocks read_ = {};
};

}  // namespace

Blocks read_blocks(Source const& source) {
  openssl::QuietErrors const quiet;
  Mark const whole{.file = source.name, .line = 0, .column = 0};
  if (source.text.size() > longest_text) {
    std::string const message = fmt::format("is larger than {} KB", longest_text >> 10);
    Words const words{.code = FindingCode::too_large, .message = message, .next = "give certificates alone"};
    return {.findings = {finding_at(whole, words)}};
  }
  Reader reader(source);
  Blocks read = reader.read();
  bool const key_found =
      std::ranges::find(read.findings, FindingCode::private_key, &Finding::code) != read.findings.end();
  if (!key_found && has_odd_key(source.text)) read.findings.push_back(finding_at(whole, pem_key));
  if (reader.saw_any()) return read;
  if (auto const form = binary_form(source.text)) read.findings.push_back(finding_at(whole, *form));
  return read;
}

std::string pem_text(BlockKind kind, std::string_view der) {
  std::string_view const label = kind == BlockKind::csr ? "CERTIFICATE REQUEST" : "CERTIFICATE";
  std::string const body = text::base64(der);
  std::string made = fmt::format("-----BEGIN {}-----\n", label);
  constexpr std::size_t width = 64;
  for (std::size_t at = 0; at < body.size(); at += width) made += body.substr(at, width) + '\n';
  return made + fmt::format("-----END {}-----\n", label);
}

}  // namespace cpsctl::pki
