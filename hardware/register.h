#pragma once
// Where a value lives on a Modbus unit and how it is written there (MODBUS Application Protocol V1.1b3, section 4).

#include "hardware/scaling.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

enum class RegisterKind { coil, discrete, input, holding };

constexpr bool is_bits(RegisterKind kind) {
  return kind == RegisterKind::coil || kind == RegisterKind::discrete;
}

enum class ValueType { boolean, int16, uint16, int32, uint32, int64, uint64, float32, float64, float16 };

// How a value's bytes are laid into 16-bit registers; A is the most significant byte of a 32-bit value. 16-bit values
// swap their two bytes with badc and dcba; 64-bit values extend the pattern (cdab is GHEFCDAB).
enum class ByteOrder { abcd, cdab, badc, dcba };

// A register beside a value, of the same kind and read in the same request, that says when the value is not valid. Its
// contents are compared as one word, high byte first; a coil or discrete input holds 0 or 1.
struct StatusRegister {
  std::uint16_t address = 0;       // as it goes over the wire, counted from 0
  int bit = -1;                    // 0-15: that bit alone is compared; -1: the whole register
  std::vector<std::uint16_t> bad;  // contents that mean "not valid"
};

struct Register {
  RegisterKind kind = RegisterKind::holding;
  std::uint16_t address = 0;  // as it goes over the wire, counted from 0
  ValueType type = ValueType::uint16;
  ByteOrder order = ByteOrder::abcd;
  int bit = -1;                        // 0-15 with a boolean on an input or holding register; -1 otherwise
  Scaling scaling;                     // value = raw * scale + offset
  std::vector<std::uint64_t> invalid;  // raw values that mean "none", as bits of the type in order ABCD
  std::optional<StatusRegister> bad_when;

  bool is_bit_kind() const { return is_bits(kind); }
  int count() const {  // registers (or bits) it spans: 1, 2 or 4
    if (is_bit_kind() || type <= ValueType::uint16 || type == ValueType::float16) return 1;
    return type == ValueType::int32 || type == ValueType::uint32 || type == ValueType::float32 ? 2 : 4;
  }
  // What one request must cover, [first(), end()): the value and the register that says whether it is valid.
  int first() const { return bad_when ? std::min(address, bad_when->address) : address; }
  int end() const {
    const int value_end = address + count();
    return bad_when ? std::max(value_end, bad_when->address + 1) : value_end;
  }
};

// Inline like count(): both are asked for every value of every poll.
inline bool operator==(const StatusRegister& a, const StatusRegister& b) {
  return a.address == b.address && a.bit == b.bit && a.bad == b.bad;
}
inline bool operator==(const Register& a, const Register& b) {
  return a.kind == b.kind && a.address == b.address && a.type == b.type && a.order == b.order && a.bit == b.bit &&
         a.scaling == b.scaling && a.invalid == b.invalid && a.bad_when == b.bad_when;
}

// One register, or bit, by kind and address; which of the first one is 0 or 1 is the reader's matter.
struct RegisterPlace {
  RegisterKind kind = RegisterKind::holding;
  int address = 0;  // 0-65535
};
std::optional<RegisterPlace> parse_register(std::string_view text);  // "holding:100"; empty when it is no such text
std::optional<std::uint16_t> parse_word(std::string_view text);      // "32768" or "0x8000"

std::string_view to_text(RegisterKind kind);  // "holding"
std::string_view to_text(ValueType type);     // "float32"
std::string_view to_text(ByteOrder order);    // "ABCD"

}  // namespace webmacs
