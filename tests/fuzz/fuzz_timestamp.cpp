// What is read is written back as text that reads as the same instant and is written the same again.

#include "common/timestamp.h"
#include "property.h"

#include <cstring>

using namespace webmacs;

namespace {

void check_text(std::string_view text) {
  const auto time = parse_timestamp(text);
  if (!time) return;
  WEBMACS_PROPERTY(valid_timestamp(*time));
  const std::string written = format_timestamp(*time);
  WEBMACS_PROPERTY(written.size() == 24 || written.size() == 27);
  WEBMACS_PROPERTY(parse_timestamp(written) == time);
  WEBMACS_PROPERTY(text.size() >= 20 && text.size() <= 35);
}

void check_instant(std::int64_t microseconds) {
  const Timestamp time = from_microseconds(microseconds);
  const std::string written = format_timestamp(time);
  const auto read = parse_timestamp(written);
  WEBMACS_PROPERTY(read.has_value() == valid_timestamp(time));
  if (read) WEBMACS_PROPERTY(*read == time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_text({reinterpret_cast<const char*>(data), size});
  std::int64_t microseconds = 0;
  if (size >= sizeof microseconds) {
    std::memcpy(&microseconds, data, sizeof microseconds);
    check_instant(microseconds);
    check_instant(static_cast<std::int64_t>(static_cast<std::uint64_t>(microseconds) % 7'258'118'400'000'000));
  }
  return 0;
}
