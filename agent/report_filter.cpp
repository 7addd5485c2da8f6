#include "agent/report_filter.h"

#include "hardware/exact_sum.h"

namespace webmacs {

ReportFilter::ReportFilter(const EventSettings& event)
    : event_public_id_(event.event_public_id), deadband_(event.deadband), max_silence_(event.max_silence) {}

std::optional<Reading> ReportFilter::pass(const PolledValue& polled, Instant due, bool forced) {
  if (!forced && !worth_reporting(polled, due)) return std::nullopt;
  const Timestamp time = stamp(polled.time);
  Reading reading{event_public_id_, time, polled.value, ""};
  if (!reading.good()) reading.reason = polled.reason.empty() ? "unknown" : polled.reason.substr(0, max_reason_bytes);
  last_ = Reported{polled.value, polled.reason, due, polled.time, time};
  return reading;
}

bool ReportFilter::worth_reporting(const PolledValue& polled, Instant due) const {
  if (!last_) return true;
  if (!polled.value) return last_->value.has_value() || last_->reason != polled.reason;
  if (!last_->value) return true;
  if (!deadband_) return true;
  return moved(*polled.value) || (max_silence_ && due - last_->due >= *max_silence_);
}

bool ReportFilter::moved(double value) const {
  return value != *last_->value && apart(value, *last_->value, *deadband_);
}

// (event, time) names a datapoint, so a time is used once: within one microsecond the next one is taken. A clock that
// was set back is let through: its times are what the operator wanted.
Timestamp ReportFilter::stamp(Timestamp measured) {
  const bool stepped_back = last_ && measured < last_->measured;
  if (!last_ || stepped_back || measured > last_->stamp) return measured;
  return last_->stamp + std::chrono::microseconds(1);
}

}  // namespace webmacs
