#pragma once
// One unit on a line: turns due events into few requests, and replies into values or reasons.

#include "common/backoff.h"
#include "common/timestamp.h"
#include "hardware/device.h"
#include "hardware/modbus_line.h"
#include "hardware/read_plan.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

// The rig's devices, grouped by line, in the file's order. Touches neither network nor ports: the first poll does.
std::vector<Line> open_lines(const RigSettings& rig);

// What it does with failures:
// - exception 2 or 3 on a merged request: bisects it in the same poll, delivers what is readable and remembers what is
//   not until the line reconnects; a value that is refused by itself is asked for again after 1 s … 60 s, and two that
//   could only be read apart are merged again after 60 s: one refusal in passing costs requests for no longer;
// - exception 5 or 6 (busy): asks again shortly, within `timeout` in all;
// - no reply, a bad one or a broken connection: asks again `retries` times, but only while the unit is up; then the
//   unit is down: what else this poll wanted is not asked for, and polls leave the line alone for 1 s … 60 s;
// - no connection: the line's own backoff decides, the same for all its units.
class ModbusDevice : public Device {
 public:
  using Clock = std::chrono::steady_clock;
  struct Clocks {
    // Where the values' time stamps come from; nothing else looks at it.
    Timestamp (*wall)() = utc_now;
    // What rests and backoffs are measured with.
    Clock::time_point (*steady)() = Clock::now;
  };

  ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line)
      : ModbusDevice(std::move(settings), std::move(line), Clocks{}) {}
  ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line, Clocks clocks);

  const DeviceSettings& settings() const override { return settings_; }
  std::vector<PolledValue> poll(const std::vector<const EventSettings*>& events) override;
  std::string error() const override { return error_; }
  void share_connection_of(const Device& other) override;
  void interrupt() override { line_->interrupt(); }

  // Requests sent since the start, retries and bisections included.
  std::uint64_t requests() const { return requests_; }

 private:
  struct Plan {
    std::vector<Register> registers;
    std::vector<PlannedRead> reads;
    std::uint64_t version = 0;  // of what is known about holes
  };
  struct Refusal {  // a value that the unit refuses by itself
    RegisterKind kind;
    int first;
    int end;
    int exception;
    Clock::time_point ask_again;
    Backoff backoff;
  };
  struct Seam {  // two values that could be read, but not together
    RegisterSpan span;
    Clock::time_point forget;
  };
  enum class Result {
    good,
    pieced,   // all of it, but in pieces: the place that cannot be read across is known
    refused,  // something in it is not readable
    failed    // the unit is down
  };

  Plan& plan_for(const std::vector<const EventSettings*>& events);
  Result run(const Plan& plan, const PlannedRead& read, std::vector<PolledValue>& values);
  Result bisect(const Plan& plan, const PlannedRead& read, int exception, std::vector<PolledValue>& values);
  ReadOutcome request(const PlannedRead& read);
  ReadOutcome request_once(const ReadRequest& request);

  Refusal* refusal_of(const PlannedRead& read);
  void remember_refusal(const PlannedRead& read, int exception);
  void forget_refusal(const PlannedRead& read);
  void remember_seam(const PlannedRead& left, const PlannedRead& right);
  void forget_old_seams();
  void forget_what_was_learnt();

  void note_answer();
  void note_failure(const ReadOutcome& outcome);
  void mark_bad(const PlannedRead& read, const std::string& reason, std::vector<PolledValue>& values) const;
  void deliver(const Plan& plan, const PlannedRead& read, std::vector<PolledValue>& values) const;
  std::string who() const;

  const DeviceSettings settings_;
  std::shared_ptr<ModbusLine> line_;
  const Clocks clocks_;
  std::vector<std::uint16_t> words_;  // of the last good reply

  std::vector<Plan> plans_;  // one per set of events that was due together
  std::size_t next_plan_ = 0;
  ReadHoles holes_;
  std::vector<Refusal> refusals_;
  std::vector<Seam> seams_;       // the oldest first
  ReadHoles logged_;              // refusals that the log has seen, reconnects or not
  std::uint64_t version_ = 1;     // of holes_: plans made before are stale
  std::uint64_t connection_ = 0;  // the one that holes_ was learnt on

  bool up_ = false;
  bool polled_ = false;
  std::string reason_;
  std::string error_ = "not polled yet";
  Backoff backoff_;
  Clock::time_point ask_again_;  // not before, while down
  std::uint64_t requests_ = 0;
};

}  // namespace webmacs
