#include "server/http/http_session.h"

#include "common/log.h"
#include "server/http/client_address.h"
#include "server/http/request_rules.h"

#include <boost/beast/core/string.hpp>

#include <chrono>
#include <limits>
#include <poll.h>

namespace webmacs {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::uint32_t most_header_bytes = 16 * 1024;
constexpr std::chrono::seconds header_deadline{10};  // from the first byte of the handshake to the end of the header
constexpr std::chrono::seconds body_deadline{30};
constexpr std::chrono::seconds idle_deadline{60};
constexpr std::chrono::seconds linger_deadline{2};
constexpr const char* retry_when_crowded = "5";  // seconds
constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse too_large(std::size_t most) {
  return problem(413, "the body is larger than " + std::to_string(most / 1024) + " KiB");
}

// Whether the first line of a head ends with a version, whichever: "GET / HTTP/2.0".
bool names_version(std::string_view head) {
  const auto line = head.substr(0, head.find('\r'));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  constexpr std::string_view version = " HTTP/1.1";
  if (line.size() < version.size()) return false;
  const auto end = line.substr(line.size() - version.size());
  return end.starts_with(" HTTP/") && is_digit(end[6]) && end[7] == '.' && is_digit(end[8]);
}

// What a head is answered that Beast does not take.
HttpResponse refusal_of(error_code ec, std::string_view head) {
  if (ec == http::error::header_limit) return problem(431, "the header is larger than 16 KiB");
  if (ec == http::error::bad_version && names_version(head))
    return problem(505, "only HTTP 1.1 and 1.0 are spoken here");
  return problem(400, "this is not an HTTP request: " + ec.message());
}

}  // namespace

HttpSession::HttpSession(HttpServices services, std::unique_ptr<ByteStream> stream, std::string peer,
                         std::shared_ptr<ConnectionPlace> place)
    : services_(services), stream_(std::move(stream)), peer_(std::move(peer)), place_(std::move(place)) {
  services_.sessions.add(*this);
}

HttpSession::~HttpSession() {
  services_.sessions.remove(*this);
}

void HttpSessionSet::close_all() {
  for (auto* session : sessions_) session->close();
}

void HttpSession::start() {
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + header_deadline);
  prepare_parser();
  stream_->async_handshake([self = shared_from_this()](error_code ec) {
    if (!ec) return self->read();
    log_debug("TLS handshake with {} failed: {}", self->peer_, ec.message());
    self->finish();
  });
}

void HttpSession::read() {
  stream_->async_read(
      [self = shared_from_this()](error_code ec, std::string_view bytes) { self->on_bytes(ec, bytes); });
}

void HttpSession::on_bytes(error_code ec, std::string_view bytes) {
  if (ec || !stream_) return finish();
  // From its first byte on, however slowly the others come; a body has its own.
  if (input_.empty() && !body_parser_) {
    services_.deadlines.set(*this, std::chrono::steady_clock::now() + header_deadline);
  }
  input_.append(bytes);
  if (body_parser_) return parse_body();
  parse();
}

void HttpSession::prepare_parser() {
  parsed_ = 0;
  parser_.emplace();
  parser_->header_limit(most_header_bytes);
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // judged below, with an answer of its own
}

void HttpSession::parse() {
  // Empty lines before a request are a habit of old clients (RFC 9112, section 2.2).
  while (parsed_ == 0 && input_.starts_with("\r\n")) {
    input_.erase(0, 2);
    prepare_parser();
  }
  error_code ec;
  parsed_ += parser_->put(boost::asio::buffer(input_) + parsed_, ec);
  if (ec == http::error::need_more) return read();
  if (ec) {
    head_only_ = false;
    return answer(refusal_of(ec, input_), false);
  }
  begin();
}

void HttpSession::begin() {
  const auto& header = parser_->get().base();
  keep_alive_ = parser_->keep_alive();
  streamed_end_ = header.version() < 11 ? BodyEnd::close : BodyEnd::last_chunk;
  head_only_ = header.method() == http::verb::head;
  if (auto refusal = refuse_head(header)) return answer(std::move(*refusal), false);
  HttpRequest request{header, {}, {}};
  gone_ = std::make_shared<std::atomic<bool>>(false);
  request.client_gone = gone_;
  const auto target = *split_target({header.target().data(), header.target().size()});
  if (!target.authority.empty()) request.header.set(http::field::host, target.authority);
  parse_target(target.path_and_query, request.path, request.query);
  if (request.path.empty()) request.path = "/";
  request.client = client_address(peer_, request.joined_fields("X-Forwarded-For"), services_.trusted_proxies);
  request.peer = peer_;
  if (!place_->try_name(request.client)) {
    auto refusal = problem(429, "this address has as many connections as it may (max_connections_per_address)");
    refusal.headers = {{"Retry-After", retry_when_crowded}};
    return answer(std::move(refusal), false);
  }
  services_.hub.begin(std::move(request),
                      [self = shared_from_this()](HttpBegun begun) { self->go_on(std::move(begun)); });
}

