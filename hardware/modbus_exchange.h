#pragma once
// One round of requests on an open line: what is sent, what is waited for, and which of the frames that come are its
// answers. Two kinds: by transaction (Modbus TCP, several requests at once) and by shape (RTU frames, one request).
// Used by one ModbusLine, on its thread.

#include "hardware/gateway_stall.h"
#include "hardware/line_report.h"
#include "hardware/modbus_channel.h"
#include "hardware/read_outcome.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>

namespace webmacs {

// One request and what became of it.
struct Exchange {
  ReadRequest request;
  std::uint16_t* words = nullptr;  // takes request.count words; of no use unless the outcome is good
  bool again = false;              // sent before without an answer
  ReadOutcome outcome{};
  bool done = false;
  std::uint16_t transaction = 0;  // Modbus TCP: of the last time that it was sent

  void end(ReadOutcome with) {
    outcome = std::move(with);
    done = true;
  }
};

// What the kinds have in common: the line that they work on.
struct ExchangeSite {
  ModbusChannel& channel;
  const Interrupt& interrupt;
  LineReport& report;
  GatewayStall& stall;
};

class ModbusExchange {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~ModbusExchange() = default;

  // There is a new connection: what had come of the old one is gone.
  virtual void connected(int descriptor) = 0;
  // Takes what has come since the last round. False when the connection is lost or out of step.
  virtual bool clear() = 0;
  // When this request may be sent; empty: now.
  virtual std::optional<Clock::time_point> blocked_until(const ReadRequest& request, bool again) = 0;
  // Sends all that is not done and waits for the answers: `timeout` for each from the one before. Every exchange is
  // done afterwards. False when the connection is of no more use.
  virtual bool run(std::span<Exchange> asked, std::chrono::microseconds timeout) = 0;
};

std::unique_ptr<ModbusExchange> make_tcp_exchange(const ExchangeSite& site);
std::unique_ptr<ModbusExchange> make_rtu_exchange(const ExchangeSite& site, bool echo);

}  // namespace webmacs
