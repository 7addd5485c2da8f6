#pragma once
// One client of a simulated line, by TCP or on a serial port: takes request frames apart, answers them in order, and
// misbehaves when the dice say so. Network thread only. Keeps itself alive while its descriptor is open.

#include "hardware/simulator/fault.h"
#include "hardware/simulator/journal.h"
#include "hardware/simulator/simulated_unit.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

// The units that one listening or serial port serves.
struct SimulatedLine {
  struct Member {
    SimulatedUnit unit;
    std::chrono::microseconds timeout;  // what its agent waits for a reply: late means later than that
    bool off = false;                   // answers nothing, as without power
  };
  bool rtu_frames = false;
  bool serial = false;            // nobody closes it, and who is not there does not answer
  std::map<int, Member> members;  // by unit id
};

// Shared by all sessions of a simulator.
struct SessionContext {
  FaultDice dice;
  std::unique_ptr<Journal> journal;  // may be null
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // The descriptor is a connected socket (non-blocking mode is set here) or the controlling side of a pty.
  Session(boost::asio::posix::stream_descriptor stream, SimulatedLine& line, SessionContext& context);
  void start() { receive(); }

 private:
  struct Frame {
    std::size_t size = 0;  // of the whole frame; 0 while it is not all there
    const std::uint8_t* pdu = nullptr;
    std::size_t pdu_size = 0;
    int unit = 0;
    bool broken = false;
  };

  void receive();
  void handle_buffered();
  Frame next_frame() const;
  void answer(const Frame& frame);
  bool touches_hole(const Frame& frame) const;
  void pack(const Frame& frame, const Pdu& reply);
  void corrupt(Fault fault);
  void note(const std::vector<SimulatedUnit::Served>& served);

  void send_after(std::chrono::microseconds delay);
  void send();
  void dribble(std::size_t sent, std::chrono::microseconds step);

  boost::asio::posix::stream_descriptor stream_;
  boost::asio::steady_timer timer_;
  SimulatedLine& line_;
  SessionContext& context_;
  std::array<std::uint8_t, 1024> received_;
  std::size_t received_size_ = 0;
  std::vector<std::uint8_t> reply_;
};

}  // namespace webmacs
