#include "edgegrid/credentials.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::edgegrid;

namespace {

constexpr char const* good_file =
    "host = akab-h.luna.akamaiapis.net\nclient_token = ct\nclient_secret = s3cret=\naccess_token = at\n";

/// One file in memory.
struct OneFile final : Files {
  std::string path = "/home/u/.edgerc";
  std::optional<std::string> content = {};
  FileKind as = FileKind::file;
  bool readable = true;
  Ownership owned = {};

  Result<Ownership> ownership(std::filesystem::path const&) override { return owned; }
  Result<FileKind> kind(std::filesystem::path const& at) override {
    return content && at == path ? as : FileKind::missing;
  }
  Result<std::string> read(std::filesystem::path const& at, std::size_t) override {
    if (!readable || at != path)
      return Error{.code = Errc::io, .message = "cannot open " + at.string() + ": Permission denied"};
    return *content;
  }
  Result<> replace(std::filesystem::path const&, std::string_view) override { return {}; }
  Result<std::unique_ptr<Appender>> append(std::filesystem::path const&) override { return nullptr; }
  Result<> truncate(std::filesystem::path const&, std::uint64_t) override { return {}; }
  Result<> make_folders(std::filesystem::path const&) override { return {}; }
  Result<> remove(std::filesystem::path const&) override { return {}; }
  Result<std::vector<std::string>> list(std::filesystem::path const&) override { return std::vector<std::string>(); }
};

using Variables = std::map<std::string, std::string>;

Result<Credentials> load(std::optional<std::string> content, std::string section = "default",
                         Variables variables = {}) {
  OneFile files;
  files.content = std::move(content);
  variables.emplace("HOME", "/home/u");
  Environment const environment = [&](std::string const& name) -> std::optional<std::string> {
    auto const found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return load_credentials({.section = std::move(section)}, environment, files);
}

Variables four(std::string const& prefix) {
  return {{prefix + "HOST", "env-host"},
          {prefix + "CLIENT_TOKEN", "e1"},
          {prefix + "CLIENT_SECRET", "e2"},
          {prefix + "ACCESS_TOKEN", "e3"}};
}

}  // namespace

TEST_CASE("credentials: spellings of an .edgerc that are the same credentials") {
  struct Case {
    char const* title;
    std::string content;
  };
  Case const cases[] = {
      {"plain", std::string("[default]\n") + good_file},
      {"no white space",
       "[default]\nhost=akab-h.luna.akamaiapis.net\nclient_token=ct\nclient_secret=s3cret=\naccess_token=at"},
      {"CRLF and a byte order mark",
       "\xEF\xBB\xBF[default]\r\nhost = akab-h.luna.akamaiapis.net\r\nclient_token = ct\r\nclient_secret = "
       "s3cret=\r\naccess_token = at\r\n"},
      {"comments",
       "# mine\n; old\n[default] ; here\nhost = akab-h.luna.akamaiapis.net ; the host\n# x\nclient_token = ct # "
       "t\nclient_secret = s3cret=\naccess_token = at\n"},
      {"dashes, capitals, quotes",
       "[default]\nHost: \"akab-h.luna.akamaiapis.net\"\nclient-token = 'ct'\nclient-secret = "
       "\"s3cret=\"\naccess-token = at\n"},
      {"a URL for a host",
       "[default]\nhost = https://AKAB-h.luna.akamaiapis.net:443//\nclient_token = ct\nclient_secret = "
       "s3cret=\naccess_token = at\n"},
      {"Python's defaults", std::string("[default]\nheaders_to_sign = None\nmax_body = 131072\n") + good_file},
      {"another section around it",
       std::string("[papi]\nhost = x\nthis line is odd\n[default]\n") + good_file + "[dns]\nhost = y\n"},
      {"a limit that is not a number", std::string("[default]\nmax_body = lots\n") + good_file},
      {"a limit of nothing", std::string("[default]\nmax-body = 0\n") + good_file},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const loaded = load(c.content);
    REQUIRE_MESSAGE(loaded.has_value(), loaded);
    CHECK(loaded->host == "akab-h.luna.akamaiapis.net");
    CHECK(loaded->client_token.reveal() == "ct");
    CHECK(loaded->client_secret.reveal() == "s3cret=");
    CHECK(loaded->access_token.reveal() == "at");
    CHECK(loaded->account_key.empty());
    CHECK(loaded->max_body == 131072);
    CHECK(loaded->headers_to_sign.empty());
    CHECK(loaded->origin == "~/.edgerc section [default]");
  }
}

TEST_CASE("credentials: optional keys") {
  auto const loaded =
      load(std::string("[default]\nmax-body = 2048\naccount_key = 1-2:3\nheaders_to_sign = X-A, X-B\n") + good_file);
  REQUIRE(loaded.has_value());
  CHECK(loaded->max_body == 2048);
  CHECK(loaded->account_key == "1-2:3");
  CHECK(loaded->headers_to_sign == std::vector<std::string>{"X-A", "X-B"});
}

TEST_CASE("credentials: the environment wins when it is complete, and only then") {
  std::string const file = std::string("[default]\naccount_key = file\n") + good_file + "[foo]\n" + good_file;
  Variables all = four("AKAMAI_");
  all["AKAMAI_MAX_BODY"] = "123";
  all["AKAMAI_ACCOUNT_KEY"] = "1-9";
  auto const from_environment = load(file, "default", all);
  REQUIRE(from_environment.has_value());
  CHECK(from_environment->host == "env-host");
  CHECK(from_environment->max_body == 123);
  CHECK(from_environment->account_key == "1-9");
  CHECK(from_environment->origin == "environment AKAMAI_…");

  Variables incomplete = four("AKAMAI_");
  incomplete.erase("AKAMAI_CLIENT_SECRET");
  incomplete["AKAMAI_ACCOUNT_KEY"] = "1-9";
  auto const from_file = load(file, "default", incomplete);
  REQUIRE(from_file.has_value());
  CHECK(from_file->host == "akab-h.luna.akamaiapis.net");
  CHECK(from_file->account_key == "file");

  auto const custom = load(std::nullopt, "foo", four("AKAMAI_FOO_"));
  REQUIRE(custom.has_value());
  CHECK(custom->host == "env-host");
  auto const no_fallback = load(file, "foo", four("AKAMAI_"));
  REQUIRE(no_fallback.has_value());
  CHECK(no_fallback->host == "akab-h.luna.akamaiapis.net");
}

TEST_CASE("credentials: what is wrong is reported, secrets are not shown") {
  struct Case {
    char const* title;
    std::optional<std::string> content;
    char const *section, *message, *next;
  };
  std::string const good = std::string("[default]\n") + good_file;
  Case const cases[] = {
      {"no file", std::nullopt, "default", "there are no credentials: ~/.edgerc does not exist",
       "create it with a section [default], or set AKAMAI_HOST, _CLIENT_TOKEN, _CLIENT_SECRET and _ACCESS_TOKEN; to "
       "try "
       "it without an account: --sandbox"},
      {"no such section", good + "[papi]\n", "defualt", "~/.edgerc has no section [defualt], only [default], [papi]",
       "did you mean --section default?"},
      {"nothing like it", good, "production", "~/.edgerc has no section [production], only [default]",
       "choose one of them with --section"},
      {"sections of another kind of file", "[user]\n[url \"https://oauth2:s3cret@gitlab.example.com/\"]\n[s3cret/x]\n",
       "x", "~/.edgerc has no section [x], only [user] and 2 sections with other names",
       "choose one of them with --section"},
      {"one section of another kind of file", "[url \"https://s3cret@h/\"]\n", "x",
       "~/.edgerc has no section [x], only 1 section with another name", "choose one of them with --section"},
      {"a name that is too long to be one", "[s3cret00000000000000000000000000000000000]\n[ok]\n", "x",
       "~/.edgerc has no section [x], only [ok] and 1 section with another name", "choose one of them with --section"},
      {"no section at all", good_file, "default", "~/.edgerc has no section", "put [default] above the credentials"},
      {"missing keys are all named", "[default]\nhost = h\naccess_token = s3cret\n", "default",
       "~/.edgerc section [default] lacks client_token, client_secret",
       "add what is missing from the credentials that Akamai Control Center gave you"},
      {"empty values", "[default]\nhost = h\nclient_token =\nclient_secret = \"\"\naccess_token = s3cret\n", "default",
       "~/.edgerc section [default] has no value for client_token, client_secret",
       "copy the value from Akamai Control Center"},
      {"a path", "[default]\nhost = h/s3cret\nclient_token = a\nclient_secret = s3cret\naccess_token = a\n", "default",
       "host in ~/.edgerc section [default] has a path behind the host name",
       "write the bare host name, like akab-….luna.akamaiapis.net"},
      {"a space", "[default]\nhost = h s3cret\nclient_token = a\nclient_secret = s3cret\naccess_token = a\n", "default",
       "host in ~/.edgerc section [default] has a space in it",
       "write the bare host name, like akab-….luna.akamaiapis.net"},
      {"plain http", "[default]\nhost = http://h\nclient_token = a\nclient_secret = s3cret\naccess_token = a\n",
       "default", "host in ~/.edgerc section [default] begins with http://, but CPS is reached over https only",
       "write the bare host name, like akab-….luna.akamaiapis.net"},
      {"UTF-16", std::string("\xFF\xFE[\0d\0e\0f\0a\0u\0l\0t\0]\0\n\0", 22), "default",
       "~/.edgerc is UTF-16, as PowerShell writes files", "save it as UTF-8 text"},
      {"a section twice", good + "[default]\n", "default",
       "section [default] appears here a second time; the first is on line 1", "keep one of the two"},
      {"a key twice", good + "client-secret = s3cret2\n", "default", "section [default] has this key twice",
       "keep one of the two"},
      {"a line without a key", good + "s3cret\n", "default",
       "this line is neither a [section], nor key = value, nor a comment", "correct the line"},
      {"an open section", "[default\n", "default", "this section has no closing ]", "write it as [name]"},
      {"a token with a space", "[default]\nhost = h\nclient_token = a\nclient_secret = s3c ret\naccess_token = a\n",
       "default", "client_secret in ~/.edgerc section [default] has a character that no token has",
       "copy the value again; it is not shown here"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const loaded = load(c.content, c.section);
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Errc::unauthorized);
    CHECK(loaded.error().message == c.message);
    CHECK(loaded.error().next == c.next);
    CHECK((loaded.error().message + loaded.error().next).find("s3c") == std::string::npos);
  }
}

TEST_CASE("credentials: half an environment is mentioned when the file fails too") {
  auto const loaded = load(std::nullopt, "default",
                           {{"AKAMAI_HOST", "h"}, {"AKAMAI_CLIENT_SECRET", "s3cret"}, {"AKAMAI_ACCESS_TOKEN", " "}});
  REQUIRE(!loaded.has_value());
  CHECK(loaded.error().message ==
        "there are no credentials: ~/.edgerc does not exist; AKAMAI_HOST, AKAMAI_CLIENT_SECRET is set, but not "
        "AKAMAI_CLIENT_TOKEN, AKAMAI_ACCESS_TOKEN");
}

TEST_CASE("credentials: files that cannot be used") {
  OneFile files;
  files.content = "";
  Environment const nothing = [](std::string const&) { return std::optional<std::string>(); };
  Environment const home = [](std::string const& name) {
    return name == "HOME" ? std::optional<std::string>("/home/u") : std::nullopt;
  };
  auto const homeless = load_credentials({}, nothing, files);
  REQUIRE(!homeless.has_value());
  CHECK(homeless.error().message == "HOME is not set, so ~/.edgerc cannot be found");
  files.as = FileKind::folder;
  auto const folder = load_credentials({.edgerc = "~/.edgerc"}, home, files);
  REQUIRE(!folder.has_value());
  CHECK(folder.error().message == "~/.edgerc is a folder, not a file");
  files.as = FileKind::file;
  files.readable = false;
  auto const locked = load_credentials({.edgerc = "/home/u/.edgerc"}, nothing, files);
  REQUIRE(!locked.has_value());
  CHECK(locked.error().code == Errc::io);
}

TEST_CASE("credentials: a project's section chooses in a file, never among the operator's variables") {
  struct Case {
    char const* title;
    char const* section;
    NamedBy by;
    std::vector<char const*> sets;  ///< of variables, complete
    char const* message;            ///< empty: the file or the variables are taken
  };
  Case const cases[] = {
      {"no variables", "prod", NamedBy::project, {}, ""},
      {"the usual ones",
       "prod",
       NamedBy::project,
       {"AKAMAI_"},
       "the project file names section prod, and the environment has credentials of its own (AKAMAI_…)"},
      {"those of the name",
       "prod",
       NamedBy::project,
       {"AKAMAI_PROD_"},
       "the project file names section prod, and the environment has credentials of its own (AKAMAI_PROD_…)"},
      {"both",
       "prod",
       NamedBy::project,
       {"AKAMAI_", "AKAMAI_PROD_"},
       "the project file names section prod, and the environment has credentials of its own (AKAMAI_…)"},
      {"those of another name", "prod", NamedBy::project, {"AKAMAI_STAGE_"}, ""},
      {"the default section is what the usual ones are for", "default", NamedBy::project, {"AKAMAI_"}, ""},
      {"the operator chooses", "prod", NamedBy::operators, {"AKAMAI_", "AKAMAI_PROD_"}, ""},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    OneFile files;
    files.content = std::string("[prod]\n") + good_file;
    Variables variables{{"HOME", "/home/u"}};
    for (char const* const prefix : c.sets) variables.merge(four(prefix));
    Environment const environment = [&](std::string const& name) -> std::optional<std::string> {
      auto const found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    auto const loaded = load_credentials({.section = c.section, .named_by = c.by}, environment, files);
    if (*c.message == '\0') {
      CHECK_MESSAGE(loaded.has_value(), loaded);
      continue;
    }
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Errc::unauthorized);
    CHECK(loaded.error().message == c.message);
    CHECK(loaded.error().next == "say which are meant: --section default or --section prod (or AKAMAI_EDGERC_SECTION)");
  }
}

TEST_CASE("credentials: a file that others can use is reported") {
  struct Case {
    char const* title;
    Ownership owned;
    char const *what, *next;
  };
  constexpr char const* mine = "chmod 600 ~/.edgerc";
  constexpr char const* roots = "chmod g-w,o= ~/.edgerc";
  Case const cases[] = {
      {"0600", {}, "", ""},
      {"0640", {.group_reads = true}, "~/.edgerc can be read by its group", mine},
      {"0644", {.group_reads = true, .others_read = true}, "~/.edgerc can be read by its group and others", mine},
      {"0604", {.others_read = true}, "~/.edgerc can be read by others", mine},
      {"0620", {.group_writes = true}, "~/.edgerc can be changed by its group", mine},
      {"0666",
       {.group_reads = true, .group_writes = true, .others_read = true, .others_write = true},
       "~/.edgerc can be changed by its group and others",
       mine},
      {"lent by root to a group", {.owner = Owner::root, .group_reads = true}, "", ""},
      {"lent by root to all",
       {.owner = Owner::root, .group_reads = true, .others_read = true},
       "~/.edgerc can be read by others",
       roots},
      {"a stranger's", {.owner = Owner::stranger, .group_reads = true}, "~/.edgerc can be read by its group", mine},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    OneFile files;
    files.content = std::string("[default]\n") + good_file;
    files.owned = c.owned;
    Environment const home = [](std::string const& name) {
      return name == "HOME" ? std::optional<std::string>("/home/u") : std::nullopt;
    };
    auto const made = load_credentials({}, home, files);
    REQUIRE(made);
    CHECK((made->exposure ? made->exposure->what : "") == c.what);
    CHECK((made->exposure ? made->exposure->next : "") == c.next);
  }
}
