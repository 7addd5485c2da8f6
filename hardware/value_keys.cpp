#include "hardware/value_keys.h"

#include "common/parse_number.h"
#include "hardware/half_float.h"
#include "hardware/read_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace webmacs {
namespace {

constexpr int addresses = 65536;  // of each register kind

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::optional<RegisterPlace> read_register(IniSection& section, Register& where) {
  const std::string text = section.required_text("register");
  if (text.empty()) return std::nullopt;
  const auto written = parse_register(text);
  if (written) {
    where.kind = written->kind;
  } else {
    section.mistake("register", fmt::format("\"{}\" is not a register (coil, discrete, input or holding, a colon and "
                                            "an address 0-65535, e.g. holding:100)",
                                            text));
  }
  return written;
}

void read_type(IniSection& section, Register& where, bool where_known) {
  static const std::vector<std::string_view> words = {"bool",  "int16",  "uint16",  "int32",   "uint32",
                                                      "int64", "uint64", "float32", "float64", "float16"};
  const bool given = section.has("type");
  const std::string word = section.choice("type", "", words);
  where.type = where.is_bit_kind() ? ValueType::boolean : ValueType::uint16;
  if (!given) {
    if (where_known && !where.is_bit_kind())
      section.mistake("type", fmt::format("missing (required: {})", fmt::join(words, ", ")));
    return;
  }
  if (word.empty()) return;  // said already
  for (int i = 0; i < static_cast<int>(words.size()); ++i) {
    if (words[static_cast<std::size_t>(i)] == word) where.type = static_cast<ValueType>(i);
  }
  if (!where_known) return;
  if (where.is_bit_kind() && where.type != ValueType::boolean) {
    section.mistake("type", fmt::format("{} does not fit a {} (bool, or leave it out)", word, to_text(where.kind)));
    where.type = ValueType::boolean;
  }
}

void read_bit(IniSection& section, Register& where, bool where_known) {
  const bool given = section.has("bit");
  const int bit = static_cast<int>(section.integer("bit", 0, 0, 15));
  if (!where_known) return;
  const bool wanted = where.type == ValueType::boolean && !where.is_bit_kind();
  if (wanted && !given)
    section.mistake("bit", "missing (a bool on a register is one of its bits, 0-15; 0 is the lowest)");
  if (!wanted && given)
    section.mistake("bit", "has no meaning here (only with type = bool on an input or holding register)");
  where.bit = wanted ? bit : -1;
}

Decimal read_decimal(IniSection& section, std::string_view key, const Decimal& fallback) {
  if (!section.optional_number(key, -any_number, any_number)) return fallback;
  const auto number = parse_decimal(section.text(key));
  if (!number) section.mistake(key, fmt::format("has more than {} digits (that many are kept)", most_decimal_digits));
  return number.value_or(fallback);
}

ByteOrder read_order(IniSection& section) {
  const std::string word =
      section.choice("order", "ABCD", {"ABCD", "CDAB", "BADC", "DCBA", "ABCDEFGH", "GHEFCDAB", "BADCFEHG", "HGFEDCBA"});
  if (word == "CDAB" || word == "GHEFCDAB") return ByteOrder::cdab;
  if (word == "BADC" || word == "BADCFEHG") return ByteOrder::badc;
  if (word == "DCBA" || word == "HGFEDCBA") return ByteOrder::dcba;
  return ByteOrder::abcd;
}

template <typename Integer>
void add_integer(std::string_view text, std::vector<std::uint64_t>& bits) {
  if (const auto number = parse_number<Integer>(text)) {
    bits.push_back(static_cast<std::make_unsigned_t<Integer>>(*number));
  }
}

template <typename Float, typename Bits>
void add_float(std::string_view text, std::vector<std::uint64_t>& bits) {
  Float number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (parsed != end || error != std::errc() || !std::isfinite(number)) return;
  for (const Float each : {number, -number}) {
    if (each != number) continue;  // a zero has two signs
    Bits pattern = 0;
    std::memcpy(&pattern, &each, sizeof pattern);
    bits.push_back(pattern);
  }
}

void add_half(std::string_view text, std::vector<std::uint64_t>& bits) {
  const auto number = parse_decimal(text);
  const double half = number ? nearest_double(*number) : HUGE_VAL;
  if (std::abs(half) >= 65520) return;  // what no half is nearest to
  bits.push_back(nearest_half(half));
  if (half == 0) bits.push_back(nearest_half(-half));
}

// What a raw value may look like, as the bits of its type; empty when the text is none.
std::vector<std::uint64_t> raw_bits_of(std::string_view text, const Register& where) {
  std::vector<std::uint64_t> bits;
  const int width = 16 * where.count();
  if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X") {
    const auto pattern = parse_number<std::uint64_t>(text.substr(2), 16);
    if (pattern && (width == 64 || *pattern >> width == 0)) bits.push_back(*pattern);
    return bits;
  }
  switch (where.type) {
    case ValueType::boolean:
      break;
    case ValueType::int16:
      add_integer<std::int16_t>(text, bits);
      break;
    case ValueType::uint16:
      add_integer<std::uint16_t>(text, bits);
      break;
    case ValueType::int32:
      add_integer<std::int32_t>(text, bits);
      break;
    case ValueType::uint32:
      add_integer<std::uint32_t>(text, bits);
      break;
    case ValueType::int64:
      add_integer<std::int64_t>(text, bits);
      break;
    case ValueType::uint64:
      add_integer<std::uint64_t>(text, bits);
      break;
    case ValueType::float32:
      add_float<float, std::uint32_t>(text, bits);
      break;
    case ValueType::float64:
      add_float<double, std::uint64_t>(text, bits);
      break;
    case ValueType::float16:
      add_half(text, bits);
      break;
  }
  return bits;
}

