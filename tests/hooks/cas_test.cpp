// The signers of deploy/hooks/ that speak to a CA's API, against small servers that speak it.
#include "base/json.hpp"
#include "hooks/signing.hpp"
#include "http/server.hpp"
#include "pki/certificate.hpp"

#include <deque>
#include <mutex>

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace bench;
namespace wire = cpsctl::http::testing;

namespace {

/// A CA behind HTTPS. `answers` are used up one after another, then it signs.
struct Ca {
  authority::Authority root = authority::Authority::root();
  authority::Authority issuing = root.intermediate();
  wire::Identity host;
  Project project;
  std::string host_pem;
  std::mutex mutex;
  std::deque<std::string> answers;
  std::vector<std::string> requests;
  std::unique_ptr<wire::Server> server;

  /// `sign` makes the answer to a body.
  explicit Ca(std::function<std::string(Ca const&, json::Value const&)> sign) {
    wire::make_identity(host, {});
    host_pem = wire::write_pem(host, project / "host.pem");
    server = std::make_unique<wire::Server>(
        wire::ServerOptions{.identity = &host}, std::vector<wire::Script>{[this, sign](wire::Peer& peer) {
          for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request())
            peer.write(play(request, sign));
        }});
  }
  std::string url() const { return fmt::format("https://localhost:{}", server->port()); }

  std::string issue(json::Value const& body, std::chrono::hours life) const {
    WallTime const now = system_clock().wall();
    return issuing.issue(body["csr"].GetString(),
                         {.names = names, .not_before = now - std::chrono::hours(1), .not_after = now + life});
  }

 private:
  std::string play(std::string const& request, std::function<std::string(Ca const&, json::Value const&)> const& sign) {
    std::lock_guard const lock(mutex);
    requests.push_back(request);
    if (!answers.empty()) {
      std::string answer = answers.front();
      answers.pop_front();
      return answer;
    }
    return sign(*this, json::parse(request.substr(request.find("\r\n\r\n") + 4), "request").value());
  }
};

std::string answer(std::string const& status, std::string const& body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

std::string json_text(std::string_view text) {
  json::Document value;
  value.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), value.GetAllocator());
  return json::compact(value);
}

std::string vault_signs(Ca const& ca, json::Value const& body) {
  std::string const ttl = body.HasMember("ttl") ? body["ttl"].GetString() : "720h";
  return answer("200 OK",
                fmt::format(R"({{"data":{{"certificate":{},"issuing_ca":{},"ca_chain":[{},{}]}}}})",
                            json_text(ca.issue(body, std::chrono::hours(std::stol(ttl)))), json_text(ca.issuing.pem()),
                            json_text(ca.root.pem()), json_text(ca.issuing.pem())));
}

std::string step_signs(Ca const& ca, json::Value const& body) {
  std::string const leaf = ca.issue(body, std::chrono::hours(std::stol(body["notAfter"].GetString())));
  return answer("201 Created", fmt::format(R"({{"crt":{0},"ca":{1},"certChain":[{0},{1}]}})", json_text(leaf),
                                           json_text(ca.issuing.pem())));
}

std::string from_url64(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  std::size_t const padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size(), '\0');
  int const size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
  REQUIRE(size > 0);
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

/// ES256: the numbers r and s, 32 bytes each.
bool is_signed(std::string const& text, std::string const& numbers, authority::Key const& key) {
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  auto const* const bytes = reinterpret_cast<unsigned char const*>(numbers.data());
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  int const size = i2d_ECDSA_SIG(pair.get(), &der);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool const good = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size),
                                     reinterpret_cast<unsigned char const*>(text.data()), text.size()) == 1;
  OPENSSL_free(der);
  return good;
}

}  // namespace

TEST_CASE("signers: Vault's PKI signs both keys, with a chain that has no order") {
  Ca ca(vault_signs);
  Keys const keys;
  hooks::Hook const signer =
      ca.project.find(program_of_deploy(ca.project, "vault-pki.sh", R"({"mount":"pki/edge","role":"cps","days":40})"))
          .value();
  ca.project.granted = {{"VAULT_ADDR", ca.url()}, {"VAULT_TOKEN", "hvs.very-secret"}, {"VAULT_CACERT", ca.host_pem}};
  ca.project.secrets = {"hvs.very-secret"};
  hooks::SignRequest request = request_for(keys);
  auto const uploads = uploads_of(request, signed_by(ca.project, signer, request));
  REQUIRE(uploads.size() == 2);
  CHECK(pki::lifetime(pki::read_certificate(uploads[0].certificate).value()) < std::chrono::days(41));
  REQUIRE(ca.requests.size() == 2);
  CHECK(ca.requests[0].starts_with("POST /v1/pki/edge/sign/cps HTTP/1.1\r\n"));
  CHECK(ca.requests[0].find("X-Vault-Token: hvs.very-secret\r\n") != std::string::npos);
  CHECK(ca.requests[0].find(R"("alt_names": "www.example.com,*.shop.example.com")") != std::string::npos);

  ca.answers.push_back(answer("403 Forbidden", R"({"errors":["permission denied"]})"));
  CHECK(reason(sign(ca.project, signer, request)).ends_with("Vault answers 403: permission denied"));
  ca.answers.push_back(answer("502 Bad Gateway", "<html>"));
  CHECK(reason(sign(ca.project, signer, request)).ends_with("Vault answers 502: no JSON"));
  ca.answers.push_back(answer("200 OK", R"({"data":null})"));
  CHECK_FALSE(std::holds_alternative<hooks::Signed>(sign(ca.project, signer, request)));
}

