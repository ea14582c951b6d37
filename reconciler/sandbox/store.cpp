#include "sandbox/store.hpp"

#include "base/fields.hpp"
#include "base/json.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

constexpr std::size_t largest_log = std::size_t{2} << 30;

/// The first line: ids are never given twice, also when their enrollments are gone.
struct Counters {
  std::int64_t next_enrollment = 10001;
  std::int64_t next_change = 10001;
};
BOOST_DESCRIBE_STRUCT(Counters, (), (next_enrollment, next_change))

std::string name_key(std::string_view account, std::string_view contract, std::string_view name) {
  return fmt::format("{}\n{}\n{}", account, contract, name);
}

std::string put_line(Enrollment const& enrollment) {
  return fmt::format("{{\"put\":{},\"document\":{}}}\n", fields::to_text(enrollment), enrollment.document);
}

std::string authority_line(Authority const& authority) {
  return fmt::format("{{\"authority\":{}}}\n", fields::to_text(authority));
}

std::string timeline_line(Timeline const& timeline) {
  return fmt::format("{{\"timeline\":{}}}\n", fields::to_text(timeline));
}

std::string zone_line(ZoneWrite const& write) {
  return fmt::format("{{\"zone\":{}}}\n", fields::to_text(write));
}

}  // namespace

Order const* order_of(Enrollment const& enrollment, std::int64_t change) {
  auto const found = std::ranges::find(enrollment.orders, change, &Order::change);
  return found == enrollment.orders.end() ? nullptr : &*found;
}

Order* order_of(Enrollment& enrollment, std::int64_t change) {
  auto const found = std::ranges::find(enrollment.orders, change, &Order::change);
  return found == enrollment.orders.end() ? nullptr : &*found;
}

Result<std::unique_ptr<Store>> Store::open(Files& files, std::filesystem::path const& folder) {
  auto const path = folder / "enrollments.log";
  std::unique_ptr<Store> store(new Store());
  CPS_TRY(FileKind const kind, files.kind(path));
  if (kind != FileKind::missing) {
    CPS_TRY(std::string const text, files.read(path, largest_log));
    if (auto loaded = store->load(text); !loaded) return std::move(loaded).error().within("reading " + path.string());
  }
  CPS_CHECK(files.replace(path, store->compacted()));
  CPS_TRY(store->log_, files.append(path));
  return store;
}

Result<> Store::load(std::string_view text) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto const end = text.find('\n');
    if (end == std::string_view::npos) return {};  // cut short by a crash: that request was never answered
    if (auto replayed = replay(text.substr(0, end)); !replayed)
      return std::move(replayed).error().within(fmt::format("line {}", number));
    text.remove_prefix(end + 1);
  }
  return {};
}

Result<> Store::replay(std::string_view line) {
  CPS_TRY(json::Document const entry, json::parse(line, "the sandbox's data"));
  Error const damaged{.code = Errc::protocol,
                      .message = "an entry of the sandbox's data is damaged",
                      .next = "remove the sandbox's folder to start afresh"};
  if (json::Value const* const counters = json::find(entry, "counters")) {
    Counters read;
    if (!fields::from_json(*counters, read)) return damaged;
    next_enrollment_ = std::max(next_enrollment_, read.next_enrollment);
    next_change_ = std::max(next_change_, read.next_change);
    return {};
  }
  if (json::Value const* const authority = json::find(entry, "authority"))
    return fields::from_json(*authority, authority_) ? Result<>() : damaged;
  if (json::Value const* const timeline = json::find(entry, "timeline"))
    return fields::from_json(*timeline, timeline_) ? Result<>() : damaged;
  if (json::Value const* const zone = json::find(entry, "zone")) {
    ZoneWrite write;
    if (!fields::from_json(*zone, write)) return damaged;
    carry_out(zones_, std::move(write));
    return {};
  }
  if (json::Value const* const removed = json::find(entry, "remove")) {
    if (!removed->IsInt64()) return damaged;
    drop(removed->GetInt64());
    return {};
  }
  json::Value const* const put = json::find(entry, "put");
  json::Value const* const document = json::find(entry, "document");
  Enrollment enrollment;
  if (put == nullptr || document == nullptr || !fields::from_json(*put, enrollment)) return damaged;
  enrollment.document = json::compact(*document);
  keep(std::move(enrollment));
  return {};
}

