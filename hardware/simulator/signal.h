#pragma once
// What a simulated sensor shows at an instant: slow waves with a little noise for a quantity, a switch now and then for
// a coil, a rare short alarm for an input. A pure function of event and time, so that a restart continues the curve.

#include "hardware/rig_settings.h"

#include <cstdint>

namespace webmacs {

class Signal {
 public:
  explicit Signal(const EventSettings& event);

  // Inside min_value … max_value (without them 0 … 100) and what the register can hold. `seconds` of any epoch.
  double at(double seconds) const;

 private:
  double analog_at(double seconds) const;
  bool switch_at(double seconds) const;

  std::uint64_t seed_;
  bool digital_;
  bool alarm_;
  double least_ = 0;
  double most_ = 1;
};

// The `count`-th value (1, 2, 3, …) of a counter that fits the event's type and wraps around there; a bool alternates.
double counter_value(const Register& where, std::uint64_t count);

}  // namespace webmacs
