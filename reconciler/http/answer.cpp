#include "http/answer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>
#include <fmt/format.h>

namespace cpsctl::http {
namespace {

namespace beast = boost::beast;
constexpr std::uint32_t largest_header = 65536;
constexpr std::size_t largest_line = std::size_t{2} * largest_header;  ///< of bytes that the parser cannot use yet
constexpr std::size_t largest_error_body = std::size_t{1} << 20;
constexpr int most_interim = 16;

Error protocol(std::string message) {
  return {.code = Errc::protocol,
          .message = std::move(message),
          .next = "check that the host is an Akamai API host, and what the proxies on the way make of its answers",
          .reached = Reached::unknown};
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1048576) return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576.0);
  return text::counted(bytes, "byte");
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 4> ours = {"host", "content-length", "connection", "transfer-encoding"};
  return std::ranges::find(ours, text::lower(name)) != ours.end();
}

/// What Beast's parser finds, handed to Answer as it is found.
class Parser final : public beast::http::basic_parser<false> {
 public:
  Parser(AnswerOptions const& options, Response& response) : options_(options), response_(response) {
    header_limit(largest_header);
    body_limit(boost::none);  // counted here: the limit depends on the status
    eager(true);
    skip(options.bodiless);
  }

  std::optional<Error> const& failure() const { return failure_; }
  std::uint64_t received() const { return received_; }

  /// Looks at the announced length as soon as the header is there: Beast tells of it with the first byte of the body.
  void check_length() {
    if (failure_ || is_done() || !is_header_done()) return;
    auto const length = content_length();
    if (length && *length > limit_)
      failure_ = protocol(fmt::format("the answer of {} announces a body of {}, more than the {} allowed",
                                      options_.from, size_text(*length), size_text(limit_)));
  }

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, beast::error_code&) override {}

  void on_response_impl(int code, beast::string_view, int, beast::error_code&) override { response_.status = code; }

  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    if (!trailers_) response_.headers.push_back({.name = std::string(name), .value = std::string(value)});
  }

  void on_header_impl(beast::error_code&) override {
    trailers_ = true;
    bool const success = response_.status >= 200 && response_.status < 300;
    streamed_ = success && options_.sink;
    limit_ = options_.sink && !success ? std::min(options_.max_body, largest_error_body) : options_.max_body;
  }

  void on_body_init_impl(boost::optional<std::uint64_t> const& length, beast::error_code&) override {
    if (length && !streamed_) response_.body.reserve(std::min<std::size_t>(*length, largest_error_body));
  }

  std::size_t on_body_impl(beast::string_view piece, beast::error_code& stop) override {
    received_ += piece.size();
    if (received_ > limit_) {
      fail(protocol(fmt::format("the body of the answer of {} is longer than the {} allowed", options_.from,
                                size_text(limit_))),
           stop);
    } else if (streamed_) {
      auto taken = options_.sink({piece.data(), piece.size()});
      if (!taken) fail(std::move(taken).error(), stop);
    } else {
      response_.body.append(piece.data(), piece.size());
    }
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, beast::error_code& stop) override {
    return on_body_impl(piece, stop);
  }

  void on_finish_impl(beast::error_code&) override {}

  void fail(Error error, beast::error_code& stop) {
    failure_ = std::move(error);
    stop = beast::http::error::body_limit;
  }

  AnswerOptions const& options_;
  Response& response_;
  std::optional<Error> failure_ = {};
  std::uint64_t received_ = 0;
  std::size_t limit_ = 0;
  bool streamed_ = false;
  bool trailers_ = false;
};

}  // namespace

Result<std::string> request_text(Request const& request, Endpoint const& endpoint) {
  auto const broken = [](std::string_view what) {
    return Error{.code = Errc::internal, .message = fmt::format("a request was built with {}", what)};
  };
  if (!is_token(request.method)) return broken("an invalid method");
  if (!is_target(request.target)) return broken("a target that does not begin with / or is not encoded");
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, endpoint.authority());
  for (Header const& header : request.headers) {
    if (!is_token(header.name) || !is_value(header.value)) return broken("a header that would break the framing");
    if (is_ours(header.name)) continue;
    text += header.name;
    text += ": ";
    text += header.value;
    text += "\r\n";
  }
  bool const has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_body || !request.body.empty()) text += fmt::format("Content-Length: {}\r\n", request.body.size());
  text += "\r\n";
  text += request.body;
  return text;
}

