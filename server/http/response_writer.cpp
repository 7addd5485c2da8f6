#include "server/http/response_writer.h"

#include <ctime>
#include <utility>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

// RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

}  // namespace

ResponseWriter::ResponseWriter(HttpResponse response, bool keep_alive, bool head_only)
    : held_(std::move(response.held)), piece_(std::move(response.body)), serializer_(message_), head_only_(head_only) {
  message_.version(11);
  message_.result(response.status);
  const bool streamed = response.end != BodyEnd::length;
  const bool has_content = response.status != 204 && response.status != 304;
  if (!piece_.empty() || streamed) message_.set(http::field::content_type, response.content_type);
  message_.set("X-Content-Type-Options", "nosniff");
  message_.set(http::field::date, http_date());
  message_.keep_alive(keep_alive);
  for (const auto& [name, value] : response.headers) message_.set(name, value);
  if (response.end == BodyEnd::last_chunk) message_.chunked(true);
  if (has_content && !streamed) message_.content_length(piece_.size());
  message_.body().more = streamed && !head_only;
  if (!streamed && !head_only && !piece_.empty()) {
    message_.body().data = piece_.data();
    message_.body().size = piece_.size();
  }
  serializer_.split(streamed);  // the head goes ahead of a body that is not there yet
}

std::vector<boost::asio::const_buffer> ResponseWriter::next() {
  std::vector<boost::asio::const_buffer> buffers;
  boost::beast::error_code needs_piece;
  while (buffers.empty() && !needs_piece && !done()) {
    serializer_.next(needs_piece, [&buffers](boost::beast::error_code&, const auto& parts) {
      for (auto part = boost::asio::buffer_sequence_begin(parts); part != boost::asio::buffer_sequence_end(parts);
           ++part) {
        const boost::asio::const_buffer buffer = *part;
        if (buffer.size() > 0) buffers.push_back(buffer);
      }
    });
  }
  return buffers;
}

void ResponseWriter::sent(std::size_t bytes) {
  serializer_.consume(bytes);
}

bool ResponseWriter::done() {
  // Beast does not know of HEAD: behind the head it would write the last chunk.
  return serializer_.is_done() || (head_only_ && serializer_.is_header_done());
}

void ResponseWriter::add(BodyPiece piece) {
  piece_ = std::move(piece.bytes);
  auto& body = message_.body();
  body.more = piece.what == BodyPiece::What::more;
  // Without bytes a chunk would be the last one.
  body.data = piece_.empty() ? nullptr : piece_.data();
  body.size = piece_.size();
}

}  // namespace webmacs
