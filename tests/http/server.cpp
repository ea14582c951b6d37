#include "http/server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace cpsctl::http::testing {

Identity::~Identity() {
  X509_free(certificate);
  EVP_PKEY_free(key);
}

void make_identity(Identity& identity, IdentityOptions const& options) {
  static std::atomic<long> serial = 1;
  identity.key = EVP_EC_gen("P-256");
  X509* const made = identity.certificate = X509_new();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made), options.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(made), options.valid_until);
  X509_set_pubkey(made, identity.key);
  auto const* const name = reinterpret_cast<unsigned char const*>(options.authority ? "test CA" : "test server");
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, name, -1, -1, 0);
  X509* const issuer = options.issuer != nullptr ? options.issuer->certificate : made;
  X509_set_issuer_name(made, X509_get_subject_name(issuer));
  auto const extend = [&](int nid, std::string const& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!options.authority) extend(NID_subject_alt_name, options.alternative_names);
  X509_sign(made, options.issuer != nullptr ? options.issuer->key : identity.key, EVP_sha256());
}

std::string write_pem(Identity const& identity, std::filesystem::path const& path) {
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw std::runtime_error("cannot write " + path.string());
  PEM_write_X509(file, identity.certificate);
  std::fclose(file);
  return path.string();
}

int Peer::receive(char* into, int size) {
  if (session_ != nullptr) return SSL_read(session_, into, size);
  return static_cast<int>(::recv(socket_, into, static_cast<std::size_t>(size), 0));
}

std::string Peer::read_request() {
  std::string text;
  for (char byte = 0; !text.ends_with("\r\n\r\n"); text += byte)
    if (receive(&byte, 1) != 1) return {};
  std::size_t left = 0;
  if (auto const at = text.find("Content-Length: "); at != std::string::npos) left = std::stoul(text.substr(at + 16));
  for (char byte = 0; left > 0; --left, text += byte)
    if (receive(&byte, 1) != 1) return {};
  return text;
}

bool Peer::write(std::string_view bytes) {
  if (session_ != nullptr) return SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
}

Peer::End Peer::wait_for_close() {
  End end;
  std::array<char, 16384> some{};
  for (;;) {
    errno = 0;
    int const length = receive(some.data(), static_cast<int>(some.size()));
    end.reset = length < 0 && errno == ECONNRESET;
    if (length <= 0) return end;
    end.received += static_cast<std::size_t>(length);
  }
}

void Peer::say_goodbye() {
  SSL_shutdown(session_);
}

void Peer::start_tls(SSL_CTX* context) {
  session_ = SSL_new(context);
  SSL_set_fd(session_, socket_);
  SSL_accept(session_);
}

Server::Server(ServerOptions const& options, std::vector<Script> scripts) : scripts_(std::move(scripts)) {
  if (options.identity != nullptr) {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, options.identity->certificate);
    SSL_CTX_use_PrivateKey(context_, options.identity->key);
    if (options.newest_tls != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_min_proto_version(context_, 0);
      SSL_CTX_set_max_proto_version(context_, options.newest_tls);
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // a client that is gone is part of the game
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port on loopback");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Server::~Server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::scoped_lock const lock(mutex_);
    for (int const socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

void Server::accept_all() {
  for (;;) {
    int const socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    auto const index = static_cast<std::size_t>(connections_++);
    std::scoped_lock const lock(mutex_);
    open_.push_back(socket);
    Script const& script = scripts_[std::min(index, scripts_.size() - 1)];
    threads_.emplace_back([this, socket, &script] { serve(socket, script); });
  }
}

void Server::serve(int socket, Script const& script) {
  Peer peer(socket, nullptr);
  if (context_ != nullptr) peer.start_tls(context_);
  if (peer.session_ == nullptr || SSL_is_init_finished(peer.session_)) script(peer);
  {
    std::scoped_lock const lock(mutex_);
    std::erase(open_, socket);
  }
  SSL_free(peer.session_);
  ::close(socket);
}

}  // namespace cpsctl::http::testing
