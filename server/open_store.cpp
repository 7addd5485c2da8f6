#include "server/open_store.h"

#include "server/store/postgres/postgres_store.h"
#include "server/store/sqlite/sqlite_store.h"
#include "server/store/store_url.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace webmacs {

std::string store_password(const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file);
  std::string password;
  if (!in) throw StoreError("the store's password_file " + file + " cannot be read: " + std::strerror(errno));
  std::getline(in, password);
  return password;
}

std::unique_ptr<Store> open_store(const std::string& url, const std::string& password_file,
                                  std::shared_ptr<StoreDamage> damage) {
  const StoreUrl where = parse_store_url(url);
  if (const auto* file = std::get_if<SqliteUrl>(&where))
    return std::make_unique<SqliteStore>(file->path, std::move(damage));
  return std::make_unique<PostgresStore>(std::get<PostgresUrl>(where).url, store_password(password_file),
                                         std::move(damage));
}

}  // namespace webmacs
