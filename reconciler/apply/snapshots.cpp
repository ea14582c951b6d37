#include "apply/snapshots.hpp"

#include "base/log.hpp"

#include <utility>

namespace cpsctl::apply {

Snapshots::Snapshots(Listings listings, cps::Reader& reader, http::Loop& loop, Clock const& clock, Duration oldest)
    : reader_(reader), loop_(loop), clock_(clock), oldest_(oldest) {
  replace(std::move(listings));
}

void Snapshots::replace(Listings listings) {
  for (auto& [scope, listing] : listings) static_cast<void>(take(contracts_[scope], std::move(listing)));
}

Result<> Snapshots::take(Contract& contract, cps::Listing listing) {
  CPS_TRY(auto const schema, schema::enrollment(listing.api_schema));
  auto kept = std::make_unique<cps::Listing>(std::move(listing));
  contract.index = std::make_unique<plan::Index>(*kept, *schema);
  contract.listing = std::move(kept);
  return {};
}

bool Snapshots::fresh(plan::Scope const& scope) const {
  auto const contract = contracts_.find(scope);
  if (contract == contracts_.end() || !contract->second.listing) return false;
  return clock_.wall() - contract->second.listing->begun <= oldest_;
}

http::Task<Result<>> Snapshots::refresh(plan::Scope const& scope) {
  Contract& contract = contracts_[scope];
  std::size_t const seen = contract.readings;
  // A list that was read since counts, however long the way of its answer was.
  while (!fresh(scope) && contract.readings == seen) {
    if (contract.reading) {
      // Held by value: the reader forgets its event when it is done.
      auto const reading = contract.reading;
      co_await reading->wait();
      continue;
    }
    contract.reading = std::make_shared<http::Event>(loop_);
    std::string const version = contract.listing ? contract.listing->api_schema : "v11";
    auto listing = co_await reader_.list(scope.first, scope.second, version);
    std::shared_ptr<http::Event> const reading = std::exchange(contract.reading, nullptr);
    Result<> const taken = listing ? take(contract, std::move(*listing)) : Result<>(listing.error());
    if (taken) ++contract.readings;
    reading->notify_all();
    if (!taken) co_return taken.error().within("listing contract " + scope.second + " again");
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