void HttpSession::go_on(HttpBegun begun) {
  if (!stream_) return;
  if (const auto* upgrade = std::get_if<std::unique_ptr<HttpUpgrade>>(&begun)) {
    if (auto refusal = (*upgrade)->refusal()) return answer(std::move(*refusal), false);
    services_.deadlines.remove(*this);
    return (*upgrade)->take_over(std::move(input_), std::move(stream_), std::move(place_));
  }
  exchange_ = std::get<std::unique_ptr<HttpExchange>>(std::move(begun));
  const bool has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0;
  input_.erase(0, parsed_);
  if (!has_body) return handle({});
  if (auto refusal = exchange_->refusal()) return answer(std::move(*refusal), false);
  const std::size_t most = exchange_->most_body_bytes();
  if (parser_->content_length().value_or(0) > most) return answer(too_large(most), false);
  begin_body();
}

void HttpSession::begin_body() {
  const bool waits =
      parser_->get().version() >= 11 && beast::iequals(parser_->get()[http::field::expect], "100-continue");
  body_parser_.emplace(std::move(*parser_));
  body_parser_->body_limit(exchange_->most_body_bytes());
  body_parser_->eager(true);
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + body_deadline);
  if (!waits) return parse_body();
  stream_->async_write({boost::asio::buffer(go_ahead)}, [self = shared_from_this()](error_code ec, std::size_t) {
    if (ec || !self->stream_) return self->finish();
    self->parse_body();
  });
}

void HttpSession::parse_body() {
  error_code ec;
  while (!body_parser_->is_done() && !input_.empty()) {
    const std::size_t used = body_parser_->put(boost::asio::buffer(input_), ec);
    input_.erase(0, used);
    if (ec) break;
  }
  if (ec && ec != http::error::need_more) {
    body_parser_.reset();
    if (ec == http::error::body_limit) return answer(too_large(exchange_->most_body_bytes()), false);
    return answer(problem(400, "the body is broken: " + ec.message()), false);
  }
  if (!body_parser_->is_done() && input_.size() > most_header_bytes) {
    body_parser_.reset();
    return answer(problem(413, "a chunk's header or the trailer is larger than 16 KiB"), false);
  }
  if (!body_parser_->is_done()) return read();
  std::string body = std::move(body_parser_->get().body());
  body_parser_.reset();
  handle(std::move(body));
}

void HttpSession::handle(std::string body) {
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + idle_deadline);
  const auto exchange = std::move(exchange_);
  exchange->handle(std::move(body), [self = shared_from_this()](HttpResponse response) {
    if (!self->stream_) return self->finish();
    self->answer(std::move(response), self->keep_alive_);
  });
  if (stream_ && !writer_) watch_for_end();
}

// A client that has sent the end of its side is taken for one that has left: what it asked for need not be read.
void HttpSession::watch_for_end() {
  stream_->socket().async_wait(boost::asio::socket_base::wait_read,
                               [self = shared_from_this(), gone = gone_](const error_code& ec) {
                                 if (ec || !self->stream_ || gone != self->gone_) return;
                                 pollfd socket{self->stream_->socket().native_handle(), POLLRDHUP, 0};
                                 if (poll(&socket, 1, 0) > 0) *gone = true;
                               });
}

void HttpSession::answer(HttpResponse response, bool keep_alive) {
  exchange_.reset();
  keep_alive_ = keep_alive;
  // A client of 1.0 takes silence for a close.
  if (keep_alive_ && streamed_end_ == BodyEnd::close && response.end == BodyEnd::length) {
    response.headers.emplace_back("Connection", "keep-alive");
  }
  if (response.end != BodyEnd::length) return begin_streamed_answer(std::move(response));
  writer_ = std::make_unique<ResponseWriter>(std::move(response), keep_alive_, head_only_);
  send();
}

void HttpSession::answered() {
  writer_.reset();
  if (!keep_alive_) {
    // FIN first and then until the peer closes or 2 s: closing with unread input would reset the response away.
    stream_->shutdown_send();
    services_.deadlines.set(*this, std::chrono::steady_clock::now() + linger_deadline);
    input_.clear();
    return drain();
  }
  prepare_parser();
  if (input_.empty()) return read();
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + header_deadline);
  parse();
}

void HttpSession::drain() {
  stream_->async_read([self = shared_from_this()](error_code ec, std::string_view) {
    if (ec || !self->stream_) return self->finish();
    self->drain();
  });
}

void HttpSession::finish() {
  if (gone_) *gone_ = true;
  services_.deadlines.remove(*this);
  if (stream_) stream_->close();
  stream_.reset();
  source_.reset();
  writer_.reset();
  place_.reset();
}

void HttpSession::on_deadline(TimePoint) {
  close();
}

void HttpSession::close() {
  if (!stream_) return;
  error_code ignored;
  // A body in the middle must not seem to end well: a reset instead of a FIN.
  if (source_) stream_->socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
  stream_->close();  // the handler under way comes with an error and finishes
}

}  // namespace webmacs
