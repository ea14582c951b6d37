#pragma once
#include "bench/null_server.hpp"
#include "edgegrid/credentials.hpp"
#include "manifest/types.hpp"
#include "state/store.hpp"

#include <memory>
#include <string>
#include <vector>

/// Creates of one contract, sent in the two ways that benchmarks compare.
namespace cpsctl::bench {

/// What one run of them took.
struct Run {
  double seconds = 0;
  double cpu = 0;  ///< seconds of this process, all threads
  void take_best(Run const& other);
};

class Workload {
 public:
  /// `most_in_flight`: connections of the one client that all runs share.
  Workload(NullServer const& server, std::size_t creates, std::size_t most_in_flight);

  std::size_t creates() const { return bodies_.size(); }
  std::size_t body_size() const { return bodies_.front().size(); }

  /// The floor: signs and sends the same requests through the module http.
  Run bare(std::size_t in_flight);
  /// List, plan, apply, snapshot; into a store that is empty. Ends the process if a create fails.
  Run apply(std::size_t in_flight, state::Store& store);

 private:
  template <class Work>
  Run measured(std::size_t in_flight, Work work);
  http::Task<> send(std::string method, std::string body);
  http::Task<bool> send_all(std::size_t in_flight, std::size_t count, bool creates);
  edgegrid::Credentials credentials() const;

  http::Loop loop_ = {};
  std::string host_;
  edgegrid::Credentials credentials_;
  std::unique_ptr<http::Client> client_;
  std::vector<manifest::Desired> desired_ = {};
  std::vector<std::string> bodies_ = {};
};

/// A folder for a state, below the folder where the benchmark runs: that is where the disk is.
class StateFolder {
 public:
  StateFolder();
  ~StateFolder();
  StateFolder(StateFolder const&) = delete;
  StateFolder& operator=(StateFolder const&) = delete;
  std::filesystem::path const& path() const { return path_; }
  /// A new state at each call.
  std::filesystem::path next() { return path_ / std::to_string(++made_) / "state.json"; }
  /// What the disk below does with a sync, in words.
  std::string disk();

 private:
  std::filesystem::path path_;
  int made_ = 0;
};

}  // namespace cpsctl::bench
