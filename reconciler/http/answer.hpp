#pragma once
#include "http/client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// HTTP/1.1 as text, without a socket.
namespace cpsctl::http {

/// The request as it goes out. Errors: internal, when a header or the target would break the framing.
Result<std::string> request_text(Request const& request, Endpoint const& endpoint);

struct AnswerOptions {
  std::string from = {};  ///< host, for messages
  bool bodiless = false;  ///< the answer to HEAD, or to CONNECT
  std::size_t max_body = 0;
  Sink sink = {};  ///< takes a 2xx body
};

/// Reads one answer from bytes as they come; 1xx answers are skipped. Bounded: 64 KiB of header, max_body of body
/// (1 MiB for a body that a sink does not take).
class Answer {
 public:
  explicit Answer(AnswerOptions options);
  ~Answer();
  Answer(Answer const&) = delete;
  Answer& operator=(Answer const&) = delete;

  /// Errors: protocol (garbage, too large), or the sink's.
  Result<> feed(std::string_view bytes);
  /// The other side has ended the stream properly. Errors: protocol, when the answer is not complete.
  Result<> end_of_stream();

  bool complete() const;
  bool failed() const;       ///< the head is complete, and its status is 400 or above: the body changes nothing
  bool begun() const;        ///< a byte has come
  bool keep_alive() const;   ///< complete, nothing behind it, and the server did not ask to close
  Error broken_off() const;  ///< the connection ended here: unavailable before the first byte, else protocol
  Response take();           ///< with what came of the body

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace cpsctl::http
