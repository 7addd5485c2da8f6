#pragma once
// A connected TCP socket, plain or under TLS, as the session needs it. Network thread only.
// A stream may be closed or destroyed at any time, within a handler too: what is under way then ends with
// operation_aborted and touches the stream no more.

#include "common/reading.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

using boost::system::error_code;
using Tcp = boost::asio::ip::tcp;

class ByteStream {
 public:
  using ReadHandler = std::function<void(error_code, std::string_view bytes)>;  // the view lives for the call
  using WriteHandler = std::function<void(error_code, std::size_t bytes)>;
  using HandshakeHandler = std::function<void(error_code)>;

  virtual ~ByteStream() = default;

  // TLS handshake in its role; a plain stream is ready at once (the handler still comes later).
  virtual void async_handshake(HandshakeHandler handler) = 0;
  // Why a TLS handshake failed with `ec`, for people: "certificate: certificate has expired".
  virtual std::string handshake_problem(error_code ec) = 0;
  // Returns when the first certificate that the peer showed ends; empty without TLS, or when it showed none.
  virtual std::optional<Timestamp> peer_certificate_end() = 0;
  // One chunk of at most 64 KiB. At most one read is under way. Plain sockets wait until readable and read into a
  // buffer that all sessions of the thread share, so that an idle connection owns no buffer.
  virtual void async_read(ReadHandler handler) = 0;
  // Takes what the socket takes at once, possibly nothing (TLS: always nothing). `ec` is clear unless the socket is
  // broken.
  virtual std::size_t write_now(const std::vector<boost::asio::const_buffer>& buffers, error_code& ec) = 0;
  // Some of the buffers, at least one byte; the handler says how many. The bytes must live until the handler. At most
  // one write is under way.
  virtual void async_write_some(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) = 0;
  // All of the buffers, whose bytes must live until the handler. At most one write is under way.
  virtual void async_write(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) = 0;
  // Sends FIN (and TLS close_notify, best effort); reading goes on. No write may be under way.
  virtual void shutdown_send() = 0;
  // Closes at once; handlers under way come with operation_aborted. Idempotent.
  virtual void close() = 0;

  virtual Tcp::socket& socket() = 0;
};

std::unique_ptr<ByteStream> make_plain_stream(Tcp::socket socket);
// `server`: accept or connect role. `host_name` (client): sent as SNI and checked against the certificate; a numeric
// address is checked against the certificate's addresses.
std::unique_ptr<ByteStream> make_tls_stream(Tcp::socket socket, boost::asio::ssl::context& context, bool server,
                                            const std::string& host_name = "");

}  // namespace webmacs
