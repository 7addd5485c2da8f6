#pragma once
// The [device:…] and [event:…] part of a rig file: read by the agent and by the simulator (configuration contract).

#include "common/ini.h"
#include "hardware/register.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

enum class Transport { tcp, rtu, rtu_over_tcp };
enum class Parity { none, even, odd };
enum class ConnectionUse {
  keep,
  per_poll  // closed after each turn, for devices that serve one client at a time
};

constexpr int most_pipelined = 16;  // requests in flight at once

std::string_view to_text(Transport transport);  // "rtu_over_tcp"

struct DeviceSettings {
  std::string name;  // the section's label
  Transport transport = Transport::tcp;
  std::string host;    // tcp, rtu_over_tcp
  int port = 502;      // tcp, rtu_over_tcp
  std::string serial;  // rtu
  int baud = 19200;
  Parity parity = Parity::even;
  int stop_bits = 1;
  bool rs485 = false;
  bool echo = false;  // rtu, rtu_over_tcp: the adapter hears what it sends
  int unit = 1;
  // Until the reply is there; on serial lines the time that request and reply take on the wire is added.
  std::chrono::microseconds timeout = std::chrono::seconds(1);
  int retries = 1;
  std::chrono::microseconds pause{0};  // between requests
  int max_registers = 125;             // per request; 16 times as many bits, at most 2000
  int max_gap = 16;                    // unused registers that a merged request may span
  std::chrono::microseconds pause_after_connect{0};
  ConnectionUse connection = ConnectionUse::keep;
  int pipeline = 1;  // tcp: requests in flight at once

  // Devices with the same line share one connection and one thread: "tcp 10.0.0.5:502", "rtu /dev/ttyUSB0".
  std::string line() const;

  bool operator==(const DeviceSettings&) const = default;
};

struct EventSettings {
  std::string event_public_id;  // the section's label
  std::string device;
  Register where;
  std::string name;
  std::string unit;  // of measurement
  std::optional<double> min_value;
  std::optional<double> max_value;
  std::chrono::microseconds poll_interval{500000};  // its own, or the agent's
  std::optional<double> deadband;
  std::optional<std::chrono::microseconds> max_silence;  // set exactly with a deadband, never under poll_interval

  bool operator==(const EventSettings&) const = default;
};

struct RigSettings {
  std::vector<DeviceSettings> devices;
  std::vector<EventSettings> events;

  const DeviceSettings* device(std::string_view name) const;  // null when there is none
};

// Records every mistake in `file` (events that name no device, addresses beyond 65535, a float on a coil, one serial
// port with two baud rates, …); the caller calls file.finish() when it has read its own sections too.
RigSettings read_rig_settings(Ini& file, std::chrono::microseconds default_poll_interval);

}  // namespace webmacs
