#include "hardware/register.h"

#include "common/parse_number.h"

namespace webmacs {

std::optional<RegisterPlace> parse_register(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto address = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!address) return std::nullopt;
  for (const RegisterKind kind :
       {RegisterKind::coil, RegisterKind::discrete, RegisterKind::input, RegisterKind::holding}) {
    if (text.substr(0, colon) == to_text(kind)) return RegisterPlace{kind, *address};
  }
  return std::nullopt;
}

std::optional<std::uint16_t> parse_word(std::string_view text) {
  const bool hex = text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X";
  return hex ? parse_number<std::uint16_t>(text.substr(2), 16) : parse_number<std::uint16_t>(text);
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
    case ValueType::float16:
      return "float16";
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
