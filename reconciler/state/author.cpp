#include "state/author.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <pwd.h>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace cpsctl::state {
namespace {

constexpr std::size_t longest = 200;

/// What a CI system says about a job: the variable that gives it away, who let it run (the first that is set), and the
/// page of the job, put together from texts and $VARIABLES. A page with a variable that is not set is none.
struct System {
  char const* name;
  char const* known_by;
  std::vector<char const*> users;
  std::vector<std::string_view> page;
};

std::vector<System> const& systems() {
  static std::vector<System> const known{
      {.name = "GitHub Actions",
       .known_by = "GITHUB_ACTIONS",
       .users = {"GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"},
       .page = {"$GITHUB_SERVER_URL", "/", "$GITHUB_REPOSITORY", "/actions/runs/", "$GITHUB_RUN_ID"}},
      {.name = "GitLab CI", .known_by = "GITLAB_CI", .users = {"GITLAB_USER_LOGIN"}, .page = {"$CI_JOB_URL"}},
      {.name = "Azure Pipelines",
       .known_by = "TF_BUILD",
       .users = {"BUILD_REQUESTEDFOR"},
       .page = {"$SYSTEM_COLLECTIONURI", "$SYSTEM_TEAMPROJECT", "/_build/results?buildId=", "$BUILD_BUILDID"}},
      {.name = "CircleCI", .known_by = "CIRCLECI", .users = {"CIRCLE_USERNAME"}, .page = {"$CIRCLE_BUILD_URL"}},
      {.name = "Buildkite",
       .known_by = "BUILDKITE",
       .users = {"BUILDKITE_UNBLOCKER", "BUILDKITE_BUILD_CREATOR"},
       .page = {"$BUILDKITE_BUILD_URL"}},
      {.name = "Bitbucket Pipelines",
       .known_by = "BITBUCKET_BUILD_NUMBER",
       .users = {"BITBUCKET_STEP_TRIGGERER_UUID"},
       .page = {"$BITBUCKET_GIT_HTTP_ORIGIN", "/pipelines/results/", "$BITBUCKET_BUILD_NUMBER"}},
      {.name = "Jenkins", .known_by = "BUILD_URL", .users = {"BUILD_USER_ID", "BUILD_USER"}, .page = {"$BUILD_URL"}},
  };
  return known;
}

/// "https://ana:secret@host/x" without what is before the @.
std::string without_password(std::string text) {
  auto const scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  std::size_t const host = scheme + 3;
  auto const end = text.find_first_of("/?#", host);
  auto const at = text.rfind('@', end);
  if (at != std::string::npos && at >= host) text.erase(host, at + 1 - host);
  return text;
}

std::string shown(std::string text) {
  return text::excerpt(without_password(std::move(text)), longest);
}

}  // namespace

std::string this_user() {
  passwd const* const user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : std::to_string(::getuid());
}

std::string this_host() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return host.data();
}

Author author_of(std::function<std::optional<std::string>(std::string const&)> const& environment) {
  Author author{.user = shown(this_user()), .host = shown(this_host())};
  auto const value = [&](std::string_view name) { return environment(std::string(name)).value_or(""); };
  auto const system = std::ranges::find_if(systems(), [&](System const& one) { return !value(one.known_by).empty(); });
  if (system == systems().end()) return author;
  auto const user = std::ranges::find_if(system->users, [&](char const* name) { return !value(name).empty(); });
  if (user != system->users.end()) author.user = shown(value(*user));
  std::string page;
  for (std::string_view const part : system->page) {
    std::string const text = part.starts_with('$') ? value(part.substr(1)) : std::string(part);
    if (text.empty()) {
      page = system->name;
      break;
    }
    page += text;
  }
  author.job = shown(std::move(page));
  return author;
}

}  // namespace cpsctl::state
