#include "dns/edge.hpp"

#include "cps/problem.hpp"
#include "edgegrid/signer.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t most_alone = 2;       ///< more record sets than these are read, and written, together
constexpr std::size_t most_together = 50;   ///< in one change list: the longer it is, the likelier it gets stale
constexpr std::size_t longest_value = 255;  ///< of a token; what others write may be longer
constexpr Duration longest_lock_pause = std::chrono::seconds(10);
constexpr char const* json_type = "application/json";

std::string encoded(Name const& name) {
  return edgegrid::percent_encoded(name.shown());
}

std::string zone_path(Name const& zone) {
  return fmt::format("/zones/{}", encoded(zone));
}

std::string set_path(Name const& zone, Name const& name) {
  return fmt::format("{}/names/{}/types/TXT", zone_path(zone), encoded(name));
}

std::string list_path(Name const& zone, std::string_view what = {}) {
  return fmt::format("/changelists/{}{}", encoded(zone), what);
}

/// 409 says two things: that somebody is just writing to the zone, and that what is to be made is there.
bool is_locked(http::Response const& response) {
  return response.status == 409 && cps::parse_problem(409, response.body).slug == "concurrentZoneModification";
}

bool is_good(http::Response const& response) {
  return response.status >= 200 && response.status < 300;
}

/// The same error, with a next step that speaks of Edge DNS.
Error in_edge_words(Error error) {
  if (error.code == Errc::unauthorized)
    error.next = "the credentials need a grant for Edge DNS (read and write) and for the zone's contract";
  if (error.code == Errc::unavailable && error.reached == Reached::unknown)
    error.next = "Edge DNS has a problem of its own: run again later";
  if (error.code == Errc::rate_limited)
    error.next = "Edge DNS takes no more requests of this account for now: run again in a few minutes";
  if (error.code == Errc::not_found)
    error.next = "check that the zone exists at Edge DNS, in this account (account switch key)";
  return error;
}

Error refused(http::Response const& response, std::string const& what, Clock const& clock) {
  return in_edge_words(cps::to_error(response, what, clock.wall()));
}

/// May another look help? What others did meanwhile, and what may or may not have been written.
bool passes(Error const& error) {
  return error.code == Errc::conflict || error.reached == Reached::unknown;
}

Error unstable(Name const& name, Name const& zone, int looks) {
  return {.code = Errc::conflict,
          .message = fmt::format("{} is not as it was written, {} times: others write to the zone {}", name.shown(),
                                 looks, zone.shown()),
          .next = "see what else writes to this zone, and run again"};
}

Error locked_out(Name const& zone, int tries) {
  return {.code = Errc::unavailable,
          .message = fmt::format("the zone {} was being modified by others at {} tries", zone.shown(), tries),
          .next = "see what else writes to this zone, and run again"};
}

Result<> can_be_carried(EdgeZone const& where, TxtChange const& change) {
  Error error{.code = Errc::usage};
  if (!change.owner.lies_in(where.zone))
    error.message = fmt::format("{} does not lie in the zone {}", change.owner.shown(), where.zone.shown());
  else if (change.value.empty() || change.value.size() > longest_value)
    error.message =
        fmt::format("the value for {} has {} bytes: a token has 1 to 255", change.owner.shown(), change.value.size());
  if (error.message.empty()) return {};
  return error;
}

/// What became of a wish: `asked` is what all of them want, `failed` the names at which it could not be done.
Result<> result_of(EdgeZone const& where, TxtChange const& wish, std::map<Name, Wanted> const& asked,
                   std::map<Name, Error> const& failed) {
  CPS_CHECK(can_be_carried(where, wish));
  if (wish.kind == TxtChange::Kind::remove && asked.at(wish.owner).there.contains(wish.value))
    return Error{.code = Errc::conflict,
                 .message = fmt::format("the value at {} is wanted by another publication", wish.owner.shown())};
  auto const error = failed.find(wish.owner);
  return error == failed.end() ? Result<>() : error->second;
}

TxtSet const* find(TxtSets const& sets, Name const& name) {
  auto const found = sets.find(name);
  return found == sets.end() ? nullptr : &found->second;
}

/// The one request that makes a set what is wanted: its method, or its change in a list.
struct Move {
  std::string method = {};
  std::string op = {};
  TxtSet set = {};
};

