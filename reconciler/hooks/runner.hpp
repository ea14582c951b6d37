#pragma once
#include "base/files.hpp"
#include "base/secret.hpp"
#include "hooks/answer.hpp"
#include "hooks/hook.hpp"
#include "hooks/mask.hpp"
#include "hooks/outcome.hpp"
#include "http/crew.hpp"
#include "http/task.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// Runs programs that the project names.
namespace cpsctl::hooks {

/// What programs are given, and what is kept from the log.
struct Surroundings {
  Places places = {};
  std::map<std::string, std::string> environment = {};  ///< of every hook: PATH, HOME, LANG, TZ, as far as they are set
  std::map<std::string, std::map<std::string, Secret>> granted = {};  ///< hook -> its variables
  std::vector<Secret> secrets = {};                                   ///< others that a program may find, and print
};

struct RunnerOptions {
  SteadyTime deadline = SteadyTime::max();              ///< of the run of cpsctl
  Duration grace = std::chrono::seconds(10);            ///< between SIGTERM and SIGKILL
  Duration drain = std::chrono::seconds(1);             ///< for what children still write when the program has ended
  std::size_t most_complaints = std::size_t{64} << 20;  ///< bytes on stderr
};

/// What one run is about.
struct Request {
  std::string id = {};    ///< what an answer repeats
  std::string text = {};  ///< one JSON object
  Repeats repeats = Repeats::must;
  std::string about = {};  ///< the enrollment's name, for the log
};

struct Conversation;

/// Asks programs, many at once, on the loop's thread. Outlives what it runs. Ignores SIGPIPE for the process, as a
/// program need not read what it is told.
class Runner {
 public:
  Runner(http::Loop& loop, Clock const& clock, Files& files, Surroundings surroundings, RunnerOptions options = {});
  ~Runner();
  Runner(Runner const&) = delete;
  Runner& operator=(Runner const&) = delete;

  /// Runs it once its turn has come, to its end; never longer than its timeout, `grace` twice and `drain`. It must
  /// still be what `hook` was when it was found: that has been approved. Never Done with a document that is no object.
  http::Task<Outcome> run(Hook hook, Request request);
  /// Ends what runs, as a timeout would, and runs nothing any more. On the loop's thread.
  void stop();

 private:
  http::Task<Outcome> converse(Hook hook, Request request);
  http::Task<bool> wait_for_end(std::shared_ptr<Conversation> with, SteadyTime until);
  http::Task<> end(std::shared_ptr<Conversation> with);
  http::Task<> part(std::shared_ptr<Conversation> with);
  Outcome outcome_of(Conversation const& with, Hook const& hook, Request const& request) const;
  std::vector<std::string> environment_of(std::string const& hook) const;
  http::Gate& gate_of(Hook const& hook);

  http::Loop& loop_;
  Clock const& clock_;
  Files& files_;
  Surroundings surroundings_;
  RunnerOptions options_;
  Mask mask_;
  std::map<std::string, http::Gate> gates_ = {};
  std::set<Conversation*> running_ = {};
  bool stopped_ = false;
};

}  // namespace cpsctl::hooks
