#pragma once
// The one port that serves everything. Who finds no place is turned away at once; running out of descriptors is one log
// line, and who waits is turned away too, never a spin. Network thread only.

#include "common/log.h"
#include "common/websocket/byte_stream.h"
#include "server/http/connection_places.h"
#include "server/http/reserve_descriptor.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace webmacs {

class Listener {
 public:
  // `place` is kept for as long as the connection lives.
  using Accepted = std::function<void(Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place)>;

  // Throws std::runtime_error that names the address and the port when it cannot be bound.
  Listener(boost::asio::io_context& io, const std::string& host, int port, ConnectionLimitsPerHub limits,
           Accepted accepted);

  void start();
  void close();
  int port() const;
  ConnectionPlaces& places() { return places_; }
  const ConnectionPlaces& places() const { return places_; }
  // Connections that were turned away because no descriptor was left.
  std::uint64_t turned_away() const { return turned_away_; }

 private:
  void accept();
  void on_accepted(Tcp::socket socket);
  void out_of_descriptors(error_code ec);
  void pause(const std::string& why);
  void accept_after(std::chrono::milliseconds rest);

  Tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  const Accepted accepted_;
  ConnectionPlaces places_;
  ReserveDescriptor reserve_;
  std::uint64_t turned_away_ = 0;
  int turned_away_in_a_row_ = 0;
  RepeatedLog descriptors_log_{LogLevel::error};
  RepeatedLog failed_log_{LogLevel::error};
};

}  // namespace webmacs