Move move_of(TxtSet const* live, Wanted const& wanted, std::int64_t ttl) {
  auto next = merged(live, wanted, ttl);
  if (!next) return {.method = "DELETE", .op = "DELETE", .set = live != nullptr ? *live : TxtSet()};
  return {.method = live == nullptr ? "POST" : "PUT", .op = live == nullptr ? "ADD" : "EDIT", .set = std::move(*next)};
}

}  // namespace

cps::SessionOptions edge_session(cps::SessionOptions options) {
  options.base_path = "/config-dns/v2";
  options.service = "Edge DNS";
  options.windows = {{.requests = 10, .per = std::chrono::seconds(1)}};
  if (!options.ledger_folder.empty()) options.ledger_folder /= "edge-dns";
  return options;
}

/// The wishes of one caller.
struct EdgePublisher::Batch {
  std::vector<TxtChange> wishes = {};
  std::vector<Result<>> results = {};
  bool done = false;
};

/// Those who wait for one zone.
struct EdgePublisher::Line {
  explicit Line(http::Loop& loop) : moved(loop) {}
  std::vector<Batch*> waiting = {};
  bool busy = false;
  http::Event moved;
};

EdgePublisher::EdgePublisher(http::Loop& loop, cps::Session& session, Random& random, EdgeOptions options)
    : loop_(loop), session_(session), random_(random), options_(options) {}

EdgePublisher::~EdgePublisher() = default;

EdgePublisher::Line& EdgePublisher::line_of(EdgeZone const& where) {
  auto& line = lines_[where];
  if (!line) line = std::make_unique<Line>(loop_);
  return *line;
}

http::Task<std::vector<Result<>>> EdgePublisher::carry(EdgeZone where, std::vector<TxtChange> wishes) {
  Batch mine{.wishes = std::move(wishes)};
  Line& line = line_of(where);
  line.waiting.push_back(&mine);
  // Whoever is about to wish something of this zone comes along.
  bool const rested = co_await loop_.sleep_until(session_.clock().steady());
  static_cast<void>(rested);
  while (!mine.done) {
    if (line.busy) {
      co_await line.moved.wait();
      continue;
    }
    line.busy = true;
    auto const batches = std::exchange(line.waiting, {});
    co_await serve(where, batches);
    line.busy = false;
    line.moved.notify_all();
  }
  co_return std::move(mine.results);
}

/// Carries the wishes of all batches, and tells each what became of its own.
http::Task<> EdgePublisher::serve(EdgeZone where, std::vector<Batch*> batches) {
  std::map<Name, Wanted> asked;
  for (Batch const* const batch : batches)
    for (TxtChange const& wish : batch->wishes) {
      if (!can_be_carried(where, wish)) continue;
      Wanted& wanted = asked[wish.owner];
      (wish.kind == TxtChange::Kind::add ? wanted.there : wanted.gone).insert(wish.value);
    }
  std::map<Name, Error> failed;
  std::optional<Error> hopeless;
  Work work{.where = where};
  for (auto name = asked.begin(); name != asked.end();) {
    Wanted wanted = name->second;
    // What one publication withdraws, another may need: it stays.
    std::erase_if(wanted.gone, [&there = wanted.there](std::string const& value) { return there.contains(value); });
    work.open.emplace(name->first, std::move(wanted));
    ++name;
    if (work.open.size() < most_together && name != asked.end()) continue;
    if (!hopeless) hopeless = co_await settle(work);
    if (hopeless)
      for (auto const& [open, unused] : work.open) failed.insert_or_assign(open, *hopeless);
    if (hopeless && passes(*hopeless)) hopeless.reset();
    failed.merge(work.failed);
    work = {.where = where};
  }
  for (Batch* const batch : batches) {
    for (TxtChange const& wish : batch->wishes) batch->results.push_back(result_of(where, wish, asked, failed));
    batch->done = true;
  }
}

