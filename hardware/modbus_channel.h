#pragma once
// One way to reach units: how a line opens, frames a request and recognises its reply. Used by one ModbusLine, on its
// thread.

#include "hardware/interrupt.h"
#include "hardware/modbus_frame.h"
#include "hardware/rig_settings.h"

#include <chrono>
#include <memory>
#include <string>

namespace webmacs {

class ModbusChannel {
 public:
  virtual ~ModbusChannel() = default;

  // A descriptor to wait on and read from, non-blocking; -1 and why when there is none. The channel keeps owning it.
  virtual int open(std::chrono::microseconds timeout, const Interrupt& interrupt, std::string& error) = 0;
  virtual void close() = 0;

  // False when the request could not be sent whole.
  virtual bool send(const ReadRequest& request) = 0;
  // Judges the bytes that came since the last send().
  virtual ReplyCheck check(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) const = 0;

  // After an answer that cannot be trusted: true when a new connection leaves the old bytes behind; false when only
  // silence on the wire does.
  virtual bool resynchronises_by_closing() const = 0;
  // The silence that must lie between two frames.
  virtual std::chrono::microseconds gap() const = 0;
};

std::unique_ptr<ModbusChannel> make_tcp_channel(const DeviceSettings& settings);
// Serial lines and RTU over TCP, by libmodbus.
std::unique_ptr<ModbusChannel> make_rtu_channel(const DeviceSettings& settings);

}  // namespace webmacs
