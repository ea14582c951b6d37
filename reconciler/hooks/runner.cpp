#include "hooks/runner.hpp"

#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "hooks/complaints.hpp"
#include "hooks/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace cpsctl::hooks {
namespace asio = boost::asio;

/// One program that runs, and the tasks that read and write its streams; each holds it until it has ended.
struct Conversation {
  using Stream = asio::posix::basic_stream_descriptor<http::Executor>;

  Conversation(http::Loop& loop, Process child, std::string text, Complaints told)
      : process(std::move(child)),
        input(loop.context().get_executor(), process.input.release()),
        output(loop.context().get_executor(), process.output.release()),
        errors(loop.context().get_executor(), process.errors.release()),
        life(loop.context().get_executor(), process.life.release()),
        question(std::move(text)),
        complaints(std::move(told)),
        changed(loop) {}

  bool closed() const { return !output.is_open() && !errors.is_open(); }
  void task_ended() {
    --tasks;
    changed.notify_all();
  }

  Process process;
  Stream input;
  Stream output;
  Stream errors;
  Stream life;
  std::string question;
  std::string answer = {};
  Complaints complaints;
  http::Event changed;
  std::optional<End> end = {};
  std::optional<Failed> cut_short = {};  ///< why it was ended; what it answers no longer counts
  int tasks = 0;
};

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable_t<http::Executor>());
constexpr std::size_t block_size = std::size_t{64} << 10;

void close(Conversation::Stream& stream) {
  boost::system::error_code ignored;
  stream.close(ignored);
}

http::Task<> tell(std::shared_ptr<Conversation> with) {
  std::string_view left = with->question;
  while (!left.empty()) {
    auto const [problem, size] = co_await with->input.async_write_some(asio::buffer(left), as_value);
    if (problem) break;  // it does not want to know more
    left.remove_prefix(size);
  }
  close(with->input);
  with->task_ended();
}

http::Task<> hear(std::shared_ptr<Conversation> with) {
  std::string block(block_size, '\0');
  while (!with->cut_short) {
    auto const [problem, size] = co_await with->output.async_read_some(asio::buffer(block), as_value);
    if (problem) break;
    with->answer.append(block, 0, size);
    if (with->answer.size() > longest_answer)
      with->cut_short = Failed{.cause = Cause::answer,
                               .reason = fmt::format("its answer is longer than {} MB", longest_answer >> 20U)};
  }
  close(with->output);
  with->task_ended();
}

http::Task<> note(std::shared_ptr<Conversation> with, std::size_t most) {
  std::string block(block_size, '\0');
  for (;;) {
    auto const [problem, size] = co_await with->errors.async_read_some(asio::buffer(block), as_value);
    if (problem) break;
    with->complaints.take(std::string_view(block).substr(0, size));
    if (with->complaints.bytes() <= most) continue;
    if (!with->cut_short) with->cut_short = Failed{.cause = Cause::answer, .reason = "it writes on stderr without end"};
    break;
  }
  close(with->errors);
  with->task_ended();
}

http::Task<> watch(std::shared_ptr<Conversation> with) {
  auto const [problem] = co_await with->life.async_wait(asio::posix::descriptor_base::wait_read, as_value);
  if (!problem) with->end = with->process.end();
  with->task_ended();
}

void begin(http::Loop& loop, std::shared_ptr<Conversation> const& with, std::size_t most_complaints) {
  with->tasks = 4;
  loop.spawn(tell(with));
  loop.spawn(hear(with));
  loop.spawn(note(with, most_complaints));
  loop.spawn(watch(with));
}

Failed could_not(Error const& error) {
  return {.cause = Cause::start, .reason = describe(error), .next = error.next};
}

Failed ended_badly(End const& end) {
  if (!end.by_signal) return {.cause = Cause::exit, .reason = fmt::format("it ended with exit code {}", end.number)};
  char const* const name = ::sigabbrev_np(end.number);
  return {
      .cause = Cause::signal,
      .reason = name == nullptr ? fmt::format("signal {} ended it", end.number) : fmt::format("SIG{} ended it", name)};
}

}  // namespace

Runner::Runner(http::Loop& loop, Clock const& clock, Files& files, Surroundings surroundings, RunnerOptions options)
    : loop_(loop),
      clock_(clock),
      files_(files),
      surroundings_(std::move(surroundings)),
      options_(options),
      mask_([this] {
        std::vector<Secret> all;
        for (Secret const& secret : surroundings_.secrets) all.emplace_back(std::string(secret.reveal()));
        for (auto const& [hook, variables] : surroundings_.granted)
          for (auto const& [name, value] : variables) all.emplace_back(std::string(value.reveal()));
        return Mask(all);
      }()) {
  std::signal(SIGPIPE, SIG_IGN);
  // Who ignores it passes that on to us; then nobody would learn how a child ended.
  std::signal(SIGCHLD, SIG_DFL);
}

Runner::~Runner() = default;

void Runner::stop() {
  stopped_ = true;
  for (Conversation* const one : running_) one->changed.notify_all();
}

http::Gate& Runner::gate_of(Hook const& hook) {
  auto const places = static_cast<std::size_t>(std::max<std::int64_t>(1, hook.program.parallelism));
  return gates_.try_emplace(hook.name, loop_, places).first->second;
}

