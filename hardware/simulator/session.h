#pragma once
// One client of a simulated line, by TCP or on a serial port: takes requests apart and sends what they are answered
// with. Network thread only. Keeps itself alive while its descriptor is open or a request of its waits.

#include "hardware/simulator/request_frame.h"
#include "hardware/simulator/simulated_line.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace webmacs {

class Session : public std::enable_shared_from_this<Session> {
 public:
  // The descriptor is a connected socket (non-blocking mode is set here) or the controlling side of a pty. `socket` is
  // let go when the connection ends.
  Session(boost::asio::posix::stream_descriptor stream, SimulatedLine& line, SessionContext& context,
          std::shared_ptr<void> socket = nullptr);
  void start();

 private:
  using Clock = SimulatedLine::Clock;

  void receive();
  bool take_requests(bool silence_follows);
  void take(const RequestFrame& frame);
  void await_silence();
  void answer(const Request& request);
  void send_after(std::chrono::microseconds delay);
  void send(std::size_t sent);
  template <typename Then>
  void write(const std::vector<std::uint8_t>& bytes, std::size_t first, std::size_t size, Then then);
  void end();

  LineBus& bus() { return line_.one_wire ? line_.bus : own_bus_; }

  boost::asio::posix::stream_descriptor stream_;
  boost::asio::steady_timer reply_timer_, silence_timer_;
  SimulatedLine& line_;
  SessionContext& context_;
  std::shared_ptr<void> socket_;
  const Clock::time_point made_ = Clock::now();
  LineBus own_bus_;
  std::array<std::uint8_t, 1024> arriving_;
  std::vector<std::uint8_t> received_;  // and not taken yet
  // Of the request that is answered.
  Reply reply_;
  std::vector<std::uint8_t> echo_;
};

}  // namespace webmacs
