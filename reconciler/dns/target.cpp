#include "dns/target.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t most_aliases = 16;

Error no_end(Target const& target, std::string_view why) {
  return {.code = Errc::conflict,
          .message = fmt::format("the CNAMEs {}: {}", why, way(target)),
          .next = "set the CNAME to a name that ends in a zone which the publisher may write",
          .lasting = true};
}

}  // namespace

std::string way(Target const& target) {
  std::string out;
  for (Name const& alias : target.aliases) out += alias.shown() + " -> ";
  return out + target.name.shown();
}

http::Task<Result<Target>> follow(Network& network, Name name, SteadyTime deadline) {
  Target target{.name = std::move(name)};
  for (;;) {
    // The CNAME alone is asked for: a question for the TXT record would leave "there is none" in the resolver's cache.
    auto const answer = co_await ask_resolvers(network, target.name, Type::cname, deadline);
    std::string const step = "following the CNAMEs of " + target.name.shown();
    if (!answer) co_return Error(answer.error()).within(step);
    if (answer->rcode != Rcode::noerror && answer->rcode != Rcode::nxdomain) {
      Error const failed{.code = Errc::unavailable,
                         .message = fmt::format("the resolver answers {}", word(answer->rcode)),
                         .next = "check that the zone's name servers work, or name another resolver"};
      co_return Error(failed).within(step);
    }
    auto const next = std::ranges::find_if(
        answer->answers, [&target](Record const& one) { return one.type == Type::cname && one.owner == target.name; });
    if (next == answer->answers.end()) co_return target;
    target.aliases.push_back(target.name);
    target.name = std::get<Pointer>(next->data).to;
    if (std::ranges::find(target.aliases, target.name) != target.aliases.end())
      co_return no_end(target, "go in a circle");
    if (target.aliases.size() > most_aliases) co_return no_end(target, "are too many");
  }
}

}  // namespace cpsctl::dns
