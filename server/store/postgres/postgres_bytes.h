#pragma once
// PostgreSQL's binary formats, as far as we speak them: big-endian numbers, and arrays of them. Pure.

#include "server/store/postgres/postgres_connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

std::uint64_t read_big_endian(const char* bytes, std::size_t count);
double read_real(const char* bytes);

// What PostgreSQL takes as text: valid UTF-8 without NUL. What is not becomes U+FFFD, a NUL a space: one odd text must
// never make a whole transaction fail.
std::string acceptable_text(std::string_view text);

// Builds the parameter of a one-dimensional array, element by element.
class PostgresArrayWriter {
 public:
  explicit PostgresArrayWriter(PostgresArray::Type type);
  void add(std::int64_t value);
  void add(std::optional<double> value);
  void add_text(std::string_view value);
  void add_null();
  PostgresArray finish();

 private:
  PostgresArray array_;
  std::int32_t count_ = 0;
  bool has_null_ = false;
};

}  // namespace webmacs
