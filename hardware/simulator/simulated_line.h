#pragma once
// The units that one listening or serial port serves, and what each request to them is answered with. Network thread
// only.

#include "hardware/simulator/fault.h"
#include "hardware/simulator/journal.h"
#include "hardware/simulator/line_bus.h"
#include "hardware/simulator/quirks.h"
#include "hardware/simulator/simulated_unit.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class Session;

struct SimulatedLine {
  using Clock = std::chrono::steady_clock;

  struct Member {
    SimulatedUnit unit;
    std::chrono::microseconds timeout;  // what its agent waits for a reply: late means later than that
    UnitQuirks quirks = {};
    bool off = false;                  // answers nothing, as without power
    Clock::time_point last_request{};  // for one that sleeps
  };
  bool rtu_frames = false;
  bool serial = false;                         // nobody closes it
  std::chrono::microseconds frame_silence{0};  // what ends an RTU frame
  LineQuirks quirks = {};
  std::map<int, Member> members = {};  // by unit id
  // Of a serial line, and of a gateway that waits: one wire for all clients. A serial server sends what comes from it
  // to whoever connected last. Settled before the first client comes.
  bool one_wire = false;
  LineBus bus = {};
  std::weak_ptr<Session> newest = {};
};

// Shared by all sessions of a simulator.
struct SessionContext {
  FaultDice dice;
  std::unique_ptr<Journal> journal;  // may be null
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;
};

struct Request {
  std::vector<std::uint8_t> frame;  // as it was received
  int unit = 0;
  std::vector<std::uint8_t> pdu;
  SimulatedLine::Clock::time_point arrived = SimulatedLine::Clock::now();
};

struct Reply {
  std::vector<std::uint8_t> bytes;     // with framing; none: silence
  std::chrono::microseconds delay{0};  // before it, or before the silence ends
  std::chrono::microseconds step{0};   // between its bytes
  bool disconnects = false;            // instead
};

Reply reply_to(const Request& request, SimulatedLine& line, SessionContext& context);

}  // namespace webmacs
