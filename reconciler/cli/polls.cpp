#include "cli/polls.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace cpsctl::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration soonest = 30s, latest = 5min;  // of the lists, where nobody says how often

/// What a change looks like to who waits for it to move.
std::string like(cps::Change const& change) {
  cps::Input const* const input = lifecycle::input_of(change);
  return change.state_text + ' ' + change.status + ' ' + (input == nullptr ? std::string() : input->update);
}

}  // namespace

bool passes(Error const& error) {
  return !error.lasting && (error.code == Errc::unavailable || error.code == Errc::rate_limited ||
                            error.code == Errc::protocol || error.code == Errc::timeout);
}

std::size_t Share::quarter() const {
  if (!window_) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max(1, window_->requests / 4));
}

std::size_t Share::spent_since(SteadyTime time) const {
  std::size_t sum = 0;
  for (auto const& [at, requests] : spent_)
    if (at > time) sum += requests;
  return sum;
}

void Share::spend(std::size_t requests, SteadyTime now) {
  if (!window_) return;
  while (!spent_.empty() && spent_.front().first <= now - window_->per) spent_.pop_front();
  spent_.emplace_back(now, requests);
}

std::size_t Share::room(SteadyTime now) const {
  if (!window_) return quarter();
  std::size_t const spent = spent_since(now - window_->per);
  return quarter() - std::min(spent, quarter());
}

SteadyTime Share::when(std::size_t requests, SteadyTime now) const {
  if (!window_) return now;
  std::size_t const wanted = std::min(requests, quarter());
  if (room(now) >= wanted) return now;
  for (auto const& [at, spent] : spent_)
    if (SteadyTime const over = at + window_->per; over > now && room(over) >= wanted) return over;
  return now + window_->per;
}

void Polls::listed(std::size_t contracts, SteadyTime now) {
  contracts_ = contracts;
  share_.spend(contracts, now);
}

std::vector<PendingChange> Polls::due(std::vector<PendingChange> const& pending, SteadyTime now, std::size_t at_most) {
  std::set<Key> still;
  std::vector<PendingChange> turns;
  for (PendingChange const& one : pending) {
    still.insert(key(one));
    auto const known = known_.find(key(one));
    if (known == known_.end() || known->second.due <= now) turns.push_back(one);
  }
  std::erase_if(known_, [&](auto const& one) { return !still.contains(one.first); });
  auto const turn = [&](PendingChange const& one) {
    auto const known = known_.find(key(one));
    return known == known_.end() ? SteadyTime::min() : known->second.due;
  };
  std::ranges::stable_sort(turns, {}, turn);
  if (turns.size() > at_most) turns.resize(at_most);
  share_.spend(turns.size(), now);
  auto const never = [&](PendingChange const& one) { return !known_.contains(key(one)); };
  left_out_ = static_cast<std::size_t>(std::ranges::count_if(pending, never) - std::ranges::count_if(turns, never));
  return turns;
}

Remembered const& Polls::looked(ChangeSight const& sight, WallTime answered) {
  auto const [at, is_new] = known_.try_emplace(key(sight.pending));
  Remembered& known = at->second;
  if (!sight.change) return known;
  std::string now_like = like(*sight.change);
  if (known.like == now_like) return known;
  known.seen = answered;
  known.since = is_new ? std::nullopt : std::optional(answered);
  known.like = std::move(now_like);
  return known;
}

void Polls::next_turn(PendingChange const& change, Duration look_after, SteadyTime now) {
  Duration const usual = std::max(look_after, every_ ? Duration() : soonest);
  known_[key(change)].due = now + (every_ ? std::min(usual, *every_) : usual);
}

SteadyTime Polls::next(SteadyTime now) const {
  SteadyTime at = now + (every_ ? *every_ : left_out_ > 0 ? soonest : latest);
  if (!every_)
    for (auto const& [key, known] : known_) at = std::min(at, std::max(known.due, now + soonest));
  return std::max(at, share_.when(contracts_, now));
}

}  // namespace cpsctl::cli
