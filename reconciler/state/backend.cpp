#include "state/backend.hpp"

#include "state/files.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace cpsctl::state {
namespace {

class FileBackend final : public Backend {
 public:
  FileBackend(std::filesystem::path path, Files& files, Clock const& clock)
      : path_(std::move(path)), files_(files), clock_(clock) {}

  std::string describe() const override { return path_.string(); }

  Result<Contents> read(std::string const& realm) const override { return read_files(path_, realm, files_); }

  Result<std::unique_ptr<Lock>> lock(Run const& run, Patience const& patience) override {
    if (path_.has_parent_path()) CPS_CHECK(files_.make_folders(path_.parent_path()));
    return lock_file(path_, own_lease(run, clock_), patience, clock_);
  }

  Result<std::unique_ptr<Store>> open(Opening opening, Lock& lock) override {
    return open_files(path_, std::move(opening), files_, lock);
  }

  Result<std::optional<Lease>> unlock(bool anyway) override {
    return unlock_file(path_, own_lease({}, clock_), anyway);
  }

 private:
  std::filesystem::path path_;
  Files& files_;
  Clock const& clock_;
};

}  // namespace

std::string_view scheme_of(std::string_view location) {
  auto const end = location.find("://");
  if (end == std::string_view::npos || end == 0) return {};
  std::string_view const scheme = location.substr(0, end);
  auto const fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  return std::ranges::all_of(scheme, fits) ? scheme : std::string_view();
}

Result<> check_location(std::string_view location) {
  std::string_view const scheme = scheme_of(location);
  if (scheme.empty()) return {};
  // The rest may hold a password.
  return Error{.code = Errc::usage,
               .message = fmt::format("no state can be kept at {}://…: cpsctl keeps it in files", scheme),
               .next = "name a file: --state .cpsctl/state.json"};
}

Result<std::unique_ptr<Backend>> Backend::at(std::string location, Files& files, Clock const& clock) {
  CPS_CHECK(check_location(location));
  return std::make_unique<FileBackend>(std::move(location), files, clock);
}

}  // namespace cpsctl::state
