#pragma once
// A line to a scripted peer, and whether what is read is what the peer's registers hold.

#include "hardware/modbus_line.h"
#include "scripted_peer.h"

namespace webmacs::line_tests {

using namespace std::chrono_literals;

using Kind = ReadOutcome::Kind;
using Bytes = ScriptedPeer::Bytes;
using Reaction = ScriptedPeer::Reaction;
using Clock = std::chrono::steady_clock;

inline Reaction right(const Bytes& request) {
  Reaction reaction;
  reaction.bytes = ScriptedPeer::right_reply(request);
  return reaction;
}

inline DeviceSettings settings(int port, Transport transport = Transport::tcp) {
  DeviceSettings device;
  device.transport = transport;
  device.host = "127.0.0.1";
  device.port = port;
  return device;
}

// A line, and whether what it read is what the peer's registers hold.
struct Reader {
  explicit Reader(int port, Transport transport = Transport::tcp) : line(make_modbus_line(settings(port, transport))) {}

  Kind read(int address, int count = 3, int unit = 1, RegisterKind kind = RegisterKind::holding) {
    const ReadRequest request{unit, kind, address, count};
    outcome = line->read(request, {.timeout = timeout}, words);
    if (outcome.kind != Kind::good) return outcome.kind;
    for (int i = 0; i < count; ++i) {
      if (words[i] != ScriptedPeer::value_at(unit, read_function(kind), address + i)) ++wrong_values;
    }
    return Kind::good;
  }

  std::shared_ptr<ModbusLine> line;
  std::chrono::microseconds timeout = 80ms;
  ReadOutcome outcome;
  std::uint16_t words[2000];
  int wrong_values = 0;
};

}  // namespace webmacs::line_tests
