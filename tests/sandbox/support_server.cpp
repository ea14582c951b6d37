#include "support_server.hpp"

#include <utility>

namespace cpsctl::sandbox::test {
namespace {

http::Task<Result<http::Response>> send_all(http::Client& client, std::vector<http::Request> requests,
                                            Answers& answers) {
  Result<http::Response> last = Error{};
  for (http::Request& request : requests) {
    http::SendOptions options;
    last = co_await client.send(std::move(request), options);
    answers.statuses.push_back(last ? last->status : 0);
    if (last) continue;
    answers.errors.push_back(last.error().code);
    answers.reached.push_back(last.error().reached);
    answers.texts.push_back(describe(last.error()));
  }
  client.close();
  co_return last;
}

}  // namespace

edgegrid::Credentials read_credentials(Server const& server) {
  auto const no_environment = [](std::string const&) { return std::optional<std::string>(); };
  auto read = edgegrid::load_credentials({.edgerc = server.edgerc()}, no_environment, system_files());
  return std::move(read.value());
}

http::Request signed_for(edgegrid::Credentials const& known, std::string method, std::string target, std::string body) {
  http::Request request{.method = std::move(method), .target = std::move(target)};
  request.body = std::move(body);
  edgegrid::SignedRequest const what{
      .method = request.method, .host = known.host, .target = request.target, .body = request.body};
  auto const now = std::chrono::floor<std::chrono::seconds>(system_clock().wall());
  request.headers = {
      {"Accept", "*/*"},
      {"Authorization", edgegrid::authorization(known, what, edgegrid::timestamp(now), system_random().uuid())}};
  if (!request.body.empty()) request.headers.push_back({"Content-Type", media_type("enrollment", 11)});
  return request;
}

Answers converse(Server const& server, std::vector<http::Request> requests, std::string ca_file) {
  http::Loop loop;
  http::ClientOptions options;
  options.endpoint = http::Endpoint::parse(server.authority()).value();
  options.ca_file = ca_file.empty() ? server.ca_file().string() : ca_file;
  auto client = http::Client::open(loop, options);
  REQUIRE(client);
  Answers answers;
  answers.last = loop.run(send_all(**client, std::move(requests), answers));
  return answers;
}

}  // namespace cpsctl::sandbox::test
