#pragma once
// Where a store is, as `[store] url` names it (configuration contract, "Server file"). The only place that knows the
// schemes. Pure functions, any thread.

#include <string>
#include <string_view>
#include <variant>

namespace webmacs {

struct SqliteUrl {
  std::string path;  // "./" in front of a relative one: SQLite gives names like ":memory:" a meaning of their own
};
struct PostgresUrl {
  std::string url;  // all that libpq takes
};
using StoreUrl = std::variant<SqliteUrl, PostgresUrl>;

// Returns what "sqlite:///absolute/path", "sqlite://relative/path" or "postgresql://user@host/database" names. Throws
// StoreError when it names no store; its text never holds the url, which may hold a password.
StoreUrl parse_store_url(std::string_view url);

// Returns the url without the password that it may hold: for logs and messages.
std::string without_password(const std::string& url);

}  // namespace webmacs
