#pragma once
// The speeds of a serial line that the operating system can set.

#include <algorithm>
#include <array>

namespace webmacs {

constexpr std::array<int, 13> baud_rates = {300,   600,   1200,   2400,   4800,   9600,  19200,
                                            38400, 57600, 115200, 230400, 460800, 921600};

inline bool is_baud_rate(long long rate) {
  return std::find(baud_rates.begin(), baud_rates.end(), rate) != baud_rates.end();
}

}  // namespace webmacs
