#pragma once
// One unit on a line: turns due events into few requests, and replies into values or reasons.

#include "common/timestamp.h"
#include "hardware/device.h"
#include "hardware/modbus_line.h"
#include "hardware/read_plan.h"
#include "hardware/read_troubles.h"
#include "hardware/unit_rest.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

// What becomes of failures:
// - a read that is refused (exception 1-4, another number of registers than asked for) or not answered while the unit
//   answers others is that read's trouble: a merged one is halved in the same poll, what is readable is delivered, and
//   what is not is remembered (read_troubles.h);
// - no reply, exception 10 or 11, a bad reply or a broken connection: asked again `retries` times while the unit is not
//   known to be away, or is alone on its line;
// - a poll without any answer: the unit rests between tries (unit_rest.h), each of which is one request for one value,
//   but not when another unit's silence stops the line (gateway_stall.h);
// - exception 5 or 6 (busy): asked again shortly, within `timeout` in all;
// - no connection: the line's own backoff decides, the same for all its units.
class ModbusDevice : public Device {
 public:
  using Clock = std::chrono::steady_clock;
  struct Clocks {
    // Where the values' time stamps come from; nothing else looks at it.
    std::function<Timestamp()> wall = utc_now;
    // What rests and backoffs are measured with.
    Clock::time_point (*steady)() = Clock::now;
  };

  ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line)
      : ModbusDevice(std::move(settings), std::move(line), Clocks{}) {}
  ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line, Clocks clocks);
  ~ModbusDevice() override;

  const DeviceSettings& settings() const override { return settings_; }
  std::vector<PolledValue> poll(const std::vector<const EventSettings*>& events) override;
  void end_turn() override;
  std::string error() const override { return error_; }
  std::string advice() const override;
  void share_connection_of(const Device& other) override;
  void interrupt() override { line_->interrupt(); }

  // Requests sent since the start, retries and bisections included.
  std::uint64_t requests() const { return requests_; }

 private:
  struct Plan {
    std::vector<Register> registers{};
    std::vector<PlannedRead> reads{};
    std::chrono::microseconds interval{};  // the shortest of its events
    std::uint64_t version = 0;             // of the troubles that it goes around
  };
  struct Turn;  // one poll
  enum class Piece { good, apart, bad };

  Plan& plan_for(const std::vector<const EventSettings*>& events);
  bool rests();
  void tell_what_it_costs(std::chrono::microseconds cost, std::chrono::microseconds pause);

  void ask_for_one_value(Turn& turn);
  void ask_at_once(Turn& turn);
  void ask(Turn& turn, const PlannedRead& read);
  void ask_blocked(Turn& turn);
  void judge(Turn& turn, const PlannedRead& read, const ReadOutcome& outcome);
  void finish(Turn& turn);
  Piece ask_piece(Turn& turn, const PlannedRead& read, ReadOutcome& outcome);
  Piece take_apart(Turn& turn, const PlannedRead& read, const ReadOutcome& outcome);
  Piece settle_piece(Turn& turn, const PlannedRead& read, Piece piece, const ReadOutcome& outcome);
  bool still_answers(Turn& turn);
  static bool is_one_value(const Plan& plan, const PlannedRead& read);
  void rest_each(const Turn& turn, const PlannedRead& read, const ReadOutcome& outcome);
  std::chrono::microseconds cost_of_silence() const;

  const std::string* resting(const Turn& turn, const PlannedRead& read) const;
  ReadRequest request_of(const PlannedRead& read) const;
  ReadTiming timing() const { return {settings_.timeout, settings_.pause}; }
  bool may_retry(const Turn& turn, const PlannedRead& read) const;
  ReadOutcome request(Turn& turn, const PlannedRead& read);
  ReadOutcome repeat(Turn& turn, const PlannedRead& read, ReadOutcome outcome);
  ReadOutcome request_once(const ReadRequest& request, bool again);

  void note_answer(Turn& turn);
  void note_failure(const Turn& turn);
  void note_connection();
  void mark_bad(Turn& turn, const PlannedRead& read, const std::string& reason) const;
  void deliver(Turn& turn, const PlannedRead& read, const std::uint16_t* words) const;
  std::string who() const;

  const DeviceSettings settings_;
  std::shared_ptr<ModbusLine> line_;
  const Clocks clocks_;
  std::vector<std::uint16_t> words_;          // of the last good reply
  std::vector<std::uint16_t> words_at_once_;  // of those that were asked for at once

  std::vector<Plan> plans_;  // one per set of events that was due together
  std::size_t next_plan_ = 0;
  ReadTroubles troubles_;
  std::uint64_t connection_ = 0;  // the one that the troubles were learnt on

  UnitRest rest_;
  bool told_down_ = false;     // the log knows
  bool counted_dead_ = false;  // the line knows
  std::chrono::microseconds told_cost_{};
  std::uint32_t late_replies_seen_ = 0;
  std::size_t next_value_ = 0;  // that a unit which is away is asked for
  std::string reason_;          // of the bad values while it rests
  std::string failure_;         // what the last try brought
  std::string error_ = "not polled yet";
  std::uint64_t requests_ = 0;
};

// The rig's devices, grouped by line, in the file's order. Touches neither network nor ports: the first poll does.
std::vector<Line> open_lines(const RigSettings& rig, const ModbusDevice::Clocks& clocks = {});

}  // namespace webmacs
