#pragma once
#include "cli/connection.hpp"
#include "http/crew.hpp"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace cpsctl::cli {

/// Reads one thing into its place.
template <class T>
using ReadOne = std::function<http::Task<Result<>>(T& one)>;

/// Reads many things side by side. What cannot be read has its `failure`, and the others are read all the same; unless
/// it is one that befalls all of them, which have it then. Errors: cancelled.
template <class T>
class SideBySide {
 public:
  SideBySide(std::vector<T> all, ReadOne<T> read, Connection& connection)
      : all_(std::move(all)), read_(std::move(read)), connection_(connection) {}

  Result<std::vector<T>> run() { return connection_.loop->run(each()); }

 private:
  static bool befalls_all(Errc code) {
    return code == Errc::cancelled || code == Errc::timeout || code == Errc::rate_limited;
  }

  http::Task<Result<std::vector<T>>> each() {
    std::function<bool()> const stop = [this] { return end_.has_value(); };
    std::function<http::Task<>(std::size_t)> const step = [this](std::size_t at) { return one(at); };
    done_.resize(all_.size());
    co_await http::crew(*connection_.loop, connection_.parallelism, all_.size(), stop, step);
    if (end_ && end_->code == Errc::cancelled) co_return *end_;
    for (std::size_t at = 0; at < all_.size(); ++at)
      if (!done_[at]) all_[at].failure = end_;
    co_return std::move(all_);
  }

  http::Task<> one(std::size_t at) {
    auto const read = co_await read_(all_[at]);
    done_[at] = true;
    if (read) co_return;
    all_[at].failure = read.error();
    if (befalls_all(read.error().code) && !end_) end_ = read.error();
  }

  std::vector<T> all_;
  ReadOne<T> read_;
  Connection& connection_;
  std::vector<bool> done_ = {};
  std::optional<Error> end_ = {};
};

}  // namespace cpsctl::cli