TEST_CASE("signers: Vault's address and token come from the operator alone") {
  Ca ca(vault_signs);
  Keys const keys;
  hooks::Hook const signer =
      ca.project
          .find(program_of_deploy(ca.project, "vault-pki.sh",
                                  fmt::format(R"({{"role":"cps","address":"{0}","VAULT_ADDR":"{0}"}})", ca.url())))
          .value();
  hooks::SignRequest const request = request_for(keys);
  CHECK(
      reason(sign(ca.project, signer, request)).ends_with("no https address of Vault: grant VAULT_ADDR (--hook-env)"));
  ca.project.granted = {{"VAULT_ADDR", ca.url()}};
  CHECK(reason(sign(ca.project, signer, request)).ends_with("no token: grant VAULT_TOKEN (--hook-env)"));
  ca.project.granted = {{"VAULT_ADDR", ca.url()}, {"VAULT_TOKEN", "t"}};  // and its host's certificate is not known
  CHECK(reason(sign(ca.project, signer, request)).ends_with("Vault cannot be reached"));
  CHECK(ca.requests.empty());
}

TEST_CASE("signers: step-ca is given a token for each CSR that its provisioner's key has signed") {
  Ca ca(step_signs);
  Keys const keys;
  authority::Key const provisioner = authority::Key::ecdsa();
  std::string const key = ca.project.folder.write("provisioner.pem", provisioner.pem()).string();
  hooks::Hook const signer =
      ca.project.find(program_of_deploy(ca.project, "step-ca.sh", R"({"provisioner":"cpsctl","keyId":"k1","days":40})"))
          .value();
  ca.project.granted = {{"STEP_CA_URL", ca.url() + "/"}, {"STEP_PROVISIONER_KEY", key}, {"STEP_ROOT", ca.host_pem}};
  hooks::SignRequest request = request_for(keys);
  // Numbers of a signature that begin with zeros are padded: some of so many do.
  for (int round = 0; round < 12; ++round)
    CHECK(uploads_of(request, signed_by(ca.project, signer, request)).size() == 2);
  std::set<std::string> once;
  for (std::string const& sent : ca.requests) {
    CHECK(sent.starts_with("POST /1.0/sign HTTP/1.1\r\n"));
    json::Document const body = json::parse(sent.substr(sent.find("\r\n\r\n") + 4), "request").value();
    std::string const token = body["ott"].GetString();
    std::size_t const first = token.find('.');
    std::size_t const second = token.find('.', first + 1);
    std::string const numbers = from_url64(token.substr(second + 1));
    REQUIRE(numbers.size() == 64);
    CHECK(is_signed(token.substr(0, second), numbers, provisioner));
    CHECK(from_url64(token.substr(0, first)) == R"({"alg":"ES256","typ":"JWT","kid":"k1"})");
    json::Document const claims =
        json::parse(from_url64(token.substr(first + 1, second - first - 1)), "claims").value();
    CHECK(std::string(claims["aud"].GetString()) == ca.url() + "/1.0/sign");
    CHECK(std::string(claims["iss"].GetString()) == "cpsctl");
    CHECK(std::string(claims["sub"].GetString()) == "www.example.com");
    CHECK(claims["sans"].Size() == 2);
    once.insert(claims["jti"].GetString());
  }
  CHECK(once.size() == ca.requests.size());

  ca.answers.push_back(answer("401 Unauthorized", R"({"status":401,"message":"The request lacked authorization"})"));
  CHECK(reason(sign(ca.project, signer, request)).ends_with("step-ca answers 401: The request lacked authorization"));
  ca.project.folder.write("provisioner.pem", "no key\n");
  CHECK(reason(sign(ca.project, signer, request)).find("is it an EC P-256 key in PEM?") != std::string::npos);
}
