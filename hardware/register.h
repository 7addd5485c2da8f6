#pragma once
// Where a value lives on a Modbus unit and how it is written there (MODBUS Application Protocol V1.1b3, section 4).

#include <cstdint>
#include <string>
#include <string_view>

namespace webmacs {

enum class RegisterKind { coil, discrete, input, holding };

enum class ValueType { boolean, int16, uint16, int32, uint32, int64, uint64, float32, float64 };

// How a value's bytes are laid into 16-bit registers; A is the most significant byte of a 32-bit value. 16-bit values
// swap their two bytes with badc and dcba; 64-bit values extend the pattern (cdab is GHEFCDAB).
enum class ByteOrder { abcd, cdab, badc, dcba };

struct Register {
  RegisterKind kind = RegisterKind::holding;
  std::uint16_t address = 0;  // as it goes over the wire, counted from 0
  ValueType type = ValueType::uint16;
  ByteOrder order = ByteOrder::abcd;
  int bit = -1;  // 0-15 with a boolean on an input or holding register; -1 otherwise
  double scale = 1;
  double offset = 0;  // value = raw * scale + offset

  bool is_bit_kind() const { return kind == RegisterKind::coil || kind == RegisterKind::discrete; }
  int count() const {  // registers (or bits) it spans: 1, 2 or 4
    if (is_bit_kind() || type <= ValueType::uint16) return 1;
    return type == ValueType::int32 || type == ValueType::uint32 || type == ValueType::float32 ? 2 : 4;
  }
};

// Inline like count(): both are asked for every value of every poll.
inline bool operator==(const Register& a, const Register& b) {
  return a.kind == b.kind && a.address == b.address && a.type == b.type && a.order == b.order && a.bit == b.bit &&
         a.scale == b.scale && a.offset == b.offset;
}

std::string_view to_text(RegisterKind kind);  // "holding"
std::string_view to_text(ValueType type);     // "float32"
std::string_view to_text(ByteOrder order);    // "ABCD"

}  // namespace webmacs
