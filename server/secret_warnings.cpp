#include "server/secret_warnings.h"

#include "common/secret_file.h"
#include "server/store/store_url.h"

#include <algorithm>

namespace webmacs {
namespace {

// "postgresql://user:password@host/db" or "…?password=…".
bool holds_password(const std::string& url) {
  const std::size_t query = std::min(url.find('?'), url.size());
  return without_password(url) != url.substr(0, query) || url.find("password=", query) != std::string::npos;
}

}  // namespace

std::vector<std::string> secret_warnings(const ServerSettings& settings) {
  std::vector<std::string> warnings;
  const auto look = [&warnings](const std::string& what, const std::string& file) {
    auto warning = file.empty() ? std::string() : readable_by_all(what, file);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  };
  look("private key file", settings.live.private_key_file);
  look("the store's password_file", settings.start.store_password_file);
  if (holds_password(settings.start.store_url)) {
    look("the store's url with its password in", settings.file);
  }
  return warnings;
}

}  // namespace webmacs
