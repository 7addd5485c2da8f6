#pragma once
// What the agent's tests share: readings, fake devices, a loop that runs until something holds.

#include "agent/buffer_file.h"
#include "agent/outbox.h"
#include "common/timestamp.h"
#include "hardware/device.h"
#include "unit/temporary_folder.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace webmacs::agent_tests {

using namespace std::chrono_literals;

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

inline Timestamp time_of(std::int64_t number) {
  return from_microseconds(1'700'000'000'000'000 + number * 1000);
}

// The n-th reading of a sequence: its time and value both say which one it is.
inline Reading numbered(std::int64_t number, const std::string& event = "evt_a") {
  return {event, time_of(number), static_cast<double>(number), ""};
}

inline std::vector<Reading> numbered_range(std::int64_t first, std::int64_t count) {
  std::vector<Reading> readings;
  for (std::int64_t i = 0; i < count; ++i) readings.push_back(numbered(first + i));
  return readings;
}

// Runs the loop until `holds`; false when it does not in time.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& holds,
                      std::chrono::milliseconds patience = 5000ms) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.restart();
    io.run_for(5ms);
  }
  return true;
}

inline void run_for(boost::asio::io_context& io, std::chrono::milliseconds time) {
  io.restart();
  io.run_for(time);
}

inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = 5000ms) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

// What a test tells a fake device, and what the device saw. Any thread.
struct FakeUnit {
  using Answer = std::function<PolledValue(const EventSettings&)>;

  void answer_with(Answer answer) {
    const std::lock_guard<std::mutex> lock(mutex);
    answer_ = std::move(answer);
  }
  void answer_value(double value) {
    answer_with([value](const EventSettings&) { return PolledValue{utc_now(), value, "", {}}; });
  }
  void answer_bad(const std::string& reason) {
    answer_with([reason](const EventSettings&) { return PolledValue{utc_now(), std::nullopt, reason, {}}; });
  }
  std::vector<std::vector<std::string>> polls() {
    const std::lock_guard<std::mutex> lock(mutex);
    return polls_;
  }
  std::size_t poll_count() { return polls().size(); }

  std::atomic<int> poll_takes_ms{0};
  std::atomic<bool> hangs{false};              // in poll(), until interrupted …
  std::atomic<bool> ignores_interrupt{false};  // … or until `hangs` is cleared
  std::atomic<bool> offline{false};

  std::mutex mutex;
  std::condition_variable wake;
  bool interrupted = false;                                                                   // guarded by mutex
  std::vector<std::vector<std::string>> polls_;                                               // guarded by mutex
  Answer answer_ = [](const EventSettings&) { return PolledValue{utc_now(), 1.0, "", {}}; };  // guarded by mutex
};

class FakeDevice : public Device {
 public:
  FakeDevice(std::string name, std::shared_ptr<FakeUnit> unit) : unit_(std::move(unit)) {
    settings_.name = std::move(name);
    settings_.host = "fake";
  }
  FakeDevice(DeviceSettings settings, std::shared_ptr<FakeUnit> unit)
      : settings_(std::move(settings)), unit_(std::move(unit)) {}

  const DeviceSettings& settings() const override { return settings_; }
  std::string error() const override { return unit_->offline ? "timeout" : ""; }

  std::vector<PolledValue> poll(const std::vector<const EventSettings*>& events) override {
    std::unique_lock<std::mutex> lock(unit_->mutex);
    std::vector<std::string> names;
    for (const EventSettings* event : events) names.push_back(event->event_public_id);
    unit_->polls_.push_back(names);
    unit_->wake.wait_for(lock, std::chrono::milliseconds(unit_->poll_takes_ms), [this] { return unit_->interrupted; });
    while (unit_->hangs && (unit_->ignores_interrupt || !unit_->interrupted)) unit_->wake.wait_for(lock, 5ms);
    std::vector<PolledValue> values;
    for (const EventSettings* event : events) {
      values.push_back(unit_->interrupted ? PolledValue{utc_now(), std::nullopt, "interrupted", {}}
                                          : unit_->answer_(*event));
    }
    return values;
  }

  void interrupt() override {
    {
      const std::lock_guard<std::mutex> lock(unit_->mutex);
      unit_->interrupted = true;
    }
    unit_->wake.notify_all();
  }

 private:
  DeviceSettings settings_;
  std::shared_ptr<FakeUnit> unit_;
};

inline EventSettings event_of(const std::string& device, const std::string& id, std::chrono::microseconds interval) {
  EventSettings event;
  event.device = device;
  event.event_public_id = id;
  event.poll_interval = interval;
  return event;
}

}  // namespace webmacs::agent_tests
