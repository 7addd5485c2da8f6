#include "agent/buffer_row.h"

#include "common/timestamp.h"

#include <boost/crc.hpp>

#include <string_view>
#include <type_traits>

namespace webmacs {
namespace {

class Sum {
 public:
  template <typename T>
  Sum& add(T value) {
    static_assert(std::is_arithmetic_v<T>);
    crc_.process_bytes(&value, sizeof value);
    return *this;
  }
  Sum& add(std::string_view text) {
    add(text.size());
    crc_.process_bytes(text.data(), text.size());
    return *this;
  }
  std::int64_t value() const { return static_cast<std::int64_t>(crc_.checksum()); }

 private:
  boost::crc_32_type crc_;
};

}  // namespace

BufferedReading buffered_reading(const Statement& row, const std::string& event_public_id) {
  BufferedReading buffered;
  buffered.seq = row.integer(0);
  buffered.retried = row.integer(5) != 0;
  buffered.reading = {event_public_id, from_microseconds(row.integer(2)), std::nullopt, row.text(4)};
  if (const auto value = row.optional_real(3)) buffered.reading.value = measured_value(*value);
  return buffered;
}

std::int64_t row_sum(const BufferedReading& buffered) {
  const Reading& reading = buffered.reading;
  Sum sum;
  sum.add(buffered.seq).add(buffered.retried).add(to_microseconds(reading.time));
  sum.add(reading.value.has_value()).add(reading.value.value_or(0.0));
  return sum.add(std::string_view(reading.event_public_id)).add(std::string_view(reading.reason)).value();
}

std::int64_t meta_sum(std::int64_t next_seq, std::int64_t rows, std::int64_t dropped) {
  return Sum().add(next_seq).add(rows).add(dropped).value();
}

}  // namespace webmacs
