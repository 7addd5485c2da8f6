#pragma once
// One HTTP answer on its way to the socket. Beast writes the head and the chunked coding; the buffers that are handed
// out point at the body where it lies, so that no byte of it is copied. Network thread only.

#include "server/http/body_source.h"
#include "server/http/http_message.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace webmacs {

class ResponseWriter {
 public:
  // `response.end` says how the body ends: with `length` the body is the response's, else it comes by add().
  // `head_only`: for a HEAD request, whatever the body would be.
  ResponseWriter(HttpResponse response, bool keep_alive, bool head_only);
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  // Returns what is to be sent now; the bytes live until sent() has counted them all. Empty: the answer is done(), or
  // the next piece of the body is wanted.
  std::vector<boost::asio::const_buffer> next();
  // The socket has taken so many bytes of what next() returned.
  void sent(std::size_t bytes);
  bool done();
  // The next piece of the body, not a broken one; only when next() has returned nothing and the answer is not done.
  void add(BodyPiece piece);

 private:
  using Message = boost::beast::http::response<boost::beast::http::buffer_body>;

  const std::shared_ptr<const void> held_;  // the response's
  std::string piece_;                       // the body, or the piece of it that is being sent
  Message message_;                         // its body points at piece_
  boost::beast::http::response_serializer<boost::beast::http::buffer_body> serializer_;
  const bool head_only_;
};

}  // namespace webmacs