void read_invalid(IniSection& section, Register& where, bool where_known) {
  const std::vector<std::string> items = section.list("invalid");
  if (items.empty() || !where_known) return;
  if (where.type == ValueType::boolean) {
    section.mistake("invalid",
                    "has no meaning with a bool (both of its values are valid; bad_when looks at a register)");
    return;
  }
  for (const std::string& item : items) {
    const std::vector<std::uint64_t> bits = raw_bits_of(item, where);
    where.invalid.insert(where.invalid.end(), bits.begin(), bits.end());
    if (!bits.empty()) continue;
    section.mistake("invalid", fmt::format("\"{}\" is not a raw value of {} (a number that it can hold, or its "
                                           "registers in order ABCD, 0x and up to {} digits)",
                                           item, to_text(where.type), 4 * where.count()));
  }
}

// "holding:75 bit=5", "holding:75 bit=5 = 0", "holding:75 = 2,3", "discrete:5". Empty when it is none of them.
struct Condition {
  RegisterPlace written;
  StatusRegister status;
};
std::optional<Condition> parse_condition(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of(" \t="), text.size());
  const auto written = parse_register(text.substr(0, end));
  if (!written) return std::nullopt;
  Condition condition{*written, {}};
  std::string_view rest = trimmed(text.substr(end));
  if (rest.substr(0, 3) == "bit") {
    rest = trimmed(rest.substr(3));
    if (rest.empty() || rest.front() != '=') return std::nullopt;
    rest = trimmed(rest.substr(1));
    const std::size_t digits = std::min(rest.find_first_of(" \t="), rest.size());
    const auto bit = parse_number<int>(rest.substr(0, digits));
    if (!bit || *bit < 0 || *bit > 15 || is_bits(written->kind)) return std::nullopt;
    condition.status.bit = *bit;
    rest = trimmed(rest.substr(digits));
  }
  const bool one_bit = is_bits(written->kind) || condition.status.bit >= 0;
  if (rest.empty()) {
    if (!one_bit) return std::nullopt;
    condition.status.bad = {1};
    return condition;
  }
  if (rest.front() != '=') return std::nullopt;
  rest.remove_prefix(1);
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = trimmed(rest.substr(0, comma));
    const auto value = parse_word(item);
    if (!value || (one_bit && *value > 1)) return std::nullopt;
    condition.status.bad.push_back(*value);
    more = comma != std::string_view::npos;
    rest.remove_prefix(more ? comma + 1 : rest.size());
  }
  return condition;
}

// The address as it goes over the wire; empty when it lies before the device's first one.
std::optional<std::uint16_t> wire_address(IniSection& section, std::string_view key, int address,
                                          const ValuePlace& place) {
  if (address >= place.first_address) return static_cast<std::uint16_t>(address - place.first_address);
  section.mistake(key, fmt::format("address {} lies before the first one (device {} counts from {})", address,
                                   place.device, place.first_address));
  return std::nullopt;
}

// Whether the value fits between the device's first address and the last one there is, and into one request.
void put_value(IniSection& section, Register& where, int address, const ValuePlace& place) {
  const auto first = wire_address(section, "register", address, place);
  if (!first) return;
  if (*first + where.count() > addresses) {
    section.mistake("register", fmt::format("{} at {} reaches beyond the last register ({})", to_text(where.type),
                                            address, addresses - 1 + place.first_address));
    return;
  }
  where.address = *first;
  if (where.is_bit_kind() || where.count() <= place.max_registers) return;
  section.mistake("type", fmt::format("{} needs {} registers in one request (device {} has max_registers = {})",
                                      to_text(where.type), where.count(), place.device, place.max_registers));
}

void read_bad_when(IniSection& section, Register& where, bool where_known, const ValuePlace* place) {
  const std::string text = section.text("bad_when");
  if (text.empty()) return;
  auto condition = parse_condition(text);
  if (!condition) {
    section.mistake("bad_when", fmt::format("\"{}\" is not a condition (a register and what in it means \"not valid\": "
                                            "holding:75 bit=5, holding:75 bit=5 = 0, holding:75 = 2,3 or discrete:5)",
                                            text));
    return;
  }
  if (!where_known) return;
  if (condition->written.kind != where.kind) {
    section.mistake("bad_when", fmt::format("{} cannot be read in one request with the value (it must be a {}, too)",
                                            to_text(condition->written.kind), to_text(where.kind)));
    return;
  }
  if (place == nullptr) return;
  const auto address = wire_address(section, "bad_when", condition->written.address, *place);
  if (!address) return;
  condition->status.address = *address;
  where.bad_when = condition->status;
  const int longest = longest_read(where.kind, place->max_registers);
  if (where.end() - where.first() <= longest) return;
  section.mistake("bad_when", fmt::format("lies too far from the value: both need {} in one request (at most {})",
                                          where.end() - where.first(), longest));
}

}  // namespace

Register read_value_keys(IniSection& section, const ValuePlace* place) {
  Register where;
  const auto written = read_register(section, where);
  read_type(section, where, written.has_value());
  read_bit(section, where, written.has_value());
  where.order = read_order(section);
  const Decimal scale = read_decimal(section, "scale", {1, 0});
  if (scale.coefficient == 0) section.mistake("scale", "must not be 0 (every value would be the offset)");
  where.scaling = Scaling(scale, read_decimal(section, "offset", {0, 0}));
  if (written && place != nullptr) put_value(section, where, written->address, *place);
  read_invalid(section, where, written.has_value());
  read_bad_when(section, where, written.has_value(), place);
  return where;
}

}  // namespace webmacs
