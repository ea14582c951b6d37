#include "bench/workload.hpp"

#include "apply/apply.hpp"
#include "base/random.hpp"
#include "diff/three_way.hpp"
#include "edgegrid/signer.hpp"
#include "http/crew.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <linux/magic.h>
#include <stdexcept>
#include <sys/vfs.h>

#include <fmt/format.h>

namespace cpsctl::bench {
namespace {

constexpr char const* contract = "1-1TJZH5";

json::Ref document(std::size_t number) {
  std::string sans;
  for (int i = 0; i < 10; ++i) sans += fmt::format(R"(,"alternative-name-{}.site-{}.example.com")", i, number);
  std::string const person =
      R"({"firstName":"Ana","lastName":"Diaz","email":"ana.diaz@example.com","phone":"617-555-0111","title":"Engineer",
      "organizationName":"Example Corp","addressLineOne":"150 Broadway","city":"Cambridge","region":"MA","postalCode":"02142","country":"US"})";
  std::string const text = fmt::format(
      R"({{"ra":"lets-encrypt","validationType":"dv","certificateType":"san","changeManagement":false,"enableMultiStackedCertificates":false,
      "csr":{{"cn":"site-{0}.example.com","sans":["www.site-{0}.example.com"{1}],"c":"US","st":"MA","l":"Cambridge","o":"Example Corp","ou":"Web"}},
      "networkConfiguration":{{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,
      "mustHaveCiphers":"ak-akamai-2020q1","preferredCiphers":"ak-akamai-2020q1","ocspStapling":"on","dnsNameSettings":{{"cloneDnsNames":true}}}},
      "org":{{"name":"Example Corp","addressLineOne":"150 Broadway","city":"Cambridge","region":"MA","postalCode":"02142","country":"US","phone":"617-555-0111"}},
      "adminContact":{2},"techContact":{2}}})",
      number, sans, person);
  return json::share(json::parse(text, "a document").value());
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

[[noreturn]] void stop(std::string const& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

}  // namespace

void Run::take_best(Run const& other) {
  if (seconds == 0 || other.seconds < seconds) *this = other;
}

Workload::Workload(NullServer const& server, std::size_t creates, std::size_t most_in_flight)
    : host_(server.endpoint().authority()), credentials_(credentials()) {
  client_ =
      http::Client::open(
          loop_, {.endpoint = server.endpoint(), .ca_file = server.ca_file().string(), .connections = most_in_flight})
          .value();
  for (std::size_t i = 0; i < creates; ++i) {
    desired_.push_back({.name = fmt::format("site-{}", i),
                        .source = fmt::format("certificates/site-{}.yaml", i),
                        .contract = contract,
                        .enrollment = document(i)});
    bodies_.push_back(
        json::compact(diff::create_body(*desired_.back().enrollment, *schema::enrollment("v11").value())));
  }
}

edgegrid::Credentials Workload::credentials() const {
  return {.host = host_,
          .client_token = Secret("akab-client-token-of-a-benchmark"),
          .client_secret = Secret("secret-of-a-benchmark-that-is-as-long-as-one="),
          .access_token = Secret("akab-access-token-of-a-benchmark")};
}

template <class Work>
Run Workload::measured(std::size_t in_flight, Work work) {
  // Connections are made before, and are fresh enough for a write.
  loop_.run(send_all(in_flight, 4 * in_flight, false));
  double const cpu = cpu_seconds();
  auto const begun = std::chrono::steady_clock::now();
  work();
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begun;
  return {.seconds = took.count(), .cpu = cpu_seconds() - cpu};
}

http::Task<> Workload::send(std::string method, std::string body) {
  http::Request request{.method = std::move(method),
                        .target = fmt::format("/cps/v2/enrollments?contractId={}", contract),
                        .body = std::move(body)};
  auto const now = std::chrono::floor<std::chrono::seconds>(system_clock().wall());
  std::string authorization = edgegrid::authorization(
      credentials_, {.method = request.method, .host = host_, .target = request.target, .body = request.body},
      edgegrid::timestamp(now), system_random().uuid());
  request.headers.push_back({.name = "Authorization", .value = std::move(authorization)});
  request.headers.push_back({.name = "Accept", .value = "application/vnd.akamai.cps.enrollment-status.v1+json"});
  if (!request.body.empty())
    request.headers.push_back(
        {.name = "Content-Type", .value = "application/vnd.akamai.cps.enrollment.v11+json; charset=utf-8"});
  auto const response = co_await client_->send(std::move(request), {});
  if (!response) stop(describe(response.error()));
  if (response->status >= 300) stop(fmt::format("an answer of {}", response->status));
}

http::Task<bool> Workload::send_all(std::size_t in_flight, std::size_t count, bool creates) {
  std::function<http::Task<>(std::size_t)> const step = [this, creates](std::size_t i) {
    return send(creates ? "POST" : "GET", creates ? bodies_[i] : std::string());
  };
  std::function<bool()> const never = [] { return false; };
  co_await http::crew(loop_, in_flight, count, never, step);
  co_return true;
}

Run Workload::bare(std::size_t in_flight) {
  return measured(in_flight, [&] { loop_.run(send_all(in_flight, bodies_.size(), true)); });
}

Run Workload::apply(std::size_t in_flight, state::Store& store) {
  return measured(in_flight, [&] {
    cps::Session session(loop_, *client_, credentials(), system_clock(), system_random(), {.windows = {}});
    cps::Writer writer(session);
    plan::Inputs inputs{.desired = desired_, .paths = {"certificates"}, .now = system_clock().wall()};
    inputs.listings[{"", contract}] = loop_.run(writer.list("", contract, "v11")).value();
    auto const planned = plan::make_plan(inputs).value();
    apply::ApplyOptions options{.parallelism = in_flight};
    auto const done = loop_.run(
        apply::run(planned, std::move(inputs.listings), writer, loop_, store, system_clock(), std::move(options)));
    if (done.error) stop(describe(*done.error));
    for (apply::ItemResult const& item : done.items)
      if (item.outcome != apply::Outcome::done) stop(fmt::format("{}: {}", item.name, item.message));
    if (store.contents().entries.size() != bodies_.size()) stop("the state lacks an enrollment");
  });
}

StateFolder::StateFolder() {
  std::string pattern = (std::filesystem::current_path() / "bench-state-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string StateFolder::disk() {
  struct statfs where {};
  if (::statfs(path_.c_str(), &where) == 0 && where.f_type == TMPFS_MAGIC)
    return "the state is in memory here: run it in a folder on a disk";
  auto const file = system_files().append(path_ / "probe").value();
  std::string const line(3000, 'x');
  std::vector<double> took;
  for (int i = 0; i < 201; ++i) {
    auto const begun = std::chrono::steady_clock::now();
    if (!file->append(line) || !file->sync()) stop("cannot write a probe");
    took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count());
  }
  std::ranges::sort(took);
  return fmt::format("a synced line of 3 KB takes {:.0f} us on this disk, one in ten more than {:.0f} us",
                     took[took.size() / 2], took[took.size() * 9 / 10]);
}

}  // namespace cpsctl::bench
