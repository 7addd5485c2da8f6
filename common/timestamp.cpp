#include "common/timestamp.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace webmacs {
namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t end_of_time_days = 84'006;  // 2200-01-01

// Days since 1970-01-01 in the proleptic Gregorian calendar; years start in March so that a leap day comes last.
constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}
static_assert(days_from_civil(1970, 1, 1) == 0);
static_assert(days_from_civil(2200, 1, 1) == end_of_time_days);

struct Date {
  std::int64_t year, month, day;
};

constexpr Date civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = days / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

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
  const std::int64_t microseconds = to_microseconds(time);
  return microseconds >= 0 && microseconds < end_of_time_days * seconds_per_day * microseconds_per_second;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Reader reader(text);
  const std::int64_t year = reader.digits(4);
  reader.any_of("-");
  const std::int64_t month = reader.digits(2);
  reader.any_of("-");
  const std::int64_t day = reader.digits(2);
  reader.any_of("Tt");
  const std::int64_t hour = reader.digits(2);
  reader.any_of(":");
  const std::int64_t minute = reader.digits(2);
  reader.any_of(":");
  const std::int64_t second = reader.digits(2);
  const std::int64_t microsecond = reader.fraction();
  const char zone = reader.any_of("Zz+-");
  std::int64_t offset = 0;  // seconds east of UTC
  if (zone == '+' || zone == '-') {
    const std::int64_t offset_hour = reader.digits(2);
    reader.any_of(":");
    const std::int64_t offset_minute = reader.digits(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset = (offset_hour * 60 + offset_minute) * 60 * (zone == '-' ? -1 : 1);
  }
  if (!reader.ended()) return std::nullopt;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const std::int64_t seconds =
      days_from_civil(year, month, day) * seconds_per_day + hour * 3600 + minute * 60 + second - offset;
  // A leap second is the last of a UTC day, whatever the offset; as a count it is the next day's first second.
  if (second == 60 && seconds % seconds_per_day != 0) return std::nullopt;
  const Timestamp time = from_microseconds(seconds * microseconds_per_second + microsecond);
  if (!valid_timestamp(time)) return std::nullopt;
  return time;
}

void append_timestamp(std::string& out, Timestamp time) {
  // Only years of four digits can be written; whatever lies outside is shown as the nearest that can.
  constexpr std::int64_t first = days_from_civil(0, 3, 1) * seconds_per_day * microseconds_per_second;
  constexpr std::int64_t last = days_from_civil(10'000, 1, 1) * seconds_per_day * microseconds_per_second - 1;
  constexpr std::int64_t microseconds_per_day = seconds_per_day * microseconds_per_second;
  const std::int64_t since_first = std::clamp(to_microseconds(time), first, last) - first;
  const Date date = civil_from_days(since_first / microseconds_per_day + first / microseconds_per_day);
  const std::int64_t of_day = since_first % microseconds_per_day;
  const std::int64_t second_of_day = of_day / microseconds_per_second;
  const std::int64_t microsecond = of_day % microseconds_per_second;
  const bool milliseconds_suffice = microsecond % 1000 == 0;

  char text[] = "0000-00-00T00:00:00.000000Z";
  put_digits(text + 4, date.year, 4);
  put_digits(text + 7, date.month, 2);
  put_digits(text + 10, date.day, 2);
  put_digits(text + 13, second_of_day / 3600, 2);
  put_digits(text + 16, second_of_day / 60 % 60, 2);
  put_digits(text + 19, second_of_day % 60, 2);
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