struct Answer::Reader {
  AnswerOptions options;
  Response response = {};
  std::optional<Parser> parser = {};
  std::string inbox = {};  ///< came, but the parser cannot use it yet
  int interim = 0;
  bool begun = false;

  explicit Reader(AnswerOptions given) : options(std::move(given)) { parser.emplace(options, response); }

  Error garbage(beast::error_code const& reason, std::string_view at) const {
    if (reason == beast::http::error::header_limit)
      return protocol(
          fmt::format("the header of the answer of {} is longer than {}", options.from, size_text(largest_header)));
    std::string const shown = text::excerpt(at.substr(0, 400), 80);
    return protocol(
        fmt::format("{} answered with something that is not HTTP ({}): \"{}\"", options.from, reason.message(), shown));
  }

  /// The parser has a whole 1xx answer: forget it and wait for the real one.
  Result<> pass_over() {
    if (response.status == 101)
      return protocol(fmt::format("{} changed the protocol, which nobody asked for", options.from));
    if (++interim > most_interim) return protocol(fmt::format("{} sends interim answers without end", options.from));
    response = {};
    parser.emplace(options, response);
    return {};
  }

  Result<> parse() {
    std::size_t done = 0;
    Result<> outcome;
    while (outcome && done < inbox.size() && !finished()) {
      std::string_view const rest = std::string_view(inbox).substr(done);
      beast::error_code stop;
      std::size_t const used = parser->put(boost::asio::buffer(rest.data(), rest.size()), stop);
      done += used;
      parser->check_length();
      if (parser->failure()) {
        outcome = *parser->failure();
      } else if (stop == beast::http::error::need_more) {
        if (rest.size() - used > largest_line) outcome = garbage(beast::http::error::header_limit, rest);
        break;
      } else if (stop) {
        outcome = garbage(stop, rest);
      } else if (parser->is_done() && response.status < 200) {
        outcome = pass_over();
      } else if (used == 0) {
        break;
      }
    }
    inbox.erase(0, done);
    return outcome;
  }

  bool finished() const { return parser->is_done() && response.status >= 200; }

  /// "after 12 of 300 bytes of the body".
  std::string progress() const {
    if (!begun) return "before it answered";
    if (!parser->is_header_done()) {
      std::string const came = text::excerpt(inbox.substr(0, 400), 80);
      return came.empty() ? "in the middle of the header" : fmt::format("in the middle of the header: \"{}\"", came);
    }
    if (auto const length = parser->content_length())
      return fmt::format("after {} of {} bytes of the body", parser->received(), *length);
    return fmt::format("after {} of the body, before its end", text::counted(parser->received(), "byte"));
  }
};

Answer::Answer(AnswerOptions options) : reader_(std::make_unique<Reader>(std::move(options))) {}
Answer::~Answer() = default;

Result<> Answer::feed(std::string_view bytes) {
  reader_->begun = reader_->begun || !bytes.empty();
  reader_->inbox.append(bytes);
  return reader_->parse();
}

Result<> Answer::end_of_stream() {
  if (complete()) return {};
  if (begun() && reader_->parser->is_header_done()) {
    beast::error_code stop;
    reader_->parser->put_eof(stop);  // complete, if the body is one that ends with the stream
    if (!stop && complete()) return {};
  }
  return broken_off();
}

bool Answer::complete() const {
  return reader_->finished();
}
bool Answer::failed() const {
  return reader_->parser->is_header_done() && reader_->response.status >= 400;
}
bool Answer::begun() const {
  return reader_->begun;
}

bool Answer::keep_alive() const {
  return complete() && reader_->inbox.empty() && reader_->parser->keep_alive();
}

Error Answer::broken_off() const {
  return {.code = begun() ? Errc::protocol : Errc::unavailable,
          .message = fmt::format("{} closed the connection {}", reader_->options.from, reader_->progress()),
          .next = "run again; if it happens again, look at the network and at the proxies on the way",
          .reached = Reached::unknown};
}

Response Answer::take() {
  reader_->response.cut = !complete();
  return std::move(reader_->response);
}

}  // namespace cpsctl::http
