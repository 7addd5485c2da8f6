#include "server/store/store_url.h"

#include "server/store/store_error.h"

namespace webmacs {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite://";
constexpr std::string_view allowed =
    "allowed: sqlite:///absolute/path, sqlite://relative/path, postgresql://user@host/database";

}  // namespace

StoreUrl parse_store_url(std::string_view url) {
  if (url.starts_with(sqlite_scheme)) {
    const std::string path(url.substr(sqlite_scheme.size()));
    if (path.empty()) throw StoreError("store url sqlite:// names no file (allowed: sqlite:///absolute/path)");
    return SqliteUrl{path.front() == '/' ? path : "./" + path};
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return PostgresUrl{std::string(url)};
  const std::size_t end = url.find("://");
  const std::string scheme = end == std::string_view::npos ? "without a scheme" : std::string(url.substr(0, end + 3));
  throw StoreError("store url " + scheme + " is unknown (" + std::string(allowed) + ")");
}

std::string without_password(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos || url.starts_with(sqlite_scheme)) return url;
  std::string shown = url;
  const std::size_t query = shown.find('?');
  if (query != std::string::npos) shown.erase(query);  // it may hold one, too
  const std::size_t at = shown.rfind('@');
  const std::size_t colon = shown.find(':', scheme + 3);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  return shown;
}

}  // namespace webmacs
