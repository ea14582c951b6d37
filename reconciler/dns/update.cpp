#include "dns/update.hpp"

#include "base/text.hpp"
#include "dns/wire.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t most_changes = 100;  ///< of the longest names and values: less than the 64 KB of a message

enum class TsigError : std::uint16_t { badsig = 16, badkey = 17, badtime = 18, badtrunc = 22 };

Error no_entry(std::string message, std::string next) {
  return {.code = Errc::unauthorized,
          .message = std::move(message),
          .next = std::move(next),
          .reached = Reached::yes,
          .lasting = true};
}

Error bad_time(Signature const& signature, std::string const& server, WallTime now) {
  std::string theirs;
  if (signature.other.size() == 6) {
    auto const here = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    auto const ahead = static_cast<std::int64_t>(wire::number(signature.other)) - here;
    theirs = fmt::format(": its clock is {} s {} this machine's", ahead < 0 ? -ahead : ahead,
                         ahead < 0 ? "behind" : "ahead of");
  }
  Error error =
      no_entry(fmt::format("{} says BADTIME{}", server, theirs), "set the clocks: they may differ by 300 s at most");
  error.lasting = false;
  return error;
}

Error tsig_error(Signature const& signature, Rfc2136 const& publisher, WallTime now) {
  std::string const server = publisher.server.text();
  std::string const key = publisher.key.name.shown();
  switch (static_cast<TsigError>(signature.error)) {
    case TsigError::badsig:
    case TsigError::badtrunc:
      return no_entry(fmt::format("{} says BADSIG: it has another secret for the key {}", server, key),
                      "give cpsctl the secret that the name server has for this key");
    case TsigError::badkey:
      return no_entry(fmt::format("{} says BADKEY: it has no key {}, or has it with another algorithm", server, key),
                      "compare the key's name and algorithm with those in the name server's configuration");
    case TsigError::badtime: return bad_time(signature, server, now);
  }
  return no_entry(fmt::format("{} refuses the signature (TSIG error {})", server, signature.error),
                  "look into the name server's log");
}

Error rcode_error(Message const& answer, Rfc2136 const& publisher) {
  std::string const server = publisher.server.text();
  std::string const zone = publisher.zone.shown();
  Error error{.code = Errc::refused,
              .message = fmt::format("{} answers the update of {} with {}", server, zone, word(answer.rcode)),
              .next = "look into the name server's log",
              .reached = Reached::yes};
  switch (answer.rcode) {
    case Rcode::refused:
      error =
          no_entry(error.message + (answer.signature ? ": the key may not do this" : ""),
                   fmt::format("let the key {} change these TXT records (update-policy, allow-update), and see that "
                               "this server is the zone's primary",
                               publisher.key.name.shown()));
      break;
    case Rcode::notauth:
    case Rcode::notzone:
      error.next = fmt::format("name the primary server of the zone, and the zone as it is cut there ({})", zone);
      error.lasting = true;
      break;
    case Rcode::servfail:
      error.code = Errc::unavailable;
      error.next = "see whether the name server has the zone loaded and can write its journal";
      break;
    case Rcode::notimp:
      error.next = "name a server that takes dynamic updates";
      error.lasting = true;
      break;
    case Rcode::noerror:
    case Rcode::formerr:
    case Rcode::nxdomain:
    case Rcode::yxdomain:
    case Rcode::yxrrset:
    case Rcode::nxrrset:
    case Rcode::badvers: break;
  }
  return error;
}

Result<> can_be_sent(Rfc2136 const& publisher, TxtChange const& change) {
  Error error{.code = Errc::usage};
  if (!change.owner.lies_in(publisher.zone))
    error.message = fmt::format("{} does not lie in the zone {}", change.owner.shown(), publisher.zone.shown());
  else if (change.value.empty() || change.value.size() > 255)
    error.message =
        fmt::format("the value for {} has {} bytes: a token has 1 to 255", change.owner.shown(), change.value.size());
  if (error.message.empty()) return {};
  return error;
}

}  // namespace

Result<> read_update_answer(std::string_view bytes, Rfc2136 const& publisher, std::string_view mac, WallTime now) {
  auto const answer = read_message(bytes);
  if (!answer) {
    Error error = answer.error();
    error.reached = Reached::unknown;
    return error;
  }
  if (answer->signature && answer->signature->error != 0) return tsig_error(*answer->signature, publisher, now);
  if (answer->rcode != Rcode::noerror) return rcode_error(*answer, publisher);
  auto const genuine = verify(bytes, *answer, publisher.key, mac, now);
  if (genuine) return {};
  Error error = genuine.error();
  error.reached = Reached::unknown;
  return error;
}

http::Task<Result<>> update(Network& network, Clock const& clock, Rfc2136 const& publisher,
                            std::vector<TxtChange> changes, SteadyTime deadline) {
  for (TxtChange const& change : changes) CPS_CO_CHECK(can_be_sent(publisher, change));
  std::string const step = fmt::format("updating {}", publisher.zone.shown());
  for (std::size_t from = 0; from < changes.size(); from += most_changes) {
    auto const begin = changes.begin() + static_cast<std::ptrdiff_t>(from);
    auto const count = std::min(most_changes, changes.size() - from);
    std::vector<TxtChange> const part(begin, begin + static_cast<std::ptrdiff_t>(count));
    auto const id = static_cast<std::uint16_t>(network.random.next() >> 48U);
    Signed const question = sign(update_message(publisher.zone, part, publisher.ttl, id), publisher.key, clock.wall());
    auto const answer = co_await exchange_tcp(network, publisher.server, question.bytes, deadline);
    if (!answer) co_return Error(answer.error()).within(step);
    auto const taken = read_update_answer(*answer, publisher, question.mac, clock.wall());
    if (!taken) co_return Error(taken.error()).within(step);
  }
  co_return Result<>();
}

}  // namespace cpsctl::dns
