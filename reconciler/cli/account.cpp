#include "cli/account.hpp"

#include "cli/manifests.hpp"
#include "plan/turns.hpp"
#include "plan/watch.hpp"

#include <fmt/format.h>

namespace cpsctl::cli {

Result<> Account::read_settings() {
  CPS_TRY(settings_, make_settings(options_, world_));
  return {};
}

Result<manifest::Loaded> Account::read_manifests(Manifests manifests) {
  CPS_CHECK(read_settings());
  auto paths = manifest_paths(options_, settings_.project, world_);
  if (!paths && manifests == Manifests::if_any && paths.error().code == Errc::usage) return manifest::Loaded{};
  CPS_TRY(settings_.paths, std::move(paths));
  return cli::read_manifests(settings_, options_.global, world_);
}

Result<> Account::connect() {
  CPS_TRY(connection_, cli::connect(options_, settings_, world_));
  return {};
}

Result<> Account::look() {
  CPS_TRY(contents_, read_state(settings_, connection_->realm, world_, contents_.notes));
  watch();
  return {};
}

Result<> Account::open(std::string const& command) {
  CPS_TRY(writing_, begin_writing(command, connection_->realm, connection_->host, settings_, world_, &signals_));
  watch();
  return {};
}

void Account::watch() {
  handler_.emplace(signals_, [this] {
    connection_->loop->post([this] {
      writes_ ? connection_->session->stop_waiting() : connection_->session->cancel();
      if (signing_) signing_->stop();
      if (publishing_) publishing_->stop();
    });
  });
}

Result<> Account::rest() {
  if (!writing_) return {};
  auto const saved = writing_->store->save();
  contents_ = writing_->store->contents();
  writing_.reset();
  return saved;
}

plan::Inputs Account::inputs(manifest::Loaded manifests) const {
  // Who approves a plan sees that values come from where no review reaches.
  std::vector<std::string> unusual = settings_.unusual;
  for (std::string const& name : manifests.variables) unusual.push_back(fmt::format("${{env:{}}} used", name));
  auto const slowest = cps::slowest(settings_.windows);
  std::optional<lifecycle::Budget> budget;
  if (slowest) budget = {.requests = slowest->requests, .per = slowest->per};
  return {.desired = std::move(manifests.desired),
          .paths = std::move(manifests.paths),
          .entries = contents().entries,
          .open_intents = contents().open_intents,
          .publications = contents().publications,
          .default_account = connection_->default_account,
          .realm = connection_->realm,
          .serial = contents().serial,
          .now = world_.clock.wall(),
          .settle = settings_.settle,
          .budget = budget,
          .selection = settings_.selection,
          .consent = settings_.consent,
          .settings = std::move(unusual)};
}

bool Account::pause(SteadyTime until) {
  return connection_->loop->run(sleep(until));
}

http::Task<bool> Account::sleep(SteadyTime until) {
  // One that comes after this wakes the sleeper: the handler's work waits for this thread.
  if (signals_.received() != 0) co_return false;
  bool const time_came = co_await connection_->loop->sleep_until(until);
  co_return time_came;
}

Result<plan::Inputs> Account::ask(plan::Inputs known) {
  cps::Reader const reader(*connection_->session);
  return connection_->loop->run(read_account(reader, *connection_, std::move(known)));
}

Result<> Account::note(plan::Inputs const& inputs, plan::Plan const& plan) {
  return record(plan::news_of(inputs, plan::next_turns(inputs, plan.looks)));
}

Result<> Account::record(std::vector<state::Record> records) {
  CPS_CHECK(writing_->store->write_all(std::move(records)));
  return {};
}

Result<Publishing*> Account::publishing() {
  if (!publishing_) {
    CPS_TRY(publishing_, Publishing::of(options_.global, settings_, *connection_, world_));
  }
  return publishing_.get();
}

apply::ApplyResult Account::carry_out(plan::Plan const& plan, plan::PlanView const& seen, apply::Listings listings,
                                      PlanAgain plan_again, Progress progress) {
  writes_ = true;
  apply::ApplyOptions apply{.parallelism = settings_.parallelism,
                            .deadline = settings_.deadline,
                            .settle = settings_.settle,
                            .create_spacing = settings_.create_spacing,
                            .plan_again = std::move(plan_again),
                            .stop = [this] { return signals_.received() != 0; }};
  if (!signing_) {  // else from an earlier round
    auto signing = Signing::of(settings_, *connection_, world_);
    if (!signing) return apply::ApplyResult{.error = signing.error()};
    signing_ = std::move(*signing);
  }
  auto const publishers = publishing();
  if (!publishers) return apply::ApplyResult{.error = publishers.error()};
  apply.publishers = *publishers;
  apply.certify = [this](plan::Item const& item, lifecycle::Uploads const& wanted, apply::PutOff before) {
    return signing_->certify(item, wanted, std::move(before));
  };
  if (progress == Progress::shown) apply.progress = progress_of(seen, *connection_, options_.global, world_);
  cps::Writer writer(*connection_->session);
  return connection_->loop->run(apply::run(plan, std::move(listings), writer, *connection_->loop, *writing_->store,
                                           world_.clock, std::move(apply)));
}

report::Cost Account::cost_of(plan::PlanView const& plan) const {
  report::Cost cost{.used = connection_->session->requests(),
                    .to_apply = static_cast<std::size_t>(plan.requests_to_apply),
                    .credentials = connection_->credentials};
  if (plan.items.empty() && plan.summary == plan::Summary{} && !contents().entries.empty()) {
    cost.outside = contents().entries.size();
    cost.outside_example = contents().entries.begin()->second.source;
  }
  auto const slowest = cps::slowest(settings_.windows);
  if (slowest && plan.requests_to_apply > 0) {
    cps::Requests const by_account = requests_to_apply(plan);
    cost.estimate = connection_->session->estimate(by_account);
    cost.limit = cps::window_text(*slowest);
    if (by_account.size() > 1 && settings_.budget_group.empty())
      cost.limit += fmt::format(" for each of {} accounts", by_account.size());
  }
  return cost;
}

Exit on_account(Options const& options, World& world, std::function<Result<Exit>(Account&)> const& work) {
  Account account(options, world);
  auto const exit = work(account);
  return exit ? *exit : account.signals().exit_or(fail(exit.error(), options.global, world));
}

}  // namespace cpsctl::cli
