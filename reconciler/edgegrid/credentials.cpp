#include "edgegrid/credentials.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>

namespace cpsctl::edgegrid {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr std::size_t default_max_body = 131072;
constexpr std::array<char const*, 4> required = {"host", "client_token", "client_secret", "access_token"};

using Values = std::map<std::string, std::string>;

/// Where the values came from, as messages name it: how a key is spelled there, and the place as a whole.
struct Origin {
  std::string place;   ///< "~/.edgerc section [default]"
  std::string prefix;  ///< "AKAMAI_" for the environment, else empty
  std::optional<Mark> at = {};
  std::string spelled(std::string const& key) const;
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string Origin::spelled(std::string const& key) const {
  return prefix.empty() ? key : prefix + upper(key);
}

Error unauthorized(std::string message, std::string next, std::optional<Mark> at = {}) {
  return {.code = Errc::unauthorized, .message = std::move(message), .next = std::move(next), .at = std::move(at)};
}

/// A value without the comment behind it and the quotes around it: both are found in the wild, and no token has
/// white space or quotes of its own.
std::string plain(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i) {
    bool const comment = (value[i] == '#' || value[i] == ';') && (value[i - 1] == ' ' || value[i - 1] == '\t');
    if (comment) value = value.substr(0, i);
  }
  value = text::trimmed(value);
  bool const quoted =
      value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  if (quoted) value = text::trimmed(value.substr(1, value.size() - 2));
  return std::string(value);
}

/// "https://Akab-x.luna.akamaiapis.net/" as "akab-x.luna.akamaiapis.net". The value itself stays out of messages:
/// people paste tokens into the wrong line.
Result<std::string> bare_host(std::string_view value, Origin const& origin) {
  auto const wrong = [&](std::string_view what) {
    return unauthorized(fmt::format("{} in {} {}", origin.spelled("host"), origin.place, what),
                        "write the bare host name, like akab-….luna.akamaiapis.net", origin.at);
  };
  std::string host = text::lower(value);
  if (host.starts_with("http://")) return wrong("begins with http://, but CPS is reached over https only");
  if (host.starts_with("https://")) host.erase(0, 8);
  while (host.ends_with('/')) host.pop_back();
  if (host.ends_with(":443")) host.resize(host.size() - 4);
  if (host.empty()) return wrong("names no host");
  if (host.find('/') != std::string::npos) return wrong("has a path behind the host name");
  if (host.find_first_of(" \t") != std::string::npos) return wrong("has a space in it");
  bool const valid = std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
  if (!valid) return wrong("has characters that no host name has");
  return host;
}

std::size_t body_limit(Values const& values) {
  auto const found = values.find("max_body");
  if (found == values.end()) return default_max_body;
  auto const limit = text::number<std::size_t>(found->second);
  return limit && *limit > 0 ? *limit : default_max_body;
}

std::vector<std::string> header_names(Values const& values) {
  std::vector<std::string> names;
  auto const found = values.find("headers_to_sign");
  if (found == values.end() || found->second == "None") return names;  // the Python library writes its default so
  for (std::string_view const name : text::split(found->second, ','))
    if (auto const trimmed = text::trimmed(name); !trimmed.empty()) names.emplace_back(trimmed);
  return names;
}

Result<Credentials> made_from(Values values, Origin const& origin) {
  std::vector<std::string> missing, empty;
  for (char const* const key : required) {
    auto const found = values.find(key);
    if (found == values.end()) missing.push_back(origin.spelled(key));
    if (found != values.end() && found->second.empty()) empty.push_back(origin.spelled(key));
  }
  if (!missing.empty())
    return unauthorized(fmt::format("{} lacks {}", origin.place, fmt::join(missing, ", ")),
                        "add what is missing from the credentials that Akamai Control Center gave you", origin.at);
  if (!empty.empty())
    return unauthorized(fmt::format("{} has no value for {}", origin.place, fmt::join(empty, ", ")),
                        "copy the value from Akamai Control Center", origin.at);
  CPS_TRY(std::string host, bare_host(values["host"], origin));
  for (char const* const key : {"client_token", "client_secret", "access_token"}) {
    bool const valid = std::ranges::all_of(values[key], [](char c) { return c > ' ' && c < 0x7f && c != ';'; });
    if (!valid)
      return unauthorized(fmt::format("{} in {} has a character that no token has", origin.spelled(key), origin.place),
                          "copy the value again; it is not shown here", origin.at);
  }
  return Credentials{.host = std::move(host),
                     .client_token = Secret(std::move(values["client_token"])),
                     .client_secret = Secret(std::move(values["client_secret"])),
                     .access_token = Secret(std::move(values["access_token"])),
                     .account_key = std::move(values["account_key"]),
                     .max_body = body_limit(values),
                     .headers_to_sign = header_names(values),
                     .origin = origin.place};
}

/// What the environment has for a section: the variables that are set and not empty.
struct FromEnvironment {
  std::string prefix;
  Values values = {};
  std::vector<std::string> set = {}, unset = {};  ///< of the required ones
};

FromEnvironment look_around(std::string const& section, Environment const& environment) {
  FromEnvironment found{.prefix = variable_of(section, "")};
  for (char const* const key : required) {
    std::string const name = found.prefix + upper(key);
    auto value = environment(name);
    bool const present = value && !text::trimmed(*value).empty();
    (present ? found.set : found.unset).push_back(name);
    if (present) found.values[key] = plain(*value);
  }
  for (char const* const key : {"max_body", "account_key"})
    if (auto value = environment(found.prefix + upper(key))) found.values[key] = plain(*value);
  return found;
}

std::string environment_hint(FromEnvironment const& found) {
  if (found.set.empty()) return {};
  return fmt::format("; {} is set, but not {}", fmt::join(found.set, ", "), fmt::join(found.unset, ", "));
}

struct Section {
  std::string name;
  int line = 0;
  Values values = {};
};

/// The sections of an .edgerc, the values of `wanted` alone. Errors: unauthorized, never with the text of a line.
Result<std::vector<Section>> parse(std::string_view content, std::string const& wanted, std::string const& file) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  if (text::looks_like_utf16(content))
    return unauthorized(fmt::format("{} is UTF-16, as PowerShell writes files", file), "save it as UTF-8 text");
  std::vector<Section> sections;
  int line_number = 0;
  for (std::string_view const raw : text::split(content, '\n')) {
    ++line_number;
    std::string_view const line = text::trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    Mark const at{.file = file, .line = line_number};
    if (line.front() == '[') {
      auto const end = line.find(']');
      if (end == std::string_view::npos) return unauthorized("this section has no closing ]", "write it as [name]", at);
      std::string name(text::trimmed(line.substr(1, end - 1)));
      auto const twin = std::ranges::find(sections, name, &Section::name);
      if (name == wanted && twin != sections.end())
        return unauthorized(fmt::format("section [{}] appears here a second time; the first is on line {}",
                                        text::printable(name), twin->line),
                            "keep one of the two", at);
      sections.push_back({.name = std::move(name), .line = line_number});
      continue;
    }
    bool const ours = !sections.empty() && sections.back().name == wanted;
    if (!ours) continue;
    auto const separator = line.find_first_of("=:");
    if (separator == std::string_view::npos)
      return unauthorized("this line is neither a [section], nor key = value, nor a comment", "correct the line", at);
    std::string key = text::lower(text::trimmed(line.substr(0, separator)));
    std::ranges::replace(key, '-', '_');
    if (sections.back().values.contains(key))
      return unauthorized(fmt::format("section [{}] has this key twice", text::printable(wanted)),
                          "keep one of the two", at);
    sections.back().values[std::move(key)] = plain(line.substr(separator + 1));
  }
  return sections;
}