/// Reads and writes in turn until a read shows everything as it is wanted.
http::Task<std::optional<Error>> EdgePublisher::settle(Work& work) {
  std::optional<Error> last;
  for (int looks = 0; looks <= options_.looks && !work.open.empty(); ++looks) {
    auto live = co_await read(work);
    if (!live) co_return live.error();
    std::erase_if(work.open, [&](auto const& one) { return holds(find(*live, one.first), one.second); });
    if (work.open.empty() || looks == options_.looks) break;
    auto const written = co_await write(work, std::move(*live));
    last = written ? std::nullopt : std::optional(written.error());
    if (last && !passes(*last)) co_return *last;
  }
  if (work.open.empty()) co_return std::nullopt;
  co_return last ? *last : unstable(work.open.begin()->first, work.where.zone, options_.looks);
}

http::Task<Result<>> EdgePublisher::write(Work& work, TxtSets live) {
  bool const all_new = std::ranges::none_of(work.open, [&](auto const& one) { return live.contains(one.first); });
  if (all_new && work.open.size() <= most_alone) {
    auto const made = co_await write_alone(work, std::move(live));
    co_return made;
  }
  auto const written = co_await write_together(work, std::move(live));
  co_return written;
}

/// A request for each set.
http::Task<Result<>> EdgePublisher::write_alone(Work& work, TxtSets live) {
  std::optional<Error> last;
  auto const open = work.open;
  for (auto const& [name, wanted] : open) {
    Move const move = move_of(find(live, name), wanted, options_.ttl);
    Ask ask{.method = move.method, .path = set_path(work.where.zone, name)};
    std::string const what = fmt::format("{} {}", ask.method, ask.path);
    if (move.method != "DELETE") ask.body = record_set_body(name, move.set);
    auto const response = co_await send(work.where, std::move(ask));
    if (!response) {
      last = response.error();
      if (!passes(*last)) co_return *last;
      continue;
    }
    // There is no set any more: 404 for DELETE, 400 for PUT. 404 for POST: there is no such zone.
    bool const moved_on =
        (response->status == 404 && move.method == "DELETE") || (response->status == 400 && move.method == "PUT");
    if (is_good(*response)) continue;
    Error error = refused(*response, what, session_.clock());
    if (moved_on) error.code = Errc::conflict;
    last = error;
    if (passes(error)) continue;
    work.failed.insert_or_assign(name, std::move(error));
    work.open.erase(name);
  }
  if (last && passes(*last)) co_return *last;
  co_return Result<>();
}

/// One change list, for which everything is read again once it is there: it is refused when others have written since.
http::Task<Result<>> EdgePublisher::write_together(Work& work, TxtSets live) {
  Name const zone = work.where.zone;
  Ask create{.method = "POST", .path = "/changelists", .query = {{"zone", zone.shown()}, {"overwrite", "stale"}}};
  auto const created = co_await send(work.where, std::move(create));
  if (!created) co_return created.error();
  bool const taken = created->status == 409 && !is_locked(*created);
  if (taken) {
    auto const alone = co_await write_alone(work, std::move(live));
    co_return alone;
  }
  if (!is_good(*created)) co_return refused(*created, "POST /changelists", session_.clock());
  auto const filled = co_await fill_list(work);
  if (filled) co_return filled;
  // What is left open would be in the way of whoever comes next.
  Ask discard{.method = "DELETE", .path = list_path(zone)};
  auto const discarded = co_await send(work.where, std::move(discard));
  static_cast<void>(discarded);
  co_return filled;
}

http::Task<Result<>> EdgePublisher::fill_list(Work& work) {
  CPS_CO_TRY(TxtSets const live, co_await read(work));
  Name const zone = work.where.zone;
  auto const open = work.open;
  std::size_t changes = 0;
  for (auto const& [name, wanted] : open) {
    TxtSet const* const set = find(live, name);
    if (holds(set, wanted)) continue;
    Move const move = move_of(set, wanted, options_.ttl);
    Ask add{.method = "POST", .path = list_path(zone, "/recordsets/add-change")};
    std::string const what = fmt::format("{} {} of {}", move.op, add.path, name.shown());
    add.body = record_set_body(name, move.set, move.op);
    auto const added = co_await send(work.where, std::move(add));
    if (!added) co_return added.error();
    changes += is_good(*added) ? 1U : 0U;
    if (is_good(*added)) continue;
    Error error = refused(*added, what, session_.clock());
    if (passes(error)) co_return error;
    work.failed.insert_or_assign(name, std::move(error));
    work.open.erase(name);
  }
  if (changes == 0)
    co_return Error{.code = Errc::conflict, .message = fmt::format("nothing is left to change in {}", zone.shown())};
  Ask submit{.method = "POST", .path = list_path(zone, "/submit")};
  std::string const what = "POST " + submit.path;
  auto const submitted = co_await send(work.where, std::move(submit));
  if (!submitted) co_return submitted.error();
  if (is_good(*submitted)) co_return Result<>();
  co_return refused(*submitted, what, session_.clock());
}

