// An echo server on the real Connection, for websocket_conformance_test.py: prints its port, serves until its standard
// input closes. The texts "close 1001 why", "drop", "throw" and "pause" ask for what they say.
#include "common/websocket/connection.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace {

using namespace webmacs;

struct Echo : ConnectionHandler {
  std::weak_ptr<Connection> connection;

  void on_open() override {}
  void on_text(std::string_view text) override {
    const auto self = connection.lock();
    if (text.substr(0, 6) == "close ") {
      return self->close(static_cast<std::uint16_t>(std::stoi(std::string(text.substr(6, 4)))),
                         std::string(text.size() > 11 ? text.substr(11) : ""));
    }
    if (text == "drop") return self->drop("asked to");
    if (text == "throw") throw std::runtime_error("asked to");
    self->try_send(text);
  }
  void on_closed(std::uint16_t code, const std::string& reason) override {
    std::cout << "closed " << code << " " << reason << std::endl;
  }
};

struct Server {
  boost::asio::io_context io;
  DeadlineList deadlines{io};
  Tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};

  void accept() {
    acceptor.async_accept([this](error_code ec, Tcp::socket socket) {
      if (ec) return;
      auto stream = std::make_shared<Tcp::socket>(std::move(socket));
      auto request = std::make_shared<std::string>();
      boost::asio::async_read_until(*stream, boost::asio::dynamic_buffer(*request), "\r\n\r\n",
                                    [this, stream, request](error_code failed, std::size_t) {
                                      if (!failed) serve(std::move(*stream), std::move(*request));
                                    });
      accept();
    });
  }
  void serve(Tcp::socket socket, std::string request) {
    const auto echo = std::make_shared<Echo>();
    ConnectionLimits limits;
    limits.heartbeat_interval = std::chrono::milliseconds(200);
    limits.heartbeat_timeout = std::chrono::milliseconds(150);
    limits.queue_bytes = 16 * 1024 * 1024;
    limits.max_message_bytes = 1024 * 1024;
    echo->connection =
        Connection::accept(make_plain_stream(std::move(socket)), std::move(request), "", limits, deadlines, echo);
  }
};

}  // namespace

int main() {
  Server server;
  server.accept();
  std::cout << server.acceptor.local_endpoint().port() << std::endl;
  boost::asio::posix::stream_descriptor input(server.io, dup(0));
  std::string line;
  boost::asio::async_read_until(input, boost::asio::dynamic_buffer(line), '\n',
                                [&](boost::system::error_code, std::size_t) { server.io.stop(); });
  server.io.run();
}
