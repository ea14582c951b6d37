#include "attack/attack.hpp"
#include "http/server.hpp"

#include <filesystem>
#include <fstream>

/// A CPS, or somebody in its place, that answers what it should not.
namespace {

using namespace attack;
namespace wire = cpsctl::http::testing;

std::string enrollment(std::int64_t id, std::string const& more = {}, std::string const& pending = {}) {
  return fmt::format(
      R"({{"id":{0},"location":"/cps/v2/enrollments/{0}","validationType":"third-party","ra":"third-party",)"
      R"("certificateType":"third-party","csr":{{"cn":"other{0}.example.com","sans":[]}},"pendingChanges":[{2}]{1}}})",
      id, more, pending);
}

std::string answer(std::string const& status, std::string const& body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

/// A server in CPS's place: `list` to every list; to all else what stands beside the first ending that the request's
/// path has, or `rest`.
struct Impostor : Job {
  wire::Identity authority;
  wire::Identity identity;
  std::string ca;
  std::unique_ptr<wire::Server> server;

  using Answers = std::vector<std::pair<std::string, std::string>>;

  Impostor(std::string list, std::string rest, Answers answers = {}) {
    wire::make_identity(authority, {.authority = true});
    wire::make_identity(identity, {.alternative_names = "DNS:localhost", .issuer = &authority});
    ca = wire::write_pem(authority, folder() / "impostor.pem");
    answers.emplace_back("/cps/v2/enrollments", answer("200 OK", list));
    auto const play = [answers = std::move(answers), rest = std::move(rest)](wire::Peer& peer) {
      for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
        std::string const path = request.substr(0, request.find_first_of("? ", request.find('/')));
        auto const found = std::ranges::find_if(
            answers, [&](auto const& one) { return path.starts_with("GET ") && path.ends_with(one.first); });
        if (!peer.write(found == answers.end() ? rest : found->second)) return;
      }
    };
    server =
        std::make_unique<wire::Server>(wire::ServerOptions{.identity = &identity}, std::vector<wire::Script>{play});
    std::ofstream(folder() / "edgerc") << fmt::format(
        "[default]\nhost = localhost:{}\nclient_token = {}\nclient_secret = {}\naccess_token = {}\n", server->port(),
        secret("client_token"), secret("client_secret"), secret("access_token"));
  }
  Run to_it(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--deadline", "3s", "--timeout", "2s"});
    std::vector<std::string> const there{"--edgerc", (folder() / "edgerc").string(), "--ca-file", ca};
    arguments.insert(arguments.end(), there.begin(), there.end());
    return checked(std::move(arguments), {});
  }
  bool in_state(std::int64_t id) const {
    auto const file = repo() / ".cpsctl/state.json";
    return std::filesystem::exists(file) && program::read(file).find(fmt::format("\"id\":{}", id)) != std::string::npos;
  }
};

}  // namespace

TEST_CASE(
    "answers: a create that is answered with an enrollment known before is in doubt, and stays out of the state") {
  Impostor const cps(R"({"enrollments":[)" + enrollment(7) + "]}",
                     answer("202 Accepted", R"({"enrollment":"/cps/v2/enrollments/7","changes":[]})"));
  Run const run = cps.to_it({"apply", "--yes"});
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(says(run, "which existed before"));
  CHECK_FALSE(cps.in_state(7));
}

TEST_CASE("answers: lists that contradict themselves are refused, and nothing is written") {
  std::vector<std::string> const lists{
      R"({"enrollments":[)" + enrollment(7) + "," + enrollment(7) + "]}",
      R"({"enrollments":[{"id":7,"location":"/cps/v2/enrollments/8","csr":{"cn":"a.example"}}]})",
      R"({"enrollments":[{"id":-7,"location":"/cps/v2/enrollments/8","csr":{"cn":"a.example"}}]})"};
  for (std::string const& list : lists) {
    CAPTURE(list);
    Impostor const cps(list, answer("202 Accepted", "{}"));
    Run const run = cps.to_it({"apply", "--yes"});
    INFO(run.out, run.err);
    CHECK((run.exit == 69 || run.exit == 75));
    CHECK_FALSE(std::filesystem::exists(cps.repo() / ".cpsctl/state.json"));
  }
}

TEST_CASE("answers: what CPS says steers neither terminal nor CI system") {
  std::string const hostile = R"(\u001b[31m\n::error::v\u001b]0;x\u0007##vso[task.setvariable variable=P]y)";
  std::string document = enrollment(7, fmt::format(R"(,"ctrl{0}key":"{0}","org":{{"name":"{0}"}})", hostile));
  Impostor const cps(
      R"({"enrollments":[)" + document + "]}",
      answer("400 Bad Request", fmt::format(R"({{"type":"/x/{0}","title":"{0}","detail":"{0}"}})", hostile)));
  for (std::vector<std::string> const& command :
       std::initializer_list<std::vector<std::string>>{{"status", "--unmanaged", "--contract", "1-1TJZH5"},
                                                       {"plan"},
                                                       {"apply", "--yes"},
                                                       {"import", "--contract", "1-1TJZH5", "--out-dir", "imported"},
                                                       {"state", "list"}}) {
    Run const run = cps.to_it(command);  // the job checks what was printed
    INFO(run.out, run.err);
    CHECK(run.exit < 128);
    CHECK(run.exit != 64);
    CHECK(run.exit != 70);
  }
}

