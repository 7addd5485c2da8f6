#pragma once
// The one port that serves everything. Bounds connections in all and per address; running out of descriptors is one log
// line and a pause, never a spin. Network thread only.

#include "common/log.h"
#include "common/websocket/byte_stream.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace webmacs {

struct ListenerLimits {
  std::size_t connections = 10000;
  std::size_t connections_per_address = 200;
  std::vector<std::string> trusted_proxies;  // many clients share their address: not bounded per address
};

class Listener {
 public:
  // `guard` counts the connection for as long as it lives.
  using Accepted = std::function<void(Tcp::socket socket, std::string peer, std::shared_ptr<void> guard)>;

  // Throws std::runtime_error that names the address and the port when it cannot be bound.
  Listener(boost::asio::io_context& io, const std::string& host, int port, ListenerLimits limits, Accepted accepted);

  void start();
  void close();
  int port() const;

 private:
  void accept();
  void on_accepted(Tcp::socket socket);

  boost::asio::io_context& io_;
  Tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  const ListenerLimits limits_;
  const Accepted accepted_;
  // Shared with the guards, which may outlive the listener.
  struct Counts {
    std::size_t all = 0;
    std::map<std::string, std::size_t> by_address;
  };
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  RepeatedLog refused_log_{LogLevel::warning};
  RepeatedLog failed_log_{LogLevel::error};
};

}  // namespace webmacs
