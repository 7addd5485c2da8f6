#include "hardware/register.h"

namespace webmacs {

int Register::count() const {
  if (is_bit_kind()) return 1;
  switch (type) {
    case ValueType::boolean:
    case ValueType::int16:
    case ValueType::uint16:
      return 1;
    case ValueType::int32:
    case ValueType::uint32:
    case ValueType::float32:
      return 2;
    case ValueType::int64:
    case ValueType::uint64:
    case ValueType::float64:
      return 4;
  }
  return 1;
}

bool operator==(const Register& a, const Register& b) {
  return a.kind == b.kind && a.address == b.address && a.type == b.type && a.order == b.order && a.bit == b.bit &&
         a.scale == b.scale && a.offset == b.offset;
}

std::string_view to_text(RegisterKind kind) {
  switch (kind) {
    case RegisterKind::coil:
      return "coil";
    case RegisterKind::discrete:
      return "discrete";
    case RegisterKind::input:
      return "input";
    case RegisterKind::holding:
      return "holding";
  }
  return "";
}

std::string_view to_text(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "bool";
    case ValueType::int16:
      return "int16";
    case ValueType::uint16:
      return "uint16";
    case ValueType::int32:
      return "int32";
    case ValueType::uint32:
      return "uint32";
    case ValueType::int64:
      return "int64";
    case ValueType::uint64:
      return "uint64";
    case ValueType::float32:
      return "float32";
    case ValueType::float64:
      return "float64";
  }
  return "";
}

std::string_view to_text(ByteOrder order) {
  switch (order) {
    case ByteOrder::abcd:
      return "ABCD";
    case ByteOrder::cdab:
      return "CDAB";
    case ByteOrder::badc:
      return "BADC";
    case ByteOrder::dcba:
      return "DCBA";
  }
  return "";
}

}  // namespace webmacs