std::string Store::compacted() const {
  std::string text = fmt::format("{{\"counters\":{}}}\n", fields::to_text(Counters{next_enrollment_, next_change_}));
  if (authority_) text += authority_line(*authority_);
  if (timeline_) text += timeline_line(*timeline_);
  for (auto const& [name, zone] : zones_) text += zone_line(whole(name, zone));
  for (auto const& [id, enrollment] : enrollments_) text += put_line(enrollment);
  return text;
}

Result<> Store::append(std::string const& line) {
  if (broken_)
    return Error{.code = Errc::io,
                 .message = "the sandbox's data could not be written earlier",
                 .next = "free space on the disk and start the sandbox again"};
  auto written = log_->append(line);
  broken_ = !written;
  return written;
}

Result<> Store::put(Enrollment enrollment) {
  CPS_CHECK(append(put_line(enrollment)));
  keep(std::move(enrollment));
  return {};
}

Result<> Store::put(ZoneWrite write) {
  CPS_CHECK(append(zone_line(write)));
  carry_out(zones_, std::move(write));
  return {};
}

Result<> Store::remove(Enrollment last) {
  if (last.earlier.empty()) return forget(last.id);
  last.gone = true;
  return put(std::move(last));
}

Result<> Store::forget(std::int64_t id) {
  CPS_CHECK(append(fmt::format("{{\"remove\":{}}}\n", id)));
  drop(id);
  return {};
}

Result<Authority> Store::authority() {
  if (!authority_) {
    CPS_TRY(Authority made, make_authority());
    CPS_CHECK(append(authority_line(made)));
    authority_ = std::move(made);
  }
  return *authority_;
}

Result<> Store::set_timeline(Timeline timeline) {
  CPS_CHECK(append(timeline_line(timeline)));
  timeline_ = std::move(timeline);
  return {};
}

Result<> Store::sync() {
  return log_->sync();
}

void Store::keep(Enrollment enrollment) {
  drop(enrollment.id);
  next_enrollment_ = std::max(next_enrollment_, enrollment.id + 1);
  for (Change const& change : enrollment.changes) next_change_ = std::max(next_change_, change.id + 1);
  if (!enrollment.gone)
    names_.emplace(name_key(enrollment.account, enrollment.contract, enrollment.common_name), enrollment.id);
  std::int64_t const id = enrollment.id;
  enrollments_.insert_or_assign(id, std::move(enrollment));
}

void Store::drop(std::int64_t id) {
  auto const found = enrollments_.find(id);
  if (found == enrollments_.end()) return;
  Enrollment const& gone = found->second;
  auto const [first, last] = names_.equal_range(name_key(gone.account, gone.contract, gone.common_name));
  auto const name = std::find_if(first, last, [id](auto const& entry) { return entry.second == id; });
  if (name != last) names_.erase(name);
  enrollments_.erase(found);
}

Enrollment const* Store::find(std::string_view account, std::int64_t id) const {
  Enrollment const* const found = find(id);
  return found != nullptr && found->account == account ? found : nullptr;
}

Enrollment const* Store::find(std::int64_t id) const {
  auto const found = enrollments_.find(id);
  return found == enrollments_.end() || found->second.gone ? nullptr : &found->second;
}

std::vector<Enrollment const*> Store::all() const {
  std::vector<Enrollment const*> all;
  all.reserve(enrollments_.size());
  for (auto const& [id, enrollment] : enrollments_)
    if (!enrollment.gone) all.push_back(&enrollment);
  return all;
}

std::vector<Enrollment const*> Store::list(std::string_view account, std::string_view contract, Gone gone) const {
  std::vector<Enrollment const*> chosen;
  for (auto const& [id, enrollment] : enrollments_)
    if (enrollment.account == account && (contract.empty() || enrollment.contract == contract) &&
        (!enrollment.gone || gone == Gone::shown))
      chosen.push_back(&enrollment);
  return chosen;
}

Enrollment const* Store::with_common_name(std::string_view account, std::string_view contract,
                                          std::string_view name) const {
  auto const found = names_.find(name_key(account, contract, name));
  return found == names_.end() ? nullptr : &enrollments_.at(found->second);
}

}  // namespace cpsctl::sandbox
