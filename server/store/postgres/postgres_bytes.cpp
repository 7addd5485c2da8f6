#include "server/store/postgres/postgres_bytes.h"

#include "common/utf8.h"

#include <cstring>

namespace webmacs {
namespace {

enum ElementType : std::uint32_t { element_int8 = 20, element_text = 25, element_float8 = 701 };

// Of an array in array_recv's format: dimensions, whether there are nulls, the elements' type, count, lower bound.
constexpr std::size_t null_flag_at = 4;
constexpr std::size_t count_at = 12;

std::uint32_t element_type(PostgresArray::Type type) {
  switch (type) {
    case PostgresArray::Type::integers:
      return element_int8;
    case PostgresArray::Type::reals:
      return element_float8;
    case PostgresArray::Type::texts:
      return element_text;
  }
  return 0;
}

void put(std::string& out, std::uint64_t number, int bytes) {
  char text[8];
  for (int i = 0; i < bytes; ++i) text[i] = static_cast<char>(number >> (8 * (bytes - 1 - i)));
  out.append(text, static_cast<std::size_t>(bytes));
}

}  // namespace

std::uint64_t read_big_endian(const char* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8U | static_cast<unsigned char>(bytes[i]);
  return number;
}

double read_real(const char* bytes) {
  const std::uint64_t bits = read_big_endian(bytes, 8);
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::string acceptable_text(std::string_view text) {
  std::string accepted;
  accepted.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = utf8_character_size(text);
    if (size == 0) {
      accepted += "\xEF\xBF\xBD";
    } else if (text[0] == '\0') {
      accepted += ' ';
    } else {
      accepted += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return accepted;
}

PostgresArrayWriter::PostgresArrayWriter(PostgresArray::Type type) : array_{type, {}} {
  put(array_.bytes, 1, 4);
  put(array_.bytes, 0, 4);
  put(array_.bytes, element_type(type), 4);
  put(array_.bytes, 0, 4);
  put(array_.bytes, 1, 4);
}

void PostgresArrayWriter::add(std::int64_t value) {
  put(array_.bytes, 8, 4);
  put(array_.bytes, static_cast<std::uint64_t>(value), 8);
  ++count_;
}

void PostgresArrayWriter::add(std::optional<double> value) {
  if (!value) return add_null();
  std::uint64_t bits = 0;
  std::memcpy(&bits, &*value, sizeof bits);
  put(array_.bytes, 8, 4);
  put(array_.bytes, bits, 8);
  ++count_;
}

void PostgresArrayWriter::add_text(std::string_view value) {
  const std::string text = acceptable_text(value);
  put(array_.bytes, text.size(), 4);
  array_.bytes += text;
  ++count_;
}

void PostgresArrayWriter::add_null() {
  put(array_.bytes, 0xFFFFFFFFU, 4);
  has_null_ = true;
  ++count_;
}

PostgresArray PostgresArrayWriter::finish() {
  std::string number;
  put(number, has_null_ ? 1 : 0, 4);
  array_.bytes.replace(null_flag_at, 4, number);
  number.clear();
  put(number, static_cast<std::uint64_t>(count_), 4);
  array_.bytes.replace(count_at, 4, number);
  return std::move(array_);
}

}  // namespace webmacs
