#pragma once
// Decides, for one event, which of its polls become readings: quality transitions, deadband, max_silence, and time
// stamps that strictly increase. Pure apart from its memory; belongs to the poller's thread.

#include "common/reading.h"
#include "hardware/device.h"
#include "hardware/rig_settings.h"

#include <chrono>
#include <optional>

namespace webmacs {

class ReportFilter {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit ReportFilter(const EventSettings& event);

  // The reading that this poll yields, if it is to be reported. `due` is when the poll was scheduled; `forced` reports
  // it whatever the deadband or an unchanged badness say.
  std::optional<Reading> pass(const PolledValue& polled, Instant due, bool forced);

 private:
  bool moved(double value) const;
  bool worth_reporting(const PolledValue& polled, Instant due) const;
  Timestamp stamp(Timestamp measured);

  std::string event_public_id_;
  std::optional<double> deadband_;
  std::optional<std::chrono::microseconds> max_silence_;

  struct Reported {
    std::optional<double> value;
    std::string reason;
    Instant due;
    Timestamp measured;  // as the device gave it
    Timestamp stamp;     // as it was reported
  };
  std::optional<Reported> last_;
};

}  // namespace webmacs
