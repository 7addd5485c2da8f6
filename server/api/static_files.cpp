#include "server/api/static_files.h"

#include "common/log.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace webmacs {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_file_bytes = 8 * 1024 * 1024;

// Only these are served: a folder may hold sources and notes beside them.
const std::map<std::string, std::string> content_types = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
};

// Scripts and connections of this host only: a page that is tricked has nobody to talk to.
constexpr const char* content_security_policy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

// What lies there has its content's hash in its name.
constexpr const char* hashed_folder = "/assets/";

}  // namespace

StaticFiles::StaticFiles(const std::string& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto type = content_types.find(entry.path().extension().string());
      if (!entry.is_regular_file() || type == content_types.end() || entry.file_size() > most_file_bytes) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      files_["/" + fs::relative(entry.path(), folder).generic_string()] = {std::move(content), type->second};
    }
  } catch (const fs::filesystem_error& error) {
    log_warning("the dashboard cannot be read from {}: {}; everything else works", folder, error.code().message());
  }
  if (files_.count("/index.html") == 0) log_warning("no dashboard in {}: / answers 404", folder);
}

std::optional<HttpResponse> StaticFiles::find(const std::string& path) const {
  const auto found = files_.find(path == "/" ? "/index.html" : path);
  if (found == files_.end()) return std::nullopt;
  HttpResponse response;
  response.body = found->second.content;
  response.content_type = found->second.type;
  const bool hashed = path.rfind(hashed_folder, 0) == 0;
  response.headers = {{"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"Content-Security-Policy", content_security_policy},
                      {"Referrer-Policy", "no-referrer"}};
  return response;
}

}  // namespace webmacs
