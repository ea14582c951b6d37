#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Text without a module of its own.
namespace cpsctl::text {

/// The candidate nearest to `word`, if it differs by at most a third of the word (edit distance). For "did you mean".
std::optional<std::string> nearest(std::string_view word, std::span<std::string const> candidates);

bool is_ascii(std::string_view bytes);
/// What PowerShell and editors on Windows write: a byte order mark, or a NUL in the first characters.
bool looks_like_utf16(std::string_view bytes);
/// Offset of the first byte that is not UTF-8, or nothing.
std::optional<std::size_t> invalid_utf8(std::string_view bytes);

/// Unicode NFC. Text that is not UTF-8 is returned as it is.
std::string nfc(std::string_view text);

/// The canonical form of a DNS name for comparing: lower case, no trailing dot, U-labels as A-labels (IDNA 2008
/// non-transitional). A leading "*." stays. A name that IDNA refuses is only lower-cased.
std::string hostname(std::string_view name);

/// `text` as a part of a name or a file name: "Bücher & Co. KG" -> "bucher-co-kg". Lower case, letters and digits of
/// ASCII with single dashes between; accents are dropped, what has no ASCII letter at all too. May be empty.
std::string slug(std::string_view text);

/// `text` with line breaks and other control characters shown as \n, \x1b …: safe for one line on a terminal.
std::string printable(std::string_view text);

/// First `limit` bytes, cut at a character, with "…" when something was cut.
std::string shortened(std::string_view text, std::size_t limit);

/// What a message quotes of a text of others: printable, and at most `limit` bytes of that.
std::string excerpt(std::string_view text, std::size_t limit);

/// Where git has left both sides of a conflict: the offset of the line that begins it, if one that ends it follows.
std::optional<std::size_t> merge_conflict(std::string_view bytes);

/// First and last bytes, cut at characters, "…" between them: what is at the end of a long value is not hidden.
std::string middle_cut(std::string_view text, std::size_t limit);

/// "1 change", "2 changes".
std::string counted(std::size_t count, std::string_view singular, std::string_view plural = {});

/// A number that is the whole text, without blanks. T: int, std::int64_t, std::uint64_t, std::uint16_t, double.
template <class T>
std::optional<T> number(std::string_view text);

std::string lower(std::string_view text);  ///< ASCII only
std::string_view trimmed(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// Does `path` match `pattern`? `*` and `?` stop at '/', `**/` matches any folders, also none. Takes
/// steps in proportion to the product of their lengths at most.
bool glob_matches(std::string_view pattern, std::string_view path);

/// SHA-256 as 64 hex digits.
std::string sha256_hex(std::string_view bytes);
std::string base64(std::string_view bytes);

}  // namespace cpsctl::text