http::Task<Result<TxtSets>> EdgePublisher::read(Work const& work) {
  Name const zone = work.where.zone;
  std::vector<Name> names;
  for (auto const& [name, wanted] : work.open) names.push_back(name);
  if (names.size() > most_alone) {
    std::string const path = zone_path(zone) + "/recordsets";
    Ask all{.path = path, .query = {{"types", "TXT"}, {"showAll", "true"}}};
    auto const response = co_await send(work.where, std::move(all));
    if (!response) co_return response.error();
    if (is_good(*response)) co_return read_record_sets(response->body, zone);
    co_return refused(*response, "GET " + path, session_.clock());
  }
  TxtSets sets;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string const path = set_path(zone, names[i]);
    Ask one{.path = path};
    auto const response = co_await send(work.where, std::move(one));
    if (!response) co_return response.error();
    if (response->status == 404) continue;
    if (!is_good(*response)) co_return refused(*response, "GET " + path, session_.clock());
    CPS_CO_TRY(TxtSet set, read_record_set(response->body, names[i]));
    sets.emplace(names[i], std::move(set));
  }
  co_return sets;
}

/// One request, sent again as it is while others write to the zone. 400, 404 and 409 are answers.
http::Task<Result<http::Response>> EdgePublisher::send(EdgeZone where, Ask ask) {
  bool const reads = ask.method == "GET";
  Duration pause = options_.lock_pause;
  for (int tries = 1;; ++tries) {
    cps::Call call{.method = ask.method,
                   .path = ask.path,
                   .query = ask.query,
                   .account_key = where.account_key,
                   .accept = json_type,
                   .content_type = ask.body.empty() ? "" : json_type,
                   .body = ask.body,
                   .repeat = reads ? cps::Repeat::freely : cps::Repeat::after_refusal,
                   .answers = {400, 404, 409},
                   .subject = where.zone.shown()};
    auto response = co_await session_.send(std::move(call));
    if (!response) co_return in_edge_words(response.error());
    if (!is_locked(*response)) co_return response;
    auto const now = session_.clock().steady();
    auto const wait = std::chrono::duration_cast<Duration>(pause * (0.5 + random_.unit()));
    bool const late = now + wait >= session_.options().deadline;
    if (late || tries == options_.lock_tries) co_return locked_out(where.zone, tries);
    pause = std::min(pause * 2, longest_lock_pause);
    bool const slept = co_await loop_.sleep_until(now + wait);
    if (!slept)
      co_return Error{.code = Errc::cancelled, .message = "the wait for " + where.zone.shown() + " was ended"};
  }
}

http::Task<Result<EdgeZone>> EdgePublisher::find_zone(std::string account_key, Name name) {
  auto const known = zones_.find({account_key, name});
  if (known != zones_.end()) co_return EdgeZone{.account_key = account_key, .zone = known->second};
  // Not asked for: what has no dot is no zone of ours.
  for (Name zone = name; !zone.is_root() && !zone.parent().is_root(); zone = zone.parent()) {
    EdgeZone const candidate{.account_key = account_key, .zone = zone};
    Ask ask{.path = zone_path(zone)};
    auto const response = co_await send(candidate, std::move(ask));
    if (!response) co_return response.error();
    if (is_good(*response)) {
      zones_.emplace(std::pair(account_key, name), zone);
      co_return candidate;
    }
    if (response->status != 404) co_return refused(*response, "GET " + zone_path(zone), session_.clock());
  }
  co_return Error{.code = Errc::not_found,
                  .message = fmt::format("no zone of Edge DNS in this account has {}", name.shown()),
                  .next = "name the publisher's zones in the project file, and check the account (account switch key)"};
}

}  // namespace cpsctl::dns
