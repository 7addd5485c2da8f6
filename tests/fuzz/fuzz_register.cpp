// Any registers decode to a finite value or to none, and the value that they decode to is written back as itself. Any
// set of registers gives a plan that covers each value once and whole.

#include "common/reading.h"
#include "hardware/read_plan.h"
#include "hardware/register_codec.h"
#include "property.h"

#include <cmath>
#include <cstring>
#include <vector>

using namespace webmacs;

namespace {

Register register_of(const std::uint8_t* data) {
  Register where;
  where.kind = static_cast<RegisterKind>(data[0] % 4);
  where.type = where.is_bit_kind() ? ValueType::boolean : static_cast<ValueType>(data[1] % 9);
  where.order = static_cast<ByteOrder>(data[0] / 4 % 4);
  if (where.type == ValueType::boolean && !where.is_bit_kind()) where.bit = data[1] / 9 % 16;
  const int address = data[2] << 8 | data[3];
  where.address = static_cast<std::uint16_t>(address + where.count() <= 65536 ? address : 65536 - where.count());
  return where;
}

void check_codec(const Register& where, const std::uint8_t* data) {
  std::uint16_t words[4];
  std::memcpy(words, data, sizeof words);
  const auto value = decode_value(where, words);
  if (!value) {
    WEBMACS_PROPERTY(where.type == ValueType::float32 || where.type == ValueType::float64);
    return;
  }
  WEBMACS_PROPERTY(std::isfinite(*value));
  std::uint16_t written[4];
  std::memcpy(written, words, sizeof words);
  encode_value(where, *value, written);
  WEBMACS_PROPERTY(decode_value(where, written) == value);
}

void check_plan(const std::vector<Register>& registers, const ReadLimits& limits, const ReadHoles& holes) {
  std::vector<int> covered(registers.size());
  for (const PlannedRead& read : plan_reads(registers, limits, holes)) {
    WEBMACS_PROPERTY(read.count >= 1 && read.address + read.count <= 65536);
    for (const std::size_t value : read.values) {
      const Register& where = registers[value];
      ++covered[value];
      WEBMACS_PROPERTY(where.kind == read.kind && where.address >= read.address);
      WEBMACS_PROPERTY(where.address + where.count() <= read.address + read.count);
      const int longest = where.is_bit_kind() ? 16 * limits.max_registers : limits.max_registers;
      WEBMACS_PROPERTY(read.count <= longest || read.count == where.count());
    }
    PlannedRead left;
    PlannedRead right;
    if (!split_read(registers, read, left, right)) continue;
    WEBMACS_PROPERTY(left.values.size() + right.values.size() == read.values.size());
    WEBMACS_PROPERTY(!left.values.empty() && !right.values.empty());
  }
  for (const int times : covered) WEBMACS_PROPERTY(times == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 12) return 0;
  check_codec(register_of(data), data + 4);
  const ReadLimits limits{4 + data[0] % 122, data[1] % 125};
  ReadHoles holes;
  std::vector<Register> registers;
  for (std::size_t at = 4; at + 4 <= size; at += 4) {
    const Register where = register_of(data + at);
    registers.push_back(where);
    if (data[at] / 16 == 0) holes.add(where.kind, where.address, where.address + where.count());
  }
  check_plan(registers, limits, holes);
  return 0;
}