TEST_CASE("answers: what a change waits for steers neither terminal nor CI system") {
  std::string const hostile =
      R"(\u001b[31m\n::error::v\u001b]0;x\u0007##vso[task.setvariable variable=P]y`</details>|\u202e)";
  struct Input {
    char const* type;
    char const* info;
    std::string body;
  };
  Input const inputs[] = {
      {"pre-verification-warnings-acknowledgement", "/input/info/pre-verification-warnings",
       fmt::format(R"({{"warnings":"{0}\n{0}"}})", hostile)},
      {"lets-encrypt-challenges", "/input/info/lets-encrypt-challenges",
       fmt::format(R"({{"dv":[{{"domain":"{0}","status":"{0}","error":"{0}","challenges":[{{"type":"dns-01",)"
                   R"("fullPath":"{0}","responseBody":"{0}","token":"{0}"}}]}}]}})",
                   hostile)},
      {"third-party-certificate", "/input/info/third-party-csr",
       fmt::format(R"({{"csrs":[{{"csr":"{0}","keyAlgorithm":"{0}"}}]}})", hostile)},
      {"change-management", "/input/info/change-management-info",
       fmt::format(R"({{"acknowledgementDeadline":"{0}","validationResultHash":"{0}","validationResult":)"
                   R"({{"errors":[{{"message":"{0}"}}],"warnings":[{{"message":"{0}"}}]}},)"
                   R"("pendingState":{{"pendingCertificates":[{{"fullCertificate":"{0}"}}],)"
                   R"("pendingNetworkConfiguration":{{"{0}":"{0}"}}}}}})",
                   hostile)},
  };
  for (Input const& input : inputs) {
    CAPTURE(std::string(input.type));
    std::string const path = "/cps/v2/enrollments/7/changes/8";
    std::string const document = fmt::format(
        R"({{"statusInfo":{{"status":"{0}","state":"awaiting-input","description":"{0}","error":{{"code":"{0}",)"
        R"("description":"{0}"}}}},"allowedInput":[{{"type":"{1}","requiredToProceed":true,"info":"{2}{3}",)"
        R"("update":"{2}/input/update/{1}"}}]}})",
        hostile, input.type, path, input.info);
    std::string const pending = fmt::format(R"({{"location":"{}","changeType":"{}"}})", path, hostile);
    Impostor const cps(R"({"enrollments":[)" + enrollment(7, {}, pending) + "]}", answer("404 Not Found", "{}"),
                       {{"/enrollments/7", answer("200 OK", enrollment(7, {}, pending))},
                        {"/changes/8", answer("200 OK", document)},
                        {input.info, answer("200 OK", input.body)}});
    for (std::vector<std::string> const& command : std::initializer_list<std::vector<std::string>>{
             {"status", "--unmanaged", "--contract", "1-1TJZH5"},
             {"status", "--unmanaged", "--contract", "1-1TJZH5", "-o", "md"},
             {"ack", "--id", "7", "--yes"},
             {"cancel", "--id", "7", "--yes"}}) {
      Run const run = cps.to_it(command);  // the job checks what was printed
      INFO(run.out, run.err);
      CHECK(run.exit < 128);
      CHECK(run.exit != 64);
      CHECK(run.exit != 70);
    }
  }
}

TEST_CASE("answers: what CPS did before steers neither terminal nor CI system") {
  std::string const hostile =
      R"(\u001b[31m\n::error::v\u001b]0;x\u0007##vso[task.setvariable variable=P]y`</details>|\u202e=SUM(A1))";
  std::string const path = "/cps/v2/enrollments/7/changes/8";
  // The one that the manifest means, so that its name is known.
  std::string const document = fmt::format(
      R"({{"id":7,"location":"/cps/v2/enrollments/7","validationType":"dv","ra":"lets-encrypt","certificateType":"san",)"
      R"("csr":{{"cn":"www.example.com","sans":[]}},"networkConfiguration":{{"geography":"core","sniOnly":true,)"
      R"("secureNetwork":"enhanced-tls"}},"pendingChanges":[{{"location":"{}","changeType":"renewal"}}]}})",
      path);
  std::string const history =
      fmt::format(R"({{"changes":[{{"action":"{0}","actionDescription":"{0}","status":"incomplete","createdBy":"{0}",)"
                  R"("createdOn":"{0}","primaryCertificateOrderDetails":{{"orderId":"{0}"}}}},{{"status":"cancelled",)"
                  R"("primaryCertificate":{{"csr":"{0}","certificate":"{0}"}}}}]}})",
                  hostile);
  Impostor const cps(
      R"({"enrollments":[)" + document + "]}", answer("404 Not Found", "{}"),
      {{"/enrollments/7", answer("200 OK", document)},
       {"/history/changes", answer("200 OK", history)},
       {"/changes/8", answer("200 OK", R"({"statusInfo":{"status":"check-for-cert","state":"running"}})")}});
  for (char const* const format : {"text", "json", "csv", "md"}) {
    Run const run = cps.to_it({"status", "www", "-o", format});  // the job checks what was printed
    INFO(run.out, run.err);
    CHECK(says(run, "=SUM(A1"));
    CHECK(run.exit == 0);
  }
}
