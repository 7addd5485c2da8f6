#include "hardware/register.h"

namespace webmacs {

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
