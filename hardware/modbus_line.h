#pragma once
// One TCP connection or serial line with the units behind it: opened when it is needed, closed when it is of no more
// use, and no reply believed that did not pass every check. Belongs to the line's thread, but for interrupt() and
// units().

#include "common/backoff.h"
#include "hardware/gateway_stall.h"
#include "hardware/interrupt.h"
#include "hardware/line_report.h"
#include "hardware/modbus_channel.h"
#include "hardware/modbus_exchange.h"
#include "hardware/read_outcome.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace webmacs {

struct ReadTiming {
  std::chrono::microseconds timeout = std::chrono::seconds(1);
  std::chrono::microseconds pause{0};  // between requests
};

class ModbusLine {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    std::string name;
    bool echo = false;
    std::chrono::microseconds pause_after_connect{0};
  };

  // `channel` need not be open: the first read opens it.
  ModbusLine(std::unique_ptr<ModbusChannel> channel, Options options);
  ~ModbusLine();
  ModbusLine(const ModbusLine&) = delete;
  ModbusLine& operator=(const ModbusLine&) = delete;

  // Blocks until no reply is owed that could be mistaken (wait_for_owed), then for at most `pause`, the time to connect
  // and twice the time that the answers may take. Sends all that is not done, as many at once as it is given where the
  // channel can (Modbus TCP), and waits for the answers: `timeout` for each. An idle connection that the peer has
  // closed, or that is silent after more than 10 s without a request (a firewall may have forgotten it), is replaced
  // and used again, without a failure. A network connection is closed after three timeouts in a row, or when its
  // framing is lost; late replies to it are known.
  void exchange(std::span<Exchange> asked, const ReadTiming& timing);
  ReadOutcome read(const ReadRequest& request, const ReadTiming& timing, std::uint16_t* words, bool again = false);

  // Waits, at most until `latest`, until no reply is owed any more that could be taken for the answer to `request`
  // (owed_replies.h). False when it still has to wait. What comes meanwhile is thrown away.
  bool wait_for_owed(const ReadRequest& request, bool again, Clock::time_point latest);

  // Ends the connection; the next read opens it again.
  void close();

  // Counts up with every new connection: what was learnt about a unit may not hold any more.
  std::uint64_t connections() const { return connections_; }
  const ModbusChannel& channel() const { return *channel_; }
  const GatewayStall& stall() const { return stall_; }
  const LineReport& report() const { return report_; }

  // The units that share this line.
  void join() { ++units_; }
  void leave() { --units_; }
  int units() const { return units_; }
  // Of these, those that do not answer: they share what of the line's time may go into trying them.
  int dead_units = 0;

  // Sleeps, unless interrupted.
  void wait(std::chrono::microseconds time);
  bool interrupted() const { return interrupt_.raised(); }
  // Any thread: ends the read in progress and every later one.
  void interrupt() { interrupt_.raise(); }

 private:
  bool ensure_open(std::chrono::microseconds timeout, ReadOutcome& outcome);
  void run(std::span<Exchange> asked, std::chrono::microseconds timeout);
  void try_once(std::span<Exchange> asked, std::chrono::microseconds timeout);

  const std::unique_ptr<ModbusChannel> channel_;
  const Options options_;
  Interrupt interrupt_;
  LineReport report_;
  GatewayStall stall_;
  const std::unique_ptr<ModbusExchange> exchange_;
  std::atomic<int> units_{0};

  int descriptor_ = -1;
  std::uint64_t connections_ = 0;
  Backoff backoff_;
  Clock::time_point next_open_;  // not before
  std::string open_error_;
  Clock::time_point last_frame_;  // when the last one was sent or received
  int timeouts_in_a_row_ = 0;
};

// The line that these settings describe, and all others with the same settings.line().
std::shared_ptr<ModbusLine> make_modbus_line(const DeviceSettings& settings);

}  // namespace webmacs
