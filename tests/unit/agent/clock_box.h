#pragma once
// A box whose clocks a test sets.

#include "agent/rig_clock.h"
#include "agent_test_tools.h"

#include <chrono>

namespace webmacs::agent_tests {

inline const Timestamp noon = time_of(0);  // the right time at the box's start

struct Box {
  std::chrono::microseconds since_start{0};
  std::chrono::microseconds wrong_by{0};
  bool synchronised = false;

  SystemClocks clocks() {
    SystemClocks clocks;
    clocks.wall = [this] { return noon + since_start + wrong_by; };
    clocks.steady = [this] { return SystemClocks::Steady(std::chrono::hours(5)) + since_start; };
    clocks.synchronised = [this] { return synchronised; };
    return clocks;
  }
  void pass(std::chrono::microseconds time) { since_start += time; }
};

}  // namespace webmacs::agent_tests
