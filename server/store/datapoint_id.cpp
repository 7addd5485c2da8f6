#include "server/store/datapoint_id.h"

#include "common/timestamp.h"

#include <limits>

namespace webmacs {
namespace {

constexpr std::string_view id_prefix = "dp_";
constexpr int base = 36;

// Most significant digit first, zeros in front up to `width`.
void append_base36(std::string& out, std::int64_t number, std::size_t width) {
  char digits[16];
  std::size_t count = 0;
  for (; number > 0 || count < width; number /= base) {
    const int digit = static_cast<int>(number % base);
    digits[count++] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  while (count > 0) out += digits[--count];
}

std::optional<std::int64_t> parse_base36(std::string_view text) {
  std::int64_t number = 0;
  for (const char c : text) {
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'z') {
      digit = c - 'a' + 10;
    } else {
      return std::nullopt;
    }
    if (number > (std::numeric_limits<std::int64_t>::max() - digit) / base) return std::nullopt;
    number = number * base + digit;
  }
  return number;
}

}  // namespace

std::string datapoint_public_id(std::int64_t event_key, Timestamp time) {
  std::string id(id_prefix);
  append_base36(id, event_key, 1);
  append_datapoint_id_time(id, time);
  return id;
}

// The year 2200 in microseconds has eleven digits in base 36; always writing all of them keeps the id reversible
// without a separator.
void append_datapoint_id_time(std::string& out, Timestamp time) {
  append_base36(out, to_microseconds(time), datapoint_id_time_digits);
}

std::optional<DatapointKey> parse_datapoint_public_id(std::string_view public_id) {
  if (!public_id.starts_with(id_prefix)) return std::nullopt;
  const std::string_view digits = public_id.substr(id_prefix.size());
  // One datapoint has one id: a key is at least 1 and has no zeros in front.
  if (digits.size() <= datapoint_id_time_digits || digits.front() == '0') return std::nullopt;
  const auto event_key = parse_base36(digits.substr(0, digits.size() - datapoint_id_time_digits));
  const auto microseconds = parse_base36(digits.substr(digits.size() - datapoint_id_time_digits));
  if (!event_key || !microseconds) return std::nullopt;
  const Timestamp time = from_microseconds(*microseconds);
  if (!valid_timestamp(time)) return std::nullopt;
  return DatapointKey{*event_key, time};
}

}  // namespace webmacs
