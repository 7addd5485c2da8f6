#pragma once
// One TCP connection or serial line with the units behind it: one request at a time, each with one deadline, and no
// reply believed that did not pass every check. Belongs to the line's thread, but for interrupt().

#include "common/backoff.h"
#include "hardware/interrupt.h"
#include "hardware/modbus_channel.h"
#include "hardware/modbus_frame.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace webmacs {

struct ReadOutcome {
  enum class Kind {
    good,
    exception,      // the unit answered that it cannot: `exception` is its code
    timeout,        // no whole reply until the deadline
    disconnected,   // the connection broke before the reply was whole
    no_connection,  // there is none, and it is too early to try again or trying failed
    bad_reply,      // what came was not the answer to this request
    interrupted
  };
  Kind kind = Kind::no_connection;
  int exception = 0;
  std::string detail;  // for people: "Connection refused", "wrong transaction"; empty with good and exception
};

class ModbusLine {
 public:
  // `channel` need not be open: the first read opens it.
  explicit ModbusLine(std::unique_ptr<ModbusChannel> channel);
  ~ModbusLine();
  ModbusLine(const ModbusLine&) = delete;
  ModbusLine& operator=(const ModbusLine&) = delete;

  // Blocks for at most `pause`, the time to connect (`timeout`, at least 1 s) and twice `timeout`. `words` takes
  // request.count words when the outcome is good and is left alone otherwise. An idle connection that the peer has
  // closed meanwhile is replaced without a failure. After any outcome but good and exception the line resynchronises
  // before the next request. The deadline counts from before the request is sent, and a reply that is only read after
  // it is late whoever was slow: its value would get a time stamp that is not its own.
  ReadOutcome read(const ReadRequest& request, std::chrono::microseconds timeout, std::chrono::microseconds pause,
                   std::uint16_t* words);

  // Counts up with every new connection: what was learnt about a unit may not hold any more.
  std::uint64_t connections() const { return connections_; }

  // Sleeps, unless interrupted.
  void wait(std::chrono::microseconds time);
  bool interrupted() const { return interrupt_.raised(); }
  // Any thread: ends the read in progress and every later one.
  void interrupt() { interrupt_.raise(); }

 private:
  using Clock = std::chrono::steady_clock;

  bool ensure_open(std::chrono::microseconds timeout, ReadOutcome& outcome);
  ReadOutcome exchange(const ReadRequest& request, std::chrono::microseconds timeout, std::uint16_t* words);
  ReadOutcome receive(const ReadRequest& request, Clock::time_point deadline, std::uint16_t* words);
  bool discard_stray_bytes();
  void close();

  const std::unique_ptr<ModbusChannel> channel_;
  Interrupt interrupt_;
  int descriptor_ = -1;
  std::uint64_t connections_ = 0;
  Backoff backoff_;
  Clock::time_point next_open_;  // not before
  std::string open_error_;
  Clock::time_point last_frame_;  // when the last one was sent or received
  Clock::time_point settled_;     // a serial line stays quiet until then, so that late bytes have come
  std::array<std::uint8_t, longest_tcp_frame + 1> buffer_;  // one more than any frame: extra bytes show
};

// The line that these settings describe, and all others with the same settings.line().
std::shared_ptr<ModbusLine> make_modbus_line(const DeviceSettings& settings);

}  // namespace webmacs
