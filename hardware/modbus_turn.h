#pragma once
// One poll of a unit while it runs.

#include "hardware/modbus_device.h"

#include <chrono>
#include <string>
#include <vector>

namespace webmacs {

struct ModbusDevice::Turn {
  struct Silent {
    const PlannedRead* read;
    ReadOutcome outcome;
  };

  const Plan& plan;
  std::vector<PolledValue>& values;
  Clock::time_point began = Clock::now();

  bool answered = false;                      // something was heard of the unit
  const PlannedRead* read_well = nullptr;     // one of the plan's that was
  bool over = false;                          // nothing more is asked in this poll
  std::string reason{};                       // for what was not asked any more
  bool too_silent = false;                    // over, because halving met nothing but silence
  bool tried_a_silent_one = false;            // a value that has been silent before was again
  int silences = 0;                           // in a row
  std::vector<bool> asked{};                  // by read: what ask_at_once() has settled
  std::vector<Silent> silent{};               // reads without an answer
  std::vector<const PlannedRead*> blocked{};  // have to wait for an owed reply
  ReadOutcome last_failure{};

  void end(const std::string& why) {
    over = true;
    reason = why;
  }
};

}  // namespace webmacs
