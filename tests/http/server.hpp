#pragma once
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <openssl/types.h>

/// A TLS server on loopback that plays byte scripts, one function per connection, on threads of its own.
namespace cpsctl::http::testing {

/// A certificate and its key, made when asked for.
struct Identity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  Identity() = default;
  Identity(Identity const&) = delete;
  Identity& operator=(Identity const&) = delete;
  ~Identity();
};

struct IdentityOptions {
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";
  long valid_from = -3600, valid_until = 3600;  ///< seconds from now
  Identity const* issuer = nullptr;             ///< null: signs itself
  bool authority = false;
};
void make_identity(Identity& identity, IdentityOptions const& options);
/// Writes the certificate to a file, which is the caller's to remove; returns its path.
std::string write_pem(Identity const& identity, std::filesystem::path const& path);

/// The server's end of one connection.
class Peer {
 public:
  Peer(int socket, SSL* session) : socket_(socket), session_(session) {}
  std::string read_request();  ///< head and Content-Length body; empty when the client is gone
  bool write(std::string_view bytes);
  /// Reads until the client is gone, and says how it went.
  struct End {
    std::size_t received = 0;  ///< bytes that came until then
    bool reset = false;        ///< by TCP reset, not by an end
  };
  End wait_for_close();
  void say_goodbye();  ///< close_notify
  void start_tls(SSL_CTX* context);

 private:
  int receive(char* into, int size);
  int socket_;
  SSL* session_;
  friend class Server;
};

using Script = std::function<void(Peer&)>;

struct ServerOptions {
  Identity const* identity = nullptr;  ///< null: no TLS
  int newest_tls = 0;                  ///< TLS1_1_VERSION for an old server
};

class Server {
 public:
  Server(ServerOptions const& options,
         std::vector<Script> scripts);  ///< the last script serves all further connections
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  SSL_CTX* context() const { return context_; }

 private:
  void accept_all();
  void serve(int socket, Script const& script);

  SSL_CTX* context_ = nullptr;
  std::vector<Script> scripts_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace cpsctl::http::testing
