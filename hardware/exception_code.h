#pragma once
// The exception codes that this program acts on (MODBUS Application Protocol V1.1b3, section 7).

namespace webmacs {

enum ExceptionCode {
  illegal_function = 1,
  illegal_address = 2,
  illegal_value = 3,
  device_failure = 4,
  acknowledge = 5,
  device_busy = 6,
  no_path = 10,   // a gateway cannot reach the unit's line
  no_answer = 11  // a gateway waited for the unit in vain
};

// A gateway's word that it heard nothing from the unit: a timeout told in words.
constexpr bool means_silence(int exception) {
  return exception == no_path || exception == no_answer;
}

// What a unit answers to a request that it will not serve, however often it is asked.
constexpr bool means_refusal(int exception) {
  return exception >= illegal_function && exception <= device_failure;
}

}  // namespace webmacs
