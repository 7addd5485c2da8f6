#include "server/store/store.h"

#include "common/timestamp.h"
#include "server/store/postgres_store.h"
#include "server/store/sqlite_store.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

namespace webmacs {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite://";
constexpr std::string_view postgresql_scheme = "postgresql://";
constexpr std::string_view postgres_scheme = "postgres://";  // libpq takes both
constexpr std::string_view id_prefix = "dp_";
constexpr int base = 36;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

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

std::string password_in(const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file);
  std::string password;
  if (!in) throw StoreError("the store's password_file " + file + " cannot be read: " + std::strerror(errno));
  std::getline(in, password);
  return password;
}

}  // namespace

std::string without_password(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos || starts_with(url, sqlite_scheme)) return url;
  std::string shown = url;
  const std::size_t query = shown.find('?');
  if (query != std::string::npos) shown.erase(query);  // it may hold one, too
  const std::size_t at = shown.rfind('@');
  const std::size_t colon = shown.find(':', scheme + 3);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  return shown;
}

std::unique_ptr<Store> open_store(const std::string& url, const std::string& password_file) {
  if (starts_with(url, sqlite_scheme)) {
    const std::string path = url.substr(sqlite_scheme.size());
    if (path.empty()) throw StoreError("store url sqlite:// names no file (allowed: sqlite:///absolute/path)");
    // "./" keeps SQLite from giving names like ":memory:" a meaning of their own.
    return std::make_unique<SqliteStore>(path.front() == '/' ? path : "./" + path);
  }
  if (starts_with(url, postgresql_scheme) || starts_with(url, postgres_scheme)) {
    return std::make_unique<PostgresStore>(url, password_in(password_file));
  }
  // The rest of the url stays unsaid: it may hold a password.
  const std::size_t end = url.find("://");
  const std::string scheme = end == std::string::npos ? std::string("without a scheme") : url.substr(0, end + 3);
  throw StoreError("store url " + scheme + " is unknown (allowed: sqlite:///absolute/path, sqlite://relative/path, " +
                   "postgresql://user@host/database)");
}

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
  if (!starts_with(public_id, id_prefix)) return std::nullopt;
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
