#include "apply/snapshots.hpp"

#include "base/log.hpp"

#include <utility>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

constexpr int most_unused = 3;

Error too_slow(std::string const& contract) {
  return {
      .code = Errc::rate_limited,
      .message = fmt::format(
          "there is no time between a list of contract {} and a write, by the request limit or as it takes too long",
          contract),
      .next =
          "allow more than one request a minute (--rate, api.limits, api.reserve), or run cpsctl apply again when "
          "less is going on in the account"};
}

}  // namespace

Snapshots::Snapshots(Listings listings, cps::Reader& reader, http::Loop& loop, Clock const& clock, Duration oldest)
    : reader_(reader), loop_(loop), clock_(clock), oldest_(oldest) {
  replace(std::move(listings));
}

void Snapshots::replace(Listings listings) {
  for (auto& [scope, listing] : listings) {
    Contract& contract = contracts_[scope];
    contract.failure.reset();
    if (auto const taken = take(contract, std::move(listing)); !taken) contract.failure = taken.error();
  }
}

Result<> Snapshots::take(Contract& contract, cps::Listing listing) {
  CPS_TRY(auto const schema, schema::enrollment(listing.api_schema));
  auto kept = std::make_unique<cps::Listing>(std::move(listing));
  contract.index = std::make_unique<plan::Index>(*kept, *schema);
  contract.listing = std::move(kept);
  return {};
}

WallTime Snapshots::read(plan::Scope const& scope) const {
  auto const contract = contracts_.find(scope);
  return contract == contracts_.end() || !contract->second.listing ? WallTime() : contract->second.listing->begun;
}

http::Task<Result<>> Snapshots::refresh(plan::Scope const& scope) {
  Contract& contract = contracts_[scope];
  std::size_t const seen = contract.readings;
  // A list that was read since counts, however long the way of its answer was.
  while (!young(read(scope)) && contract.readings == seen) {
    if (contract.failure) co_return *contract.failure;
    if (contract.reading) {
      // Held by value: the reader forgets its event when it is done.
      auto const reading = contract.reading;
      co_await reading->wait();
      continue;
    }
    if (contract.unused >= most_unused) co_return too_slow(scope.second);
    contract.reading = std::make_shared<http::Event>(loop_);
    std::string const version = contract.listing ? contract.listing->api_schema : schema::enrollment_versions().front();
    auto listing = co_await reader_.list(scope.first, scope.second, version);
    std::shared_ptr<http::Event> const reading = std::exchange(contract.reading, nullptr);
    Result<> const taken = listing ? take(contract, std::move(*listing)) : Result<>(listing.error());
    if (taken) {
      ++contract.readings;
      ++contract.unused;
    } else {
      contract.failure = taken.error().within("listing contract " + scope.second + " again");
    }
    reading->notify_all();
    if (contract.failure) co_return *contract.failure;
    log::debug("contract {}: listed again, the last list was too old to write on", scope.second);
  }
  co_return Result<>();
}

cps::Live const* Snapshots::by_id(plan::Scope const& scope, std::int64_t id) const {
  auto const contract = contracts_.find(scope);
  return contract == contracts_.end() || !contract->second.index ? nullptr : contract->second.index->by_id(id);
}

std::vector<cps::Live const*> Snapshots::by_name(plan::Scope const& scope, std::string const& common_name) const {
  auto const contract = contracts_.find(scope);
  if (contract == contracts_.end() || !contract->second.index) return {};
  return contract->second.index->by_name(common_name);
}

}  // namespace cpsctl::apply
