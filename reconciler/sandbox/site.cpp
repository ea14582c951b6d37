#include "sandbox/site.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "sandbox/fault_answers.hpp"

#include <utility>

#include <boost/describe.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

/// A line of requests.log. Authorization is not in it, and no body.
struct RequestRecord {
  std::string time = {};
  std::string method = {};  ///< empty: a connection that ended before its first request
  std::string target = {};
  int status = 0;
  std::string account = {};
  std::string content_type = {};
  std::string accept = {};
  std::string refused = {};  ///< why; empty when it was carried out
  std::vector<std::string> notes = {};
  std::string fault = {};  ///< what hit it on purpose; empty: nothing
};
BOOST_DESCRIBE_STRUCT(RequestRecord, (),
                      (time, method, target, status, account, content_type, accept, refused, notes, fault))

/// What CPS did not care about is worth a line in the log, but bytes that are not text are not.
std::string logged(std::string_view text) {
  return text::printable(text::shortened(text::invalid_utf8(text) ? "(not UTF-8)" : text, 2000));
}

std::string readable(RequestRecord const& record) {
  std::string line =
      record.method.empty() ? "a connection" : fmt::format("{} {} {}", record.method, record.target, record.status);
  if (!record.refused.empty()) line += fmt::format(" refused: {}", record.refused);
  if (!record.fault.empty() && !record.refused.starts_with("fault: "))
    line += fmt::format(" (fault: {})", record.fault);
  if (!record.notes.empty()) line += fmt::format(" (let pass: {})", fmt::join(record.notes, "; "));
  return line;
}

Allowance allowance_of(Target const& target) {
  return target.path == active_certificates_path ? Allowance::active_certificates : Allowance::usual;
}

}  // namespace

std::string account_of(Target const* target) {
  auto key = target == nullptr ? std::nullopt : target->parameter("accountSwitchKey");
  return key && !key->empty() ? std::move(*key) : "own";
}

Site::Site(SiteOptions options, edgegrid::Credentials credentials, std::unique_ptr<Store> store,
           std::unique_ptr<Appender> requests_log, Clock const& clock, Random& random)
    : options_(std::move(options)),
      store_(std::move(store)),
      requests_log_(std::move(requests_log)),
      clock_(clock),
      random_(random),
      gateway_(std::move(credentials), random),
      meter_(options_.behaviour.limits),
      service_(options_.behaviour, *store_, random),
      edge_dns_(options_.behaviour, *store_, random),
      faults_(options_.behaviour.faults, options_.behaviour.fault_seed) {
  auto const kept = forward(options_.behaviour.forward);
  if (!kept && options_.log) options_.log("the sandbox's time: " + describe(kept.error()));
}

Result<> Site::forward(Duration time) {
  auto timeline = continued(store_->timeline(), clock_.wall(), options_.behaviour.speed, time);
  return timeline ? store_->set_timeline(std::move(*timeline)) : Result<>();
}

WallTime Site::shown_now() const {
  return shown_at(store_->timeline(), clock_.wall());
}

bool Site::look_is_due() const {
  return options_.behaviour.tokens == Tokens::checked && service_.look_is_due(shown_now());
}

std::vector<Probe> Site::looks() {
  if (options_.behaviour.tokens == Tokens::believed) return {};
  auto probes = service_.looks(shown_now());
  if (probes) return std::move(*probes);
  if (options_.log) options_.log("looking for tokens: " + describe(probes.error()));
  return {};
}

void Site::take(std::vector<Sight> const& sights) {
  auto const kept = service_.take(sights, shown_now());
  if (!kept && options_.log) options_.log("looking for tokens: " + describe(kept.error()));
  if (!options_.log) return;
  for (Sight const& sight : sights)
    options_.log(fmt::format("looked for the tokens of {}: {}", sight.probe.name, fields::word(sight.found)));
}

Mishap Site::mishap_of(Request const& request) {
  return faults_.hit(request.method, std::string_view(request.target).substr(0, request.target.find('?')));
}

Mishap Site::mishap_of_connection() {
  Mishap mishap = faults_.hit_connection();
  if (mishap.empty()) return mishap;
  Response const none{.status = 0, .refused = "fault: " + describe(mishap), .fault = describe(mishap)};
  record(Request{.method = "", .target = ""}, none, "");
  return mishap;
}

Response Site::answer(Request const& request, Mishap const& mishap) {
  auto const target = parse_target(request.target);
  std::string const account = account_of(target ? &*target : nullptr);
  WallTime const now = clock_.wall();
  auto out_of_turn = answer_instead(mishap, request, now, random_);
  Fault const* const skewed = find(mishap, Effect::skew);
  Duration const skew = skewed != nullptr ? skewed->time : Duration::zero();
  Response response =
      out_of_turn ? std::move(*out_of_turn) : decide(request, target ? &*target : nullptr, account, skew);
  if (!mishap.empty()) response = spoiled(mishap, std::move(response), request, now, random_);
  record(request, response, account);
  return response;
}

Response Site::decide(Request const& request, Target const* target, std::string const& account, Duration skew) {
  WallTime const now = clock_.wall();
  if (auto refused = gateway_.refuse(request, now + skew)) return std::move(*refused);
  std::string const authority(request.header("Host"));
  if (target == nullptr)
    return cps_problem({.status = 400,
                        .slug = "invalid-parameter",
                        .title = "Invalid parameter",
                        .detail = "the path or the query is not percent-encoded text"},
                       authority, random_);
  bool const edge = is_edge_dns(*target);
  if (options_.behaviour.real_limits && !edge)  // another service, whose limit nobody has published
    if (auto const excess = meter_.admit(account, allowance_of(*target), clock_.steady()))
      return quota_problem(excess->wait, excess->limit, now);
  WallTime const shown = shown_at(store_->timeline(), now);
  Call call{.request = request, .target = *target, .account = account, .authority = authority, .now = shown};
  Response response = edge ? edge_dns_.answer(call, clock_.steady()) : service_.answer(std::move(call));
  response.delivery.skew = shown - now;  // CPS's answers have CPS's Date
  return response;
}

void Site::record(Request const& request, Response const& response, std::string const& account) {
  RequestRecord line{.time = timestamp(clock_.wall()),
                     .method = logged(request.method),
                     .target = logged(request.target),
                     .status = response.status,
                     .account = logged(account),
                     .content_type = logged(request.header("Content-Type")),
                     .accept = logged(request.header("Accept")),
                     .refused = logged(response.refused),
                     .fault = response.fault};
  for (std::string const& note : response.notes) line.notes.push_back(logged(note));
  json::Document document;
  json::Value const fields = fields::to_json(line, document.GetAllocator());
  auto const written = requests_log_->append(json::compact(fields) + '\n');
  if (!options_.log) return;
  options_.log(readable(line));
  if (!written) options_.log("requests.log: " + describe(written.error()));
}

}  // namespace cpsctl::sandbox
