#include "common/timestamp.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace webmacs {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr Timestamp end_of_time = sys_days(2200y / std::chrono::January / 1);

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads from the front of a text; after a failure every later read fails too.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::int64_t digits(std::size_t count) {
    if (rest_.size() < count) failed_ = true;
    std::int64_t value = 0;
    for (std::size_t i = 0; !failed_ && i < count; ++i) {
      if (!is_digit(rest_[i])) failed_ = true;
      value = value * 10 + (rest_[i] - '0');
    }
    if (!failed_) rest_.remove_prefix(count);
    return failed_ ? 0 : value;
  }

  char any_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) failed_ = true;
    if (failed_) return '\0';
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  // ".123": 1-9 digits, cut to the microsecond; 0 when there is no fraction.
  std::int64_t fraction() {
    if (failed_ || rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    std::size_t count = 0;
    std::int64_t microseconds = 0;
    for (; count < rest_.size() && is_digit(rest_[count]); ++count) {
      if (count < 6) microseconds = microseconds * 10 + (rest_[count] - '0');
    }
    if (count < 1 || count > 9) failed_ = true;
    for (std::size_t i = count; i < 6; ++i) microseconds *= 10;
    rest_.remove_prefix(count);
    return microseconds;
  }

  bool ok() const { return !failed_; }
  bool ended() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// Writes `value` with leading zeros into `width` characters that end at `end`.
void put_digits(char* end, std::int64_t value, int width) {
  for (int i = 0; i < width; ++i, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

}  // namespace

Timestamp utc_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

bool valid_timestamp(Timestamp time) {
  return time >= Timestamp() && time < end_of_time;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Reader reader(text);
  const std::chrono::year year(static_cast<int>(reader.digits(4)));
  reader.any_of("-");
  const std::chrono::month month(static_cast<unsigned>(reader.digits(2)));
  reader.any_of("-");
  const std::chrono::day day(static_cast<unsigned>(reader.digits(2)));
  reader.any_of("Tt");
  const std::chrono::hours hour(reader.digits(2));
  reader.any_of(":");
  const std::chrono::minutes minute(reader.digits(2));
  reader.any_of(":");
  const std::chrono::seconds second(reader.digits(2));
  const std::chrono::microseconds fraction(reader.fraction());
  const char zone = reader.any_of("Zz+-");
  std::chrono::minutes offset(0);  // east of UTC
  if (zone == '+' || zone == '-') {
    const std::chrono::hours offset_hour(reader.digits(2));
    reader.any_of(":");
    const std::chrono::minutes offset_minute(reader.digits(2));
    if (offset_hour > 23h || offset_minute > 59min) return std::nullopt;
    offset = zone == '-' ? -(offset_hour + offset_minute) : offset_hour + offset_minute;
  }
  if (!reader.ended()) return std::nullopt;
  const year_month_day date(year, month, day);
  if (!date.ok() || hour > 23h || minute > 59min || second > 60s) return std::nullopt;

  const std::chrono::sys_seconds whole = sys_days(date) + hour + minute + second - offset;
  // A leap second is the last of a UTC day, whatever the offset; as a count it is the next day's first second.
  if (second == 60s && whole != std::chrono::floor<days>(whole)) return std::nullopt;
  const Timestamp time = whole + fraction;
  if (!valid_timestamp(time)) return std::nullopt;
  return time;
}

void append_timestamp(std::string& out, Timestamp time) {
  // Only years of four digits can be written; whatever lies outside is shown as the nearest that can.
  constexpr Timestamp first = sys_days(0y / std::chrono::January / 1);
  constexpr Timestamp last = sys_days(10000y / std::chrono::January / 1) - 1us;
  time = std::clamp(time, first, last);
  const sys_days day = std::chrono::floor<days>(time);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss of_day(time - day);
  const std::int64_t microsecond = of_day.subseconds().count();
  const bool milliseconds_suffice = microsecond % 1000 == 0;

  char text[] = "0000-00-00T00:00:00.000000Z";
  put_digits(text + 4, static_cast<int>(date.year()), 4);
  put_digits(text + 7, static_cast<unsigned>(date.month()), 2);
  put_digits(text + 10, static_cast<unsigned>(date.day()), 2);
  put_digits(text + 13, of_day.hours().count(), 2);
  put_digits(text + 16, of_day.minutes().count(), 2);
  put_digits(text + 19, of_day.seconds().count(), 2);
  put_digits(text + 26, microsecond, 6);
  if (milliseconds_suffice) text[23] = 'Z';
  out.append(text, milliseconds_suffice ? 24 : 27);
}

std::string format_timestamp(Timestamp time) {
  std::string out;
  append_timestamp(out, time);
  return out;
}

}  // namespace webmacs
