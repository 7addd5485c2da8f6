#include "common/websocket/byte_stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace webmacs {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

char* shared_read_buffer() {
  thread_local const auto buffer = std::make_unique<char[]>(chunk_bytes);
  return buffer.get();
}

// The operations under way share the socket: they outlive the stream.
using SharedSocket = std::shared_ptr<Tcp::socket>;

void read_when_readable(const SharedSocket& socket, ByteStream::ReadHandler handler) {
  socket->async_wait(Tcp::socket::wait_read, [socket, handler = std::move(handler)](error_code ec) mutable {
    if (!ec && !socket->is_open()) ec = boost::asio::error::operation_aborted;
    if (ec) return handler(ec, {});
    char* buffer = shared_read_buffer();
    const std::size_t size = socket->read_some(boost::asio::buffer(buffer, chunk_bytes), ec);
    if (ec == boost::asio::error::would_block) return read_when_readable(socket, std::move(handler));
    handler(ec, std::string_view(buffer, size));
  });
}

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(Tcp::socket socket) : socket_(std::make_shared<Tcp::socket>(std::move(socket))) {
    // A socket whose peer is already gone refuses these; its first read says so.
    error_code ignored;
    socket_->non_blocking(true, ignored);
    socket_->set_option(Tcp::no_delay(true), ignored);
  }
  ~PlainStream() override { close(); }

  void async_handshake(HandshakeHandler handler) override {
    boost::asio::post(socket_->get_executor(), [handler = std::move(handler)] { handler(error_code()); });
  }

  std::string handshake_problem(error_code ec) override { return ec.message(); }
  std::optional<Timestamp> peer_certificate_end() override { return std::nullopt; }

  void async_read(ReadHandler handler) override { read_when_readable(socket_, std::move(handler)); }

  std::size_t write_now(const std::vector<boost::asio::const_buffer>& buffers, error_code& ec) override {
    const std::size_t taken = socket_->write_some(buffers, ec);
    if (ec == boost::asio::error::would_block) ec = {};
    return taken;
  }

  void async_write_some(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) override {
    socket_->async_write_some(buffers, [socket = socket_, handler = std::move(handler)](
                                           error_code ec, std::size_t bytes) { handler(ec, bytes); });
  }

  void async_write(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) override {
    boost::asio::async_write(
        *socket_, buffers,
        [socket = socket_, handler = std::move(handler)](error_code ec, std::size_t bytes) { handler(ec, bytes); });
  }

  void shutdown_send() override {
    error_code ignored;  // the peer may be gone already
    socket_->shutdown(Tcp::socket::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    socket_->close(ignored);
  }

  Tcp::socket& socket() override { return *socket_; }

 private:
  const SharedSocket socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(Tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace webmacs
