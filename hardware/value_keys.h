#pragma once
// The keys of an [event:…] section that say where its value is and how it is read: register, type, order, bit, scale,
// offset, invalid and bad_when (configuration contract).

#include "common/ini.h"
#include "hardware/register.h"

#include <limits>
#include <string>

namespace webmacs {

// The bound of a key that takes any finite number.
constexpr double any_number = std::numeric_limits<double>::max();

// What must be known of a device before the values on it can be placed.
struct ValuePlace {
  std::string device;
  int first_address = 0;    // what the device's manual calls its first register
  int max_registers = 125;  // of one request
};

// Records every mistake in `section`; what is returned then is of no use. `place` is null where the section names no
// device that there is: then the addresses are checked no further.
Register read_value_keys(IniSection& section, const ValuePlace* place);

}  // namespace webmacs
