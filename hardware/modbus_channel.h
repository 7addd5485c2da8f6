#pragma once
// One way to reach units: how a line opens, how requests leave and what the wire costs. Used by one ModbusLine, on its
// thread.

#include "hardware/interrupt.h"
#include "hardware/modbus_frame.h"
#include "hardware/rig_settings.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>

namespace webmacs {

struct TaggedRequest {
  ReadRequest request;
  std::uint16_t transaction = 0;  // Modbus TCP
};

class ModbusChannel {
 public:
  virtual ~ModbusChannel() = default;

  // A descriptor to wait on and read from, non-blocking; -1 and why when there is none. The channel keeps owning it.
  virtual int open(std::chrono::microseconds timeout, const Interrupt& interrupt, std::string& error) = 0;
  virtual void close() = 0;

  // Sends all of them, at once where the line can take several. False when they could not be sent whole.
  virtual bool send(std::span<const TaggedRequest> requests) = 0;

  // Replies carry the transaction of their request (Modbus TCP); without it only their shape tells (RTU frames).
  virtual bool has_transactions() const = 0;
  // A network connection: a new one may succeed where the old one has died unnoticed.
  virtual bool is_network() const = 0;
  // The silence that must lie between two frames.
  virtual std::chrono::microseconds gap() const = 0;
  // How long so many bytes take on the wire; 0 where that is not worth counting.
  virtual std::chrono::microseconds time_on_wire(std::size_t bytes) const = 0;
};

std::unique_ptr<ModbusChannel> make_tcp_channel(const DeviceSettings& settings);
// Serial lines and RTU over TCP, by libmodbus.
std::unique_ptr<ModbusChannel> make_rtu_channel(const DeviceSettings& settings);

}  // namespace webmacs
