#pragma once
// A server for the client's tests: echoes, or answers the upgrade request with what the test says.

#include "common/websocket/tls.h"
#include "peers.h"

namespace webmacs::test {

struct TestServer {
  Loop& loop;
  Tcp::acceptor acceptor;
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::string answer;  // instead of accepting, when it is not empty
  bool close_after_answer = false;
  std::string last_request;
  std::string handshake_failure;
  std::shared_ptr<Recorder> handler;  // of the latest connection
  std::shared_ptr<Connection> connection;

  explicit TestServer(Loop& its_loop)
      : loop(its_loop), acceptor(loop.io, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  std::string port() const { return std::to_string(acceptor.local_endpoint().port()); }

 private:
  void accept() {
    acceptor.async_accept([this](error_code ec, Tcp::socket socket) {
      if (ec) return;
      stream_ = tls ? make_tls_stream(std::move(socket), *tls, true) : make_plain_stream(std::move(socket));
      last_request.clear();
      stream_->async_handshake([this](error_code failed) {
        if (failed) handshake_failure = failed.message();
        if (!failed) read_request();
      });
      accept();
    });
  }
  void read_request() {
    stream_->async_read([this](error_code ec, std::string_view bytes) {
      if (ec) return;
      last_request += bytes;
      if (last_request.find("\r\n\r\n") == std::string::npos) return read_request();
      if (answer.empty()) return echo();
      stream_->async_write({boost::asio::buffer(answer)}, [this](error_code, std::size_t) {
        if (close_after_answer) stream_->close();
      });
    });
  }
  void echo() {
    handler = std::make_shared<Recorder>();
    connection = Connection::accept(std::move(stream_), last_request, "", {}, loop.deadlines, handler);
    handler->when_text = [this](std::string_view message) { connection->try_send(message); };
  }

  std::unique_ptr<ByteStream> stream_;
};

}  // namespace webmacs::test