std::vector<std::string> Runner::environment_of(std::string const& hook) const {
  std::vector<std::string> all{"CPSCTL_HOOK=1"};
  for (auto const& [name, value] : surroundings_.environment) all.push_back(fmt::format("{}={}", name, value));
  auto const granted = surroundings_.granted.find(hook);
  if (granted == surroundings_.granted.end()) return all;
  for (auto const& [name, value] : granted->second) all.push_back(fmt::format("{}={}", name, value.reveal()));
  return all;
}

http::Task<Outcome> Runner::run(Hook hook, Request request) {
  http::Gate& gate = gate_of(hook);
  std::string const who = fmt::format("the {} {}", fields::word(hook.approved.kind), hook.name);
  co_await gate.enter();
  Outcome outcome = co_await converse(std::move(hook), std::move(request));
  gate.leave();
  if (auto* const failed = std::get_if<Failed>(&outcome))
    failed->reason = mask_(fmt::format("{} failed: {}", who, text::printable(failed->reason)));
  co_return outcome;
}

http::Task<Outcome> Runner::converse(Hook hook, Request request) {
  if (stopped_) co_return Failed{.cause = Cause::stopped, .reason = "it was not run: cpsctl ends"};
  auto const found = find_hook(hook.approved.kind, hook.name, hook.program, surroundings_.places, files_);
  if (!found) co_return could_not(found.error());
  if (found->approved.fingerprint() != hook.approved.fingerprint())
    co_return Failed{.cause = Cause::start,
                     .reason = fmt::format("{} is not what it was when this run began", hook.path),
                     .next = "plan again, so that what is run now can be approved"};
  auto started = Process::start({.path = found->path,
                                 .argv = hook.program.exec,
                                 .environment = environment_of(hook.name),
                                 .folder = surroundings_.places.folder});
  if (!started) co_return could_not(started.error());
  std::string const prefix = request.about.empty() ? hook.name : fmt::format("{}, for {}", hook.name, request.about);
  Complaints complaints(mask_, [prefix](std::string const& line) { log::info("{}: {}", prefix, line); });
  auto const with =
      std::make_shared<Conversation>(loop_, std::move(*started), std::move(request.text), std::move(complaints));
  running_.insert(with.get());
  begin(loop_, with, options_.most_complaints);

  SteadyTime const times_out = clock_.steady() + hook.program.timeout;
  bool const in_time = co_await wait_for_end(with, std::min(times_out, options_.deadline));
  if (!in_time && !with->cut_short && stopped_)
    with->cut_short = Failed{.cause = Cause::stopped, .reason = "it was ended: cpsctl ends"};
  if (!in_time && !with->cut_short && options_.deadline < times_out)
    with->cut_short = Failed{.cause = Cause::stopped, .reason = "it was ended: the run's deadline has come"};
  if (!in_time && !with->cut_short)
    with->cut_short = Failed{.cause = Cause::timeout,
                             .reason = fmt::format("it took longer than {}", duration_text(hook.program.timeout)),
                             .next = "look for what it waits for, or give it a longer timeout in the project file"};
  if (!with->end) co_await end(with);
  co_await part(with);
  running_.erase(with.get());
  co_return outcome_of(*with, hook, request);
}

/// True when it has ended by itself in time.
http::Task<bool> Runner::wait_for_end(std::shared_ptr<Conversation> with, SteadyTime until) {
  while (!with->end && !with->cut_short && !stopped_ && clock_.steady() < until) {
    bool const told = co_await with->changed.wait_until(until);
    static_cast<void>(told);
  }
  co_return with->end.has_value();
}

/// SIGTERM, SIGKILL.
http::Task<> Runner::end(std::shared_ptr<Conversation> with) {
  for (int const signal : {SIGTERM, SIGKILL}) {
    with->process.signal(signal);
    SteadyTime const until = clock_.steady() + options_.grace;
    while (!with->end && clock_.steady() < until) {
      bool const told = co_await with->changed.wait_until(until);
      static_cast<void>(told);
    }
  }
  if (!with->end) with->process.abandon();
}

/// Its children may hold its streams, and write for ever: they have a moment, then nobody listens, and they end, too.
http::Task<> Runner::part(std::shared_ptr<Conversation> with) {
  SteadyTime const until = clock_.steady() + options_.drain;
  while (!with->closed() && clock_.steady() < until) {
    bool const told = co_await with->changed.wait_until(until);
    static_cast<void>(told);
  }
  with->process.signal(SIGKILL);
  for (Conversation::Stream* const stream : {&with->input, &with->output, &with->errors, &with->life}) close(*stream);
  while (with->tasks > 0) co_await with->changed.wait();
  with->complaints.end();
}

Outcome Runner::outcome_of(Conversation const& with, Hook const& hook, Request const& request) const {
  std::optional<Failed> failed = with.cut_short;
  bool const answers =
      with.end && !with.end->by_signal && (with.end->number == exit_done || with.end->number == exit_later);
  if (!failed && !answers) failed = ended_badly(*with.end);
  if (failed) {
    if (std::string const last = with.complaints.last(); !last.empty())
      failed->reason += fmt::format("; it said last: {}", last);
    else if (failed->cause == Cause::exit)
      failed->reason += " and said nothing on stderr";
    return *failed;
  }
  Outcome outcome = read_answer(with.end->number, with.answer, request.id, request.repeats);
  if (auto const* const later = std::get_if<Later>(&outcome); later != nullptr && mask_.finds(later->reference))
    return Failed{.cause = Cause::answer,
                  .reason = "the reference in its answer holds a secret",
                  .next = fmt::format("let {} answer a reference that may be kept and shown", hook.name)};
  return outcome;
}

}  // namespace cpsctl::hooks