/// A name of a section as people choose one. What else is between brackets may be another kind of file's, with
/// anything in it, and is not shown.
bool is_plain(std::string_view name) {
  constexpr std::size_t longest = 40;
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

/// "[default], [papi] and 2 sections with other names"
std::string shown_sections(std::vector<std::string> const& plain, std::size_t others) {
  std::string const unnamed =
      others == 1 ? "1 section with another name" : fmt::format("{} sections with other names", others);
  if (plain.empty()) return unnamed;
  std::string const named = fmt::format("[{}]", fmt::join(plain, "], ["));
  return others == 0 ? named : named + " and " + unnamed;
}

Error no_such_section(std::vector<Section> const& sections, std::string const& wanted, std::string const& file,
                      std::string const& hint) {
  if (sections.empty())
    return unauthorized(fmt::format("{} has no section{}", file, hint),
                        fmt::format("put [{}] above the credentials", text::printable(wanted)));
  std::vector<std::string> plain;
  for (Section const& section : sections)
    if (is_plain(section.name)) plain.push_back(section.name);
  auto const near = text::nearest(wanted, plain);
  return unauthorized(fmt::format("{} has no section [{}], only {}{}", file, text::printable(wanted),
                                  shown_sections(plain, sections.size() - plain.size()), hint),
                      near ? fmt::format("did you mean --section {}?", *near) : "choose one of them with --section");
}

/// ~/.edgerc, "~/x" and everything else. Errors: unauthorized when HOME is needed and not set.
Result<std::filesystem::path> resolved(std::filesystem::path const& path, Environment const& environment) {
  std::string const text = path.empty() ? "~/.edgerc" : path.string();
  if (text != "~" && !text.starts_with("~/")) return path;
  auto const home = environment("HOME");
  if (!home || home->empty())
    return unauthorized(fmt::format("HOME is not set, so {} cannot be found", text), "name the file with --edgerc");
  return std::filesystem::path(*home) / (text.size() > 2 ? text.substr(2) : std::string());
}

/// Nothing when the file is its user's alone. One of root's that we read as its group is that, too: so it comes from
/// whoever runs us (systemd, Kubernetes).
std::optional<Exposure> exposure_of(Ownership const& file, std::string const& shown) {
  bool const lent = file.owner == Owner::root;
  std::vector<std::string_view> who;
  if ((file.group_reads && !lent) || file.group_writes) who.emplace_back("its group");
  if (file.others_read || file.others_write) who.emplace_back("others");
  if (who.empty()) return std::nullopt;
  bool const written = file.group_writes || file.others_write;
  return Exposure{
      .what = fmt::format("{} can be {} by {}", shown, written ? "changed" : "read", fmt::join(who, " and ")),
      .next = fmt::format("chmod {} {}", lent ? "g-w,o=" : "600", shown)};
}

/// The operator's variables say which account is meant: a name in the project file must not choose among them.
Result<> check_chooser(CredentialSource const& source, FromEnvironment const& around, Environment const& environment) {
  constexpr char const* usual = "default";
  if (source.named_by == NamedBy::operators || source.section == usual) return {};
  FromEnvironment const plain = look_around(usual, environment);
  if (!plain.unset.empty() && !around.unset.empty()) return {};
  std::string const section = text::printable(source.section);
  return unauthorized(
      fmt::format("the project file names section {}, and the environment has credentials of its own ({}…)", section,
                  text::printable(plain.unset.empty() ? plain.prefix : around.prefix)),
      fmt::format("say which are meant: --section {} or --section {} (or AKAMAI_EDGERC_SECTION)", usual, section));
}

/// Wipes the file's text, secrets and all, when we are done with it.
struct Wiped {
  std::string text;
  explicit Wiped(std::string from) : text(std::move(from)) {}
  Wiped(Wiped const&) = delete;
  Wiped& operator=(Wiped const&) = delete;
  ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

}  // namespace

std::string variable_of(std::string const& section, std::string const& key) {
  return (section == "default" ? "AKAMAI_" : "AKAMAI_" + upper(section) + "_") + key;
}

Result<Credentials> load_credentials(CredentialSource const& source, Environment const& environment, Files& files) {
  FromEnvironment around = look_around(source.section, environment);
  CPS_CHECK(check_chooser(source, around, environment));
  if (around.unset.empty()) {
    Origin const origin{.place = fmt::format("environment {}…", around.prefix), .prefix = around.prefix};
    return made_from(std::move(around.values), origin);
  }
  std::string const hint = environment_hint(around);
  std::string const shown = source.edgerc.empty() ? "~/.edgerc" : source.edgerc.string();
  CPS_TRY(std::filesystem::path const path, resolved(source.edgerc, environment));
  CPS_TRY(FileKind const kind, files.kind(path));
  if (kind == FileKind::missing)
    return unauthorized(fmt::format("there are no credentials: {} does not exist{}", shown, hint),
                        fmt::format("create it with a section [{}], or set {}HOST, _CLIENT_TOKEN, _CLIENT_SECRET and "
                                    "_ACCESS_TOKEN; to try it without an account: --sandbox",
                                    text::printable(source.section), around.prefix));
  if (kind == FileKind::folder)
    return unauthorized(fmt::format("{} is a folder, not a file", shown), "name the file itself with --edgerc");
  CPS_TRY(Ownership const ownership, files.ownership(path));
  CPS_TRY(std::string content, files.read(path, largest_file));
  Wiped const wiped(std::move(content));
  CPS_TRY(std::vector<Section> sections, parse(wiped.text, source.section, shown));
  auto const found = std::ranges::find(sections, source.section, &Section::name);
  if (found == sections.end()) return no_such_section(sections, source.section, shown, hint);
  Origin const origin{.place = fmt::format("{} section [{}]", shown, text::printable(source.section)),
                      .prefix = {},
                      .at = Mark{.file = shown, .line = found->line}};
  auto made = made_from(std::move(found->values), origin);
  if (!made) {
    Error error = made.error();
    error.message += hint;
    return error;
  }
  made->exposure = exposure_of(ownership, shown);
  return made;
}

}  // namespace cpsctl::edgegrid
